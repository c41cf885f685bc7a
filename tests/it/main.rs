//! All integration tests in one binary: linking the SDK once is enough.
#![allow(clippy::unwrap_used, missing_docs, reason = "a test that fails may panic")]

mod any_input;
mod approvals;
mod commands;
mod convergence;
mod env;
mod oddities;
mod processes;
mod services;
mod smoke;
mod walls;
