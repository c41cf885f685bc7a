//! The reports: on standard output, and in files.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::ValueEnum;

use super::Args;
use crate::cli::app::App;
use crate::cli::error::CommandError;
use crate::report::smoke::{self, Tested};
use crate::run::testing::SuiteResult;

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
    /// A name that does not say what is meant is refused before anything is done.
    pub(super) fn new(args: &Args) -> Result<Self, CommandError> {
        let mut files: Vec<(PathBuf, Writer)> = Vec::new();
        if let Some(path) = &args.junit {
            files.push((path.clone(), smoke::junit));
        }
        for path in &args.report {
            let writer: Writer = match path.extension().and_then(|ending| ending.to_str()) {
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
        Ok(Self(files))
    }

    /// Empties them: what they hold of an earlier run must not be taken for that of this one. A report that cannot be written
    /// is refused before anything is done.
    pub(super) async fn prepare(&self) -> Result<(), CommandError> {
        for (path, _) in &self.0 {
            let written = write(path, String::new()).await;
            written.map_err(|error| CommandError::wrong(cannot_write(path)).because(error))?;
        }
        Ok(())
    }

    /// Writes them all; for people only if the run was `whole`, else an error tells them. Whether as much is covered as was
    /// asked for.
    pub(super) async fn write(
        &self,
        app: &App,
        args: &Args,
        suites: &[SuiteResult],
        took: Duration,
        whole: bool,
    ) -> Result<bool, CommandError> {
        let tested = Tested {
            suites,
            took_ms: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
            threshold: args.coverage_min,
        };
        app.clear();
        match args.format {
            // Standard output has the events.
            _ if app.json_events() => {}
            Format::Text if !whole => {}
            Format::Text => app.ui.out(&smoke::text(&tested, app.ui.out_theme)),
            Format::Github => app.ui.out(&smoke::github::annotations(&tested, &from_root(app))),
            Format::Json => app.ui.out(&smoke::json(&tested)),
        }
        for (path, writer) in &self.0 {
            let written = write(path, writer(&tested)).await;
            written.map_err(|error| CommandError::failed(cannot_write(path)).because(error))?;
        }
        if let (Format::Github, Some(path)) = (args.format, app.env.var("GITHUB_STEP_SUMMARY")) {
            append(Path::new(path), smoke::markdown(&tested)).await?;
        }
        let reaches = |suite: &SuiteResult| match (&suite.coverage, args.coverage_min) {
            (Some(coverage), Some(percent)) => coverage.reaches(percent),
            _ => true,
        };
        Ok(suites.iter().all(reaches))
    }
}

async fn write(path: &Path, text: String) -> std::io::Result<()> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        tokio::fs::create_dir_all(folder).await?;
    }
    tokio::fs::write(path, text).await
}

fn cannot_write(path: &Path) -> String {
    format!("cannot write the report {}", path.display())
}

/// Other steps of the job may have written to its summary before.
async fn append(path: &Path, text: String) -> Result<(), CommandError> {
    let before = match tokio::fs::read_to_string(path).await {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(String::new()),
        read => read,
    };
    match before {
        Ok(before) => {
            let written = write(path, before + &text).await;
            written.map_err(|error| CommandError::failed(cannot_write(path)).because(error))
        }
        Err(error) => Err(CommandError::failed(format!("cannot read the summary {}", path.display())).because(error)),
    }
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
