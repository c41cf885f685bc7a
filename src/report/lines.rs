//! Events as plain lines: for files, pipes and CI.

use std::sync::Mutex;

use super::Writer;
use super::theme::Theme;
use super::words::Words;
use crate::event::{Event, Sink};

/// Which events are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Choice {
    All,
    /// Failures and warnings.
    Trouble,
}

pub(super) struct Lines {
    choice: Choice,
    inner: Mutex<(Words, Writer)>,
}

impl Lines {
    pub(super) fn new(out: Writer, theme: Theme, choice: Choice) -> Self {
        Self {
            choice,
            inner: Mutex::new((Words::new(theme), out)),
        }
    }
}

impl Sink for Lines {
    fn emit(&self, event: Event) {
        let mut inner = self.inner.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let (words, out) = &mut *inner;
        let lines = words.lines(&event);
        if self.choice == Choice::Trouble && !is_trouble(&event) {
            return;
        }
        for line in lines {
            // Whoever closed the pipe does not want to know more; what was asked for goes on.
            let _ = writeln!(out, "{line}");
        }
        let _ = out.flush();
    }
}

fn is_trouble(event: &Event) -> bool {
    matches!(
        event,
        Event::StepFailed { .. } | Event::StepSkipped { .. } | Event::Warning { .. }
    )
}
