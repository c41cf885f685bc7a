//! Events in, words out: a live tree for terminals, plain lines elsewhere, JSON lines for programs.

pub mod snippet;
