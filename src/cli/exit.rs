//! How the process ends. These numbers are a promise to scripts: they are never given another meaning.

use std::process::ExitCode;

/// What an exit code says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Done. Also when there was nothing to change.
    Done = 0,
    /// What was asked for failed: an execution failed, a deploy is incomplete.
    Failed = 1,
    /// The invocation, the stack file or a definition is wrong.
    Wrong = 2,
    /// The cloud refused (credentials, permissions, quota) or could not be reached.
    Refused = 3,
    /// A teardown left something behind.
    LeftBehind = 4,
    /// `plan --detailed-exitcode`: there is something to change.
    Changes = 5,
    /// A bug of stepstack.
    Bug = 70,
    /// Interrupted (Ctrl-C, SIGTERM).
    Interrupted = 130,
}

impl Exit {
    /// The number.
    pub fn code(self) -> u8 {
        self as u8
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_are_frozen() {
        let numbers = [
            Exit::Done,
            Exit::Failed,
            Exit::Wrong,
            Exit::Refused,
            Exit::LeftBehind,
            Exit::Changes,
            Exit::Bug,
            Exit::Interrupted,
        ]
        .map(Exit::code);
        assert_eq!(numbers, [0, 1, 2, 3, 4, 5, 70, 130]);
    }
}
