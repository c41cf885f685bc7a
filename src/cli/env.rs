//! What a command sees of the process it runs in: a snapshot, so that the rest is a function of its arguments.

use std::collections::BTreeMap;
use std::io::IsTerminal;

/// Environment variables, and which streams are terminals.
#[derive(Clone, Debug, Default)]
pub struct Environment {
    /// Variables whose name and value are text.
    pub vars: BTreeMap<String, String>,
    /// Whether standard input is a terminal, so that questions can be asked.
    pub stdin_is_terminal: bool,
    /// Whether standard output is a terminal.
    pub stdout_is_terminal: bool,
    /// Whether standard error is a terminal.
    pub stderr_is_terminal: bool,
}

impl Environment {
    /// That of this process.
    pub fn of_process() -> Self {
        Self {
            vars: std::env::vars_os()
                .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
                .collect(),
            stdin_is_terminal: std::io::stdin().is_terminal(),
            stdout_is_terminal: std::io::stdout().is_terminal(),
            stderr_is_terminal: std::io::stderr().is_terminal(),
        }
    }

    /// A variable; none if it is empty.
    pub(super) fn var(&self, name: &str) -> Option<&str> {
        self.vars
            .get(name)
            .map(String::as_str)
            .filter(|value| !value.is_empty())
    }

    /// Whether the terminal is one that cannot move its cursor.
    pub(super) fn is_dumb(&self) -> bool {
        self.var("TERM").is_none_or(|term| term == "dumb")
    }
}
