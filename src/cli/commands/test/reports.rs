//! The reports: on standard output, and in files.

use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};

use clap::ValueEnum;
use tokio::io::AsyncWriteExt;

use super::Args;
use crate::cli::app::App;
use crate::cli::error::CommandError;
use crate::report::smoke::{self, Tested};

/// What is written to standard output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// For people
    Text,
    /// Annotations that GitHub shows beside the stack files
    Github,
    /// One document
    Json,
}

/// How a report in a file is written.
type Writer = fn(&Tested<'_>) -> String;

/// The files to be written.
pub(super) struct Reports(Vec<(PathBuf, Writer)>);

impl Reports {
    /// Names that do not say what is meant, or that are other files of the user, are refused before anything is touched.
    pub(super) fn new(args: &Args) -> Result<Self, CommandError> {
        let mut files: Vec<(PathBuf, Writer)> = Vec::new();
        if let Some(path) = &args.junit {
            if ending(path) != Some("xml") {
                let message = format!("`{}` is no name of a JUnit report", path.display());
                return Err(CommandError::wrong(message).hint("it ends in .xml: `--junit report.xml`"));
            }
            files.push((path.clone(), smoke::junit));
        }
        for path in &args.report {
            let writer: Writer = match ending(path) {
                Some("xml") => smoke::junit,
                Some("json") => smoke::json,
                Some("md") => smoke::markdown,
                _ => {
                    let message = format!("the name `{}` does not say which form the report has", path.display());
                    return Err(CommandError::wrong(message).hint("it ends in .xml (JUnit), .json or .md"));
                }
            };
            files.push((path.clone(), writer));
        }
        overwrite_reports_only(files.iter().map(|(path, _)| path.as_path()), &args.files)?;
        Ok(Self(files))
    }

    /// Empties them: what they hold of an earlier run must not be taken for that of this one. If one cannot be written, none is
    /// emptied and nothing is done.
    pub(super) async fn prepare(&self) -> Result<(), CommandError> {
        let refused = |path: &Path, error| CommandError::wrong(cannot_write(path)).because(error);
        for (path, _) in &self.0 {
            make_room(path).await.map_err(|error| refused(path, error))?;
        }
        for (path, _) in &self.0 {
            let written = write(path, String::new()).await;
            written.map_err(|error| refused(path, error))?;
        }
        Ok(())
    }

    /// Writes them all, also if one cannot be written; for people only if the run was `whole`, else an error tells them.
    pub(super) async fn write(
        &self,
        app: &App,
        format: Format,
        tested: &Tested<'_>,
        whole: bool,
    ) -> Result<(), CommandError> {
        app.clear();
        match format {
            // Standard output has the events.
            _ if app.json_events() => {}
            Format::Text if !whole => {}
            Format::Text => app.ui.out(&smoke::text(tested, app.ui.out_theme)),
            Format::Github => app.ui.out(&smoke::github::annotations(tested, &from_root(app))),
            Format::Json => app.ui.out(&smoke::json(tested)),
        }
        let mut missing = Vec::new();
        for (path, writer) in &self.0 {
            if let Err(error) = write(path, writer(tested)).await {
                missing.push(CommandError::failed(cannot_write(path)).because(error));
            }
        }
        if let (Format::Github, Some(path)) = (format, app.env.var("GITHUB_STEP_SUMMARY")) {
            missing.extend(append(Path::new(path), smoke::markdown(tested)).await.err());
        }
        as_one(missing)
    }
}

fn as_one(mut missing: Vec<CommandError>) -> Result<(), CommandError> {
    if missing.len() > 1 {
        let lines: Vec<String> = missing.iter().map(CommandError::in_one_line).collect();
        return Err(CommandError::failed(lines.join("; ")));
    }
    missing.pop().map_or(Ok(()), Err)
}

fn ending(path: &Path) -> Option<&str> {
    path.extension().and_then(|ending| ending.to_str())
}

/// A pattern of the shell may give more than was thought of: `--report stacks/*.json`.
fn overwrite_reports_only<'a>(reports: impl Iterator<Item = &'a Path>, stacks: &[PathBuf]) -> Result<(), CommandError> {
    let hint = "a report needs a file of its own";
    let stacks: Vec<(PathBuf, &PathBuf)> = stacks.iter().map(|stack| (real(stack), stack)).collect();
    let mut seen = BTreeSet::new();
    for report in reports {
        let is = real(report);
        let shown = report.display();
        if let Some((_, stack)) = stacks.iter().find(|(stack, _)| *stack == is) {
            let message = format!("the report {shown} is also the stack file {}", stack.display());
            return Err(CommandError::wrong(message).hint(hint));
        }
        if holds_something_else(report) {
            let message = format!("{shown} is there and is no report: it would be overwritten");
            return Err(CommandError::wrong(message).hint(format!("{hint}; if nobody needs this one, remove it")));
        }
        if !seen.insert(is) {
            let message = format!("two reports are to be written to {shown}");
            return Err(CommandError::wrong(message).hint(hint));
        }
    }
    Ok(())
}

/// Stacks and definitions may be JSON too.
fn holds_something_else(report: &Path) -> bool {
    let is_ours = |text: &str| {
        let mut members = [r#""version""#, r#""counts""#, r#""tookMs""#].into_iter();
        text.trim().is_empty() || members.all(|member| text.contains(member))
    };
    // A pipe would wait for somebody to write.
    let is_json = ending(report) == Some("json") && report.is_file();
    is_json && std::fs::read_to_string(report).is_ok_and(|text| !is_ours(&text))
}

/// The file that a path leads to, also if it is not there yet: without links and detours.
pub(super) fn real(path: &Path) -> PathBuf {
    let mut real = std::env::current_dir().unwrap_or_default();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                real.pop();
            }
            part => real.push(part),
        }
        if let Ok(there) = std::fs::canonicalize(&real) {
            real = there;
        }
    }
    real
}

/// Makes sure that a file can be written, and leaves what is in it.
async fn make_room(path: &Path) -> std::io::Result<()> {
    make_folder(path).await?;
    let mut options = tokio::fs::OpenOptions::new();
    options.append(true).create(true).open(path).await.map(drop)
}

async fn write(path: &Path, text: String) -> std::io::Result<()> {
    make_folder(path).await?;
    tokio::fs::write(path, text).await
}

async fn make_folder(path: &Path) -> std::io::Result<()> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        tokio::fs::create_dir_all(folder).await?;
    }
    Ok(())
}

fn cannot_write(path: &Path) -> String {
    format!("cannot write the report {}", path.display())
}

/// Other steps of the job may have written to its summary before.
async fn append(path: &Path, text: String) -> Result<(), CommandError> {
    let mut options = tokio::fs::OpenOptions::new();
    let written = async {
        let mut file = options.append(true).create(true).open(path).await?;
        file.write_all(text.as_bytes()).await?;
        file.flush().await
    };
    written
        .await
        .map_err(|error| CommandError::failed(cannot_write(path)).because(error))
}

/// The way from the root of the repository to the working directory, where GitHub says what the root is.
fn from_root(app: &App) -> PathBuf {
    let root = app.env.var("GITHUB_WORKSPACE").map(PathBuf::from);
    let here = std::env::current_dir().ok();
    match (root, here) {
        (Some(root), Some(here)) => here.strip_prefix(&root).map(Path::to_owned).unwrap_or_default(),
        _ => PathBuf::new(),
    }
}
