//! All integration tests in one binary: linking the SDK once is enough.
#![allow(clippy::unwrap_used, missing_docs, reason = "a test that fails may panic")]

mod any_input;
mod approvals;
mod commands;
mod convergence;
mod emulators;
mod env;
mod features;
mod leftovers;
mod mocks;
mod oddities;
mod processes;
mod reports;
mod services;
mod smoke;
mod terminal;
mod walls;
mod wrong_expectations;
