//! `validate`: every mistake of stack files and what they name, without a cloud.

use std::path::PathBuf;

use serde_json::{Value, json};

use crate::cli::app::App;
use crate::cli::args::{StackArgs, parse_set};
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::findings::{counted, to_json};
use crate::diagnostic::{Diagnostic, has_errors};
use crate::report::text::{escape, pretty_json};

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  stepstack validate stacks/*.yaml\n  stepstack validate stack.yaml --target aws --json"
)]
pub(in crate::cli) struct Args {
    /// Stack files
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// Set a parameter of the stack files
    #[arg(long, value_name = "KEY=VALUE", value_parser = parse_set)]
    set: Vec<(String, String)>,
}

pub(super) fn run(app: &App, args: &Args) -> Result<Exit, CommandError> {
    let mut valid = true;
    let mut documents: Vec<Value> = Vec::new();
    for file in &args.files {
        let checked = app.check(&StackArgs {
            file: file.clone(),
            set: args.set.clone(),
        })?;
        let is_valid = checked.stack.is_some() && !has_errors(&checked.findings);
        valid &= is_valid;
        let name = file.to_string_lossy();
        if app.ui.json {
            documents.push(document(&name, is_valid, &checked.findings));
            continue;
        }
        if !is_valid || !app.ui.quiet {
            app.print_findings(&checked.findings);
        }
        say_verdict(app, &name, is_valid, &checked.findings);
    }
    if app.ui.json {
        app.ui.out(&pretty_json(&json!({ "valid": valid, "files": documents })));
    }
    Ok(if valid { Exit::Done } else { Exit::Wrong })
}

fn say_verdict(app: &App, file: &str, is_valid: bool, findings: &[Diagnostic]) {
    let file = escape(file);
    match (is_valid, findings.is_empty()) {
        (true, true) => app.ui.say(&format!("{file} is valid")),
        (true, false) => app.ui.say(&format!("{file} is valid, with {}", counted(findings))),
        (false, _) => app.ui.err(&format!("{file} is not valid")),
    }
}

fn document(file: &str, is_valid: bool, findings: &[Diagnostic]) -> Value {
    json!({
        "file": file,
        "valid": is_valid,
        "findings": findings.iter().map(to_json).collect::<Vec<_>>(),
    })
}
