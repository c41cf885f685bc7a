//! stepstack puts an AWS Step Functions stack anywhere: an embedded AWS on this machine (the default), LocalStack or any other
//! endpoint, or an AWS account. Same stack file, same code path, same SDK calls; only the connector differs.
//!
//! # The picture
//!
//! ```text
//! stack.yaml + *.asl.json + lambdas/          the user's files
//!       │ load, validate (all problems at once, each with file:line:column and a caret)
//!       ▼
//!    Stack ──────────────┐
//!                        ▼
//!  observe (read-only) → plan (pure) → Plan ── shown by `plan`, executed by `deploy`, `teardown`
//!                                       │ apply: SDK clients, parallel along the dependencies
//!                                       ▼
//!         AWS account │ LocalStack │ local cloud (in process, or served on 127.0.0.1:4566)
//!                                       │ start, follow (history events); test: judge what the histories say
//!                                       ▼
//!                      report: live tree · plain lines · JSON events · reports of tests
//! ```
//!
//! # The rooms, and who may know whom
//!
//! | module | what it is | may use |
//! |---|---|---|
//! | [`diagnostic`] | findings about the user's files; pure | – |
//! | [`event`] | what happens while applying and running | – |
//! | [`expr`] | paths, payload templates, intrinsic functions, JSONata; pure | – |
//! | [`tree`] | one spanned tree for JSON and YAML; pure | diagnostic |
//! | [`mock`] | what mocked states answer, in our form and in that of AWS Step Functions Local; pure | – |
//! | [`asl`] | the States Language: model, parser, checks, substitution; pure | diagnostic, tree, expr |
//! | [`stack`] | the stack file; its loader is the only reader of the user's files here | diagnostic, tree, asl, expr, mock |
//! | [`plan`] | desired + observed → [`plan::Plan`]; deploy and teardown are two modes of one planner; pure | diagnostic, tree, asl, stack, mock |
//! | [`cloud`] | the only user of the SDK: observe, apply, wait, package | plan, stack, event |
//! | [`run`] | starts and follows executions, runs test cases | cloud, stack, event, asl, expr, tree, diagnostic, mock, plan |
//! | [`report`] | events and findings → words | event, diagnostic, plan, run |
//! | `engine` | the interpreter, sans-IO: inputs in, effects out; pure | diagnostic, asl, expr |
//! | `local` | the embedded AWS: one door, services, function processes, store, engine driver | engine, asl, expr, tree, diagnostic, mock |
//! | [`cli`] | clap, one file per command; the only place that prints and that picks exit codes | all; nothing uses it |
//!
//! `tests/it/walls.rs` reads the `use crate::` lines and holds this table. `local` and `engine` are the cargo feature `local`, on by
//! default; a build without it only deploys to real endpoints.
//!
//! # What must always hold
//!
//! 1. A plan made after its own apply is empty.
//! 2. Failing or dying at any API call, then deploying again, ends in the same place; a teardown then leaves nothing.
//! 3. Nothing without the ownership tag ([`plan::OWNER_TAG`]) of the stack is ever changed or deleted.
//! 4. Replaying the journal of an execution gives the same history, byte for byte.
//! 5. No file, request or function output makes the process panic.
//! 6. The local cloud opens no connection to another machine and listens on loopback unless told otherwise.
//! 7. Environment values and task tokens are not printed in plans and progress.
//!
//! # What is deliberately absent
//!
//! - A state file. Names are deterministic and every resource carries the tag, so reality is read each time.
//! - A second engine for dry runs: `plan` shows the value that `deploy` executes.
//! - Locks in the cloud. Two deploys of one stack at once both converge; AWS's own conflicts are retried.
//!
//! # Glossary
//!
//! *Logical id*: a key in the stack file. *Physical name*: the name in AWS, `<stack>-<LogicalId>` unless given. *Relinking*: a function ARN of a
//! foreign account in a definition is pointed at the stack's own function of that name. *Door*: the one function through which
//! requests reach the local cloud. *Journal*: the inputs an execution was fed; with its start they determine its history.
//! *Owner*: the process that holds the local cloud's folder; others talk to it over its socket.
//!
//! *Case*: an entry of `tests:`, one execution and what is expected of it. *Suite*: the cases of one stack file, run on a stack of their own.
//! *Test run*: that stack, deployed beside the real one under a suffixed name, tagged so that a later run finds what a killed one left.
//! *Mock*: what an invocation of a Task state gets instead of the task being done. *Rehearsal*: an execution with mocks or virtual time.
//! *Virtual time*: the clock of an execution leaps to its next timer whenever nothing really runs. *Record*: what a history says of an
//! execution, as visits of states; cases are judged by it. *Coverage*: the states and transitions that the records of a suite went through.

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
pub mod mock;
pub mod plan;
pub mod report;
pub mod run;
pub mod stack;
pub mod tree;
