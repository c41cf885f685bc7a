//! The virtual time of a map run. Its child executions have clocks of their own: those that may run at once begin together,
//! those that had to wait for others begin when the last of these has ended, and the map run ends with the last of all.

use crate::engine::Millis;

/// How far the child executions have come.
#[derive(Clone, Copy, Debug)]
pub(super) struct MapTime {
    begun: Millis,
    last_end: Millis,
}

impl MapTime {
    /// Of a map run that begins, or is taken up when the last of its children ended so.
    pub(super) fn new(begun: Millis, last_end: Option<Millis>) -> Self {
        let last_end = last_end.unwrap_or(begun).max(begun);
        Self { begun, last_end }
    }

    /// A child execution has ended.
    pub(super) fn child_ended(&mut self, at: Millis) {
        self.last_end = self.last_end.max(at);
    }

    /// When the next child begins, after so many others, of which so many may run at once (0: any number).
    pub(super) fn next_child(self, begun: usize, at_once: u64) -> Millis {
        if at_once > 0 && begun as u64 >= at_once {
            self.last_end
        } else {
            self.begun
        }
    }

    /// When everything that has ended so far had ended.
    pub(super) fn end(self) -> Millis {
        self.last_end
    }
}
