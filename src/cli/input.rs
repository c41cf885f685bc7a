//! The input of an execution: on the command line, in a file, or from standard input.

use std::fs::File;
use std::io::{self, Read};

use serde_json::Value;

use super::app::App;
use super::error::CommandError;
use crate::diagnostic::{Diagnostic, SourceFile, Span};

/// More than any input may have: an execution takes 256 KiB
/// ([quotas](https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html)).
const TOO_LARGE: u64 = 1024 * 1024;

/// An input: the text as it was given, and what it says.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Input {
    pub(super) text: String,
    pub(super) value: Value,
}

impl Input {
    pub(super) fn of_value(value: Value) -> Self {
        Self {
            text: value.to_string(),
            value,
        }
    }
}

impl App {
    /// Reads the value of `--input`: JSON, `@file`, or `-` for standard input.
    pub(super) async fn read_input(&self, argument: &str) -> Result<Input, CommandError> {
        self.read_json("input", argument).await
    }

    /// Reads the value of an option that takes JSON, `@file`, or `-` for standard input.
    pub(super) async fn read_json(&self, option: &str, argument: &str) -> Result<Input, CommandError> {
        let (name, text) = match argument.strip_prefix('@') {
            Some(file) => {
                let path = file.to_owned();
                let text = read(format!("the {option} `{file}`"), move || limited(File::open(path)?)).await?;
                (file.to_owned(), text)
            }
            None if argument == "-" => {
                let text = read(format!("the {option} from standard input"), || limited(io::stdin())).await?;
                ("standard input".to_owned(), text)
            }
            None => (format!("--{option}"), argument.to_owned()),
        };
        parse(option, &name, &text).map_err(|finding| {
            match self.show(&format!("the {option}"), &[*finding]) {
                Err(error) => error,
                // It has an error, so that this does not happen.
                Ok(()) => CommandError::wrong(format!("the {option} is not JSON")),
            }
        })
    }
}

/// Reads on a thread of its own: a pipe may keep it waiting, and Ctrl-C must not.
async fn read(
    what: String,
    read: impl FnOnce() -> io::Result<String> + Send + 'static,
) -> Result<String, CommandError> {
    match tokio::task::spawn_blocking(read).await {
        Ok(Ok(text)) => Ok(text),
        Ok(Err(error)) => Err(CommandError::wrong(format!("cannot read {what}")).because(error)),
        Err(error) => Err(CommandError::failed(format!("reading {what} broke off")).because(error)),
    }
}

fn limited(source: impl Read) -> io::Result<String> {
    let mut text = String::new();
    source.take(TOO_LARGE + 1).read_to_string(&mut text)?;
    if text.len() as u64 > TOO_LARGE {
        return Err(io::Error::new(
            io::ErrorKind::FileTooLarge,
            "it is larger than 1 MiB, and an execution takes no more than 256 KiB",
        ));
    }
    Ok(text)
}

fn parse(option: &str, name: &str, text: &str) -> Result<Input, Box<Diagnostic>> {
    match serde_json::from_str(text) {
        Ok(value) => Ok(Input {
            text: text.to_owned(),
            value,
        }),
        Err(error) => {
            let start = offset(text, error.line(), error.column());
            let end = text[start..].chars().next().map_or(start, |c| start + c.len_utf8());
            let span = Span {
                file: SourceFile::new(name, text),
                range: start..end,
            };
            let message = error.to_string();
            let reason = message.split(" at line ").next().unwrap_or(&message);
            let finding = Diagnostic::error("input-not-json", format!("the {option} is not JSON: {reason}"));
            Err(Box::new(finding.at(Some(&span))))
        }
    }
}

/// The byte that serde_json means by a line and a column, both counted from 1, columns in bytes.
fn offset(text: &str, line: usize, column: usize) -> usize {
    let line_start: usize = text
        .split_inclusive('\n')
        .take(line.saturating_sub(1))
        .map(str::len)
        .sum();
    let wanted = (line_start + column.saturating_sub(1)).min(text.len());
    (0..=wanted).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_text_is_sent_as_it_was_given() {
        let text = "{\"big\": 12345678901234567890123,\n \"x\": 1.0}";
        let input = parse("input", "--input", text).unwrap();
        assert_eq!(input.text, text);
        assert_eq!(input.value["x"], json!(1.0));
    }

    #[test]
    fn mistakes_are_pointed_at() {
        for (text, line, column) in [
            ("{\"a\": nope}", 1, 8),
            ("{\n  \"a\": 1,\n}", 3, 1),
            ("", 1, 1),
            ("{\"ä\": 1 2}", 1, 9),
            ("{\"a\": ", 1, 6),
        ] {
            let finding = parse("input", "--input", text).unwrap_err();
            let span = finding.span.clone().unwrap();
            assert_eq!(
                span.file.line_column(span.range.start),
                (line, column),
                "{text}: {finding:?}"
            );
            assert!(!finding.message.contains("line"), "{}", finding.message);
        }
    }
}
