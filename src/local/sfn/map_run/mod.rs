//! Map runs: distributed Map states at work, and the API that shows them
//! ([Map Run](https://docs.aws.amazon.com/step-functions/latest/dg/concepts-examine-map-run.html)).

mod api;
mod children;
mod nursery;
mod rows;
mod runner;
mod time;
mod transfer;

pub(super) use children::MapRuns;
pub(super) use rows::{Stored, append, of_id};
pub(super) use runner::{News, Waiting, spawn};
pub(super) use transfer::read_items;
