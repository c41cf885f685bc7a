//! A stack file whose cases are to be run.

use std::collections::BTreeMap;
use std::path::Path;

use tokio::sync::watch;

use super::cases::{self, Filter};
use super::flow::Run;
use super::{Args, deployed, early, sink};
use crate::cli::app::App;
use crate::cli::error::CommandError;
use crate::cli::prepare::Ready;
use crate::cli::signals;
use crate::cloud::Cloud;
use crate::event::Event;
use crate::run::testing::{Place, SuiteResult};
use crate::stack::cases::Case;
use crate::stack::model::Stack;

/// A stack file and the cases that are chosen of it.
pub(super) struct Suite<'a> {
    pub(super) app: &'a App,
    pub(super) args: &'a Args,
    pub(super) file: &'a Path,
    pub(super) ready: Ready,
    pub(super) cases: Vec<Case>,
}

/// What came of a suite.
pub(super) struct Ran {
    pub(super) result: SuiteResult,
    /// Whether the cloud refused to do what the cases need.
    pub(super) refused: bool,
    /// Whether something stands that should not.
    pub(super) left: bool,
}

impl<'a> Suite<'a> {
    pub(super) fn new(app: &'a App, args: &'a Args, file: &'a Path, ready: Ready, filter: Option<&Filter>) -> Self {
        let cases = cases::of(&ready.stack, filter);
        if cases.is_empty() && filter.is_none() {
            let message = format!(
                "{} has neither `tests` nor `start`: there is nothing to run",
                file.display()
            );
            app.emit(Event::Warning { message });
        }
        Self {
            app,
            args,
            file,
            ready,
            cases,
        }
    }

    pub(super) fn stack(&self) -> &Stack {
        &self.ready.stack
    }

    /// Runs the cases, none of them if they are to be skipped for a reason. What came of them, also if the user did not wait for
    /// the end.
    pub(super) async fn run(
        &self,
        cloud: &Cloud,
        place: Place,
        skip: Option<&str>,
        interruptions: &watch::Receiver<u32>,
    ) -> (Ran, Result<(), CommandError>) {
        let mut stack = if self.args.no_deploy {
            self.stack().clone()
        } else {
            deployed::isolated(self.stack(), &self.cases, self.args)
        };
        stack.tests.clone_from(&self.cases);
        let mut run = Run {
            suite: self,
            sink: sink::of(self.app),
            cloud,
            place,
            interruptions,
            came_in: BTreeMap::new(),
            ran: Ran {
                result: SuiteResult {
                    deployed_as: stack.name.clone(),
                    ..early::empty(self.file, &self.stack().name)
                },
                refused: false,
                left: false,
            },
            stack,
        };
        tokio::select! {
            biased;
            () = run.whole(skip) => return (run.ran, Ok(())),
            () = signals::asked(interruptions, 2) => {}
        }
        let error = self.left_at_once(&run.stack.name).await;
        run.cut_off(&error);
        (run.ran, Err(error))
    }

    /// The user wants no more to be waited for.
    async fn left_at_once(&self, deployed_as: &str) -> CommandError {
        self.app.leave_at_once();
        let error = CommandError::interrupted();
        if self.args.no_deploy {
            return error.hint("executions that were started go on");
        }
        if self.app.is_for_this_command().await {
            return error;
        }
        let next = match self.args.keep {
            true => "",
            false => "; so does the next test run",
        };
        error
            .hint(format!("{deployed_as} stays, as far as it was not removed yet"))
            .hint(format!("`{}` removes it{next}", self.app.teardown_line(deployed_as)))
    }
}
