//! The two streams: what was asked for goes to standard output, what happens on the way to standard error.

use std::io::{self, Write};
use std::sync::Mutex;

use clap::ValueEnum;
use indicatif::ProgressDrawTarget;

use super::env::Environment;
use crate::report::Reporter;
use crate::report::text::escape_lines;
use crate::report::theme::Theme;

/// Why something written to standard output is lost. What is lost is not done, so that the command must not end well.
static LOST: Mutex<Option<io::Error>> = Mutex::new(None);

/// Standard output. What cannot be written is remembered; whoever closed the pipe does not want to know more, which is
/// no error.
struct Output;

impl Output {
    fn remember<T>(result: io::Result<T>) -> io::Result<T> {
        result.map_err(|error| {
            let kind = error.kind();
            if kind != io::ErrorKind::BrokenPipe
                && let Ok(mut lost) = LOST.lock()
            {
                lost.get_or_insert(error);
            }
            kind.into()
        })
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Self::remember(io::stdout().write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        Self::remember(io::stdout().flush())
    }
}

/// Why something written to standard output is lost, if it is.
pub(super) fn lost_output() -> Option<io::Error> {
    LOST.lock().ok().and_then(|mut lost| lost.take())
}

/// When to write colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum ColorChoice {
    /// On a terminal, unless NO_COLOR is set
    #[default]
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// The streams and how they are coloured.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ui {
    pub(super) out_theme: Theme,
    pub(super) err_theme: Theme,
    pub(super) quiet: bool,
    pub(super) json: bool,
}

impl Ui {
    pub(super) fn new(color: ColorChoice, quiet: bool, json: bool, env: &Environment) -> Self {
        let theme = |is_terminal: bool| Theme {
            color: match color {
                ColorChoice::Always => true,
                ColorChoice::Never => false,
                ColorChoice::Auto => is_terminal && env.var("NO_COLOR").is_none() && !env.is_dumb(),
            },
        };
        Self {
            out_theme: theme(env.stdout_is_terminal),
            err_theme: theme(env.stderr_is_terminal),
            quiet,
            json,
        }
    }

    /// The reporter that suits the streams. Commands whose `--json` is one document say nothing else on standard output.
    pub(super) fn reporter(&self, env: &Environment, json_is_one_document: bool) -> Reporter {
        match () {
            () if self.json && !json_is_one_document => Reporter::json(Box::new(Output)),
            () if self.quiet || self.json => Reporter::quiet(Box::new(std::io::stderr()), self.err_theme),
            () if env.stderr_is_terminal && !env.is_dumb() => {
                Reporter::live(ProgressDrawTarget::stderr(), self.err_theme)
            }
            () => Reporter::lines(Box::new(std::io::stderr()), self.err_theme),
        }
    }

    /// Writes data: what the command was asked for.
    pub(super) fn out(self, text: &str) {
        write_to(&mut Output, text);
    }

    /// Writes what people want to know on the way; nothing with `--quiet` or `--json`.
    pub(super) fn say(self, text: &str) {
        if !self.quiet && !self.json {
            self.err(text);
        }
    }

    /// Writes what must be known in any case: findings, questions, errors.
    pub(super) fn err(self, text: &str) {
        write_to(&mut std::io::stderr().lock(), text);
    }
}

/// Writes to standard error where there is no [`Ui`] yet, or any more.
pub(super) fn write_error(text: &str) {
    write_to(&mut std::io::stderr().lock(), &escape_lines(text));
}

/// Writes text and a line break if it has none. Whoever closed the pipe does not want to know more: no error, no panic.
fn write_to(stream: &mut dyn Write, text: &str) {
    let _ = stream.write_all(text.as_bytes());
    if !text.ends_with('\n') {
        let _ = stream.write_all(b"\n");
    }
    let _ = stream.flush();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn when_colours_are_written() {
        for (color, terminal, no_color, term, expected) in [
            (ColorChoice::Auto, true, "", "xterm", true),
            (ColorChoice::Auto, true, "1", "xterm", false),
            (ColorChoice::Auto, true, "", "dumb", false),
            (ColorChoice::Auto, true, "", "", false),
            (ColorChoice::Auto, false, "", "xterm", false),
            (ColorChoice::Always, false, "1", "dumb", true),
            (ColorChoice::Never, true, "", "xterm", false),
        ] {
            let env = Environment {
                vars: [("NO_COLOR", no_color), ("TERM", term)]
                    .map(|(name, value)| (name.to_owned(), value.to_owned()))
                    .into(),
                stderr_is_terminal: terminal,
                ..Environment::default()
            };
            let ui = Ui::new(color, false, false, &env);
            assert_eq!(ui.err_theme.color, expected, "{color:?} {terminal} {no_color} {term}");
        }
    }
}
