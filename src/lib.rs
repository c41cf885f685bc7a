//! stepstack puts AWS Step Functions stacks anywhere.

pub mod asl;
pub mod cli;
pub mod cloud;
pub mod diagnostic;
#[cfg(feature = "local")]
pub mod engine;
pub mod event;
pub mod expr;
#[cfg(feature = "local")]
pub mod local;
pub mod plan;
pub mod report;
pub mod run;
pub mod stack;
pub mod tree;
