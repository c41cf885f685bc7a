//! What each type of state does, one file each.

pub(super) mod choice;
pub(super) mod fail;
pub(super) mod pass;
pub(super) mod succeed;
pub(super) mod task;
pub(super) mod wait;

use crate::asl::model::Transition;

/// The state a transition leads to, none for the end.
fn target(transition: &Transition) -> Option<&str> {
    match transition {
        Transition::Next(next) => Some(next),
        Transition::End => None,
    }
}
