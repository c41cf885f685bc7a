//! The cases of one stack file are run: what older runs left is removed, the stack is deployed, the cases run, the stack is removed.

use std::collections::BTreeMap;
use std::mem;
use std::sync::Arc;
use std::time::Instant;

use tokio::sync::watch;

use super::deployed::{self, Deployed};
use super::literals;
use super::removal::LOOKING;
use super::suite::{Ran, Suite};
use super::told::{DEPLOY, TESTS};
use crate::asl::graph::Graph;
use crate::cloud::Cloud;
use crate::diagnostic::has_errors;
use crate::event::{Event, Sink};
use crate::plan::{self, Desired, Observed};
use crate::run::testing::{CaseResult, Coverage, Job, Machine, Place, Runner, Trouble};
use crate::stack::cases::Case;
use crate::stack::model::Stack;

/// A suite that is being run.
pub(super) struct Run<'a> {
    pub(super) suite: &'a Suite<'a>,
    pub(super) sink: Arc<dyn Sink>,
    pub(super) cloud: &'a Cloud,
    pub(super) place: Place,
    pub(super) interruptions: &'a watch::Receiver<u32>,
    /// Under the name that it has while it is tested.
    pub(super) stack: Stack,
    /// What came of cases while others still run, by their places.
    pub(super) came_in: BTreeMap<usize, CaseResult>,
    pub(super) ran: Ran,
}

impl Run<'_> {
    pub(super) async fn whole(&mut self, skip: Option<&str>) {
        let began = Instant::now();
        let result = &self.ran.result;
        self.sink.emit(Event::SuiteStarted {
            file: self.file(),
            stack: result.stack.clone(),
            deployed_as: result.deployed_as.clone(),
            cases: self.suite.cases.len(),
            suites: self.suite.args.files.len(),
        });
        let mut left = Vec::new();
        match skip {
            Some(why) => self.skip(why),
            // Nothing is deployed for them.
            None if self.all_are_skipped() => {
                self.covers_nothing();
                self.swept_only().await;
            }
            None if self.suite.args.no_deploy => self.on_what_stands().await,
            None => left = self.isolated().await,
        }
        self.finished(left, began);
    }

    /// Whether no case is run here, if so, saying why.
    fn all_are_skipped(&mut self) -> bool {
        let cases = &self.suite.cases;
        let reasons: Option<Vec<String>> = cases.iter().map(|case| self.place.skips(case)).collect();
        let Some(reasons) = reasons else { return false };
        for (case, why) in cases.iter().zip(reasons) {
            self.skip_one(case, &why);
        }
        true
    }

    /// What is not run covers nothing. With a filter, a file may have no case that was asked for: of that one nothing is said.
    fn covers_nothing(&mut self) {
        let args = self.suite.args;
        if args.coverage() && !(self.suite.cases.is_empty() && args.filter.is_some()) {
            self.measure_coverage();
        }
    }

    /// Deploys, runs the cases, and removes what was deployed; what is left of it.
    async fn isolated(&mut self) -> Vec<String> {
        let began = Instant::now();
        let Some((desired, cases)) = self.resolved("it cannot be deployed") else {
            return Vec::new();
        };
        let Some(deploy) = self.planned(&desired).await else {
            return Vec::new();
        };
        let options = self.suite.args.patience.options();
        let deployed = deployed::deploy(self.cloud, &deploy, &options, self.sink.as_ref(), self.interruptions).await;
        self.ran.result.took_ms[0] = millis(began);
        match deployed {
            Deployed::Whole => self.cases(&desired, cases).await,
            Deployed::Interrupted => self.interrupted(),
            Deployed::Incomplete(trouble, refused) => {
                self.ran.refused |= refused;
                self.ran.result.trouble.push(trouble);
                self.skip("the deploy is incomplete");
            }
        }
        if self.suite.args.keep {
            self.say_kept().await;
            return Vec::new();
        }
        self.remove(&desired).await
    }

    /// Makes room, and the plan. None if that failed: then nothing was deployed.
    async fn planned(&mut self, desired: &Desired) -> Option<plan::Plan> {
        let app = self.suite.app;
        if let Err(error) = app.services_are_there(desired) {
            self.trouble(DEPLOY, error, "nothing was deployed");
            return None;
        }
        match self.swept(desired).await {
            Some(Ok(())) => {}
            Some(Err(error)) => {
                self.trouble(LOOKING, error, "nothing was deployed");
                return None;
            }
            None => {
                self.interrupted();
                return None;
            }
        }
        for message in literals::shared(self.suite.stack(), desired) {
            self.sink.emit(Event::Warning { message });
        }
        match plan::deploy(desired, &Observed::default(), false) {
            Ok(plan) => Some(plan),
            Err(findings) => {
                self.wrong(DEPLOY, findings);
                self.skip("it cannot be deployed");
                None
            }
        }
    }

    /// What is to stand, and the cases, with the values of their references. None if something has none: then the cases are
    /// skipped.
    fn resolved(&mut self, why_skipped: &str) -> Option<(Desired, Vec<Case>)> {
        let (cases, found) = plan::cases(&self.stack, self.cloud.identity());
        if has_errors(&found) {
            self.wrong(TESTS, found);
            self.skip("the references of the cases have no values");
            return None;
        }
        let (desired, found) = plan::resolve(&self.stack, &self.suite.ready.packages, self.cloud.identity());
        let Some(desired) = desired else {
            self.wrong(DEPLOY, found);
            self.skip(why_skipped);
            return None;
        };
        Some((desired, cases))
    }

    /// Runs the cases on the stack under its own name.
    async fn on_what_stands(&mut self) {
        let Some((desired, cases)) = self.resolved("its state machines are not known") else {
            return;
        };
        for (id, machine) in &desired.state_machines {
            if !self.suite.cases.iter().any(|case| case.state_machine == *id) {
                continue;
            }
            match self.cloud.deployed_definition(&machine.arn).await {
                Ok(Some(there)) if there != machine.definition => self.suite.app.note(format!(
                    "the stack file has another definition of {} than is deployed: what is deployed is tested",
                    machine.name
                )),
                Ok(Some(_)) => {}
                Ok(None) => {
                    let deploy = self.suite.app.command_line("deploy", Some(self.suite.file));
                    self.ran.result.trouble.push(Trouble {
                        what: DEPLOY.to_owned(),
                        message: format!("the state machine {} is not deployed", machine.name),
                        hints: vec![format!("`{deploy}` deploys it; without `--no-deploy`, the test does")],
                    });
                    return self.skip("it is not deployed");
                }
                Err(error) => {
                    return self.trouble(
                        "looking for what is deployed",
                        error,
                        "it is not known what is deployed",
                    );
                }
            }
        }
        self.cases(&desired, cases).await;
    }

    async fn cases(&mut self, desired: &Desired, cases: Vec<Case>) {
        let began = Instant::now();
        let args = self.suite.args;
        if !self.place.rehearses && cases.iter().any(|case| case.virtual_time && case.mocks.is_none()) {
            let message = format!(
                "{}: `time: virtual` has no effect here, only stepstack's own local cloud can do it: cases wait in real time",
                self.file()
            );
            self.sink.emit(Event::Warning { message });
        }
        let job = |case: Case| {
            let machine = desired.state_machines.get(&case.state_machine).map(|machine| Machine {
                arn: machine.arn.clone(),
                kind: machine.kind,
                definition: machine.definition.clone(),
                graph: Graph::of(&machine.model),
            });
            Job::new(case, machine, self.place)
        };
        let runner = Runner {
            cloud: self.cloud.clone(),
            sink: Arc::clone(&self.sink),
            file: self.file(),
            jobs: args.jobs as usize,
            retries: args.retries,
            fail_fast: args.fail_fast,
            stop: self.interruptions.clone(),
        };
        let jobs = cases.into_iter().map(job).collect();
        runner.run(jobs, &mut self.came_in).await;
        self.ran.result.cases = mem::take(&mut self.came_in).into_values().collect();
        self.ran.result.took_ms[1] = millis(began);
        if args.coverage() {
            self.measure_coverage();
        }
    }

    fn measure_coverage(&mut self) {
        let stack = self.suite.stack();
        let coverage = Coverage::of_stack(stack, &self.ran.result.cases);
        let is_counted = |id: &String| coverage.machines.iter().any(|machine| machine.state_machine == *id);
        for id in stack.state_machines.keys().filter(|id| !is_counted(id)) {
            let message = format!(
                "{}: the coverage of {id} is not known, since executions of Express machines have no history",
                self.file()
            );
            self.sink.emit(Event::Warning { message });
        }
        self.ran.result.coverage = Some(coverage);
    }

    pub(super) fn file(&self) -> String {
        self.suite.file.display().to_string()
    }
}

/// Milliseconds since.
pub(super) fn millis(began: Instant) -> u64 {
    u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX)
}
