//! The cases of one stack file: what older runs left is removed, the stack is deployed, the cases run, the stack is removed.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use tokio::sync::watch;

use super::cases::{self, Filter};
use super::deployed::{self, Deployed};
use super::{Args, literals, sink};
use crate::asl::graph::Graph;
use crate::cli::app::App;
use crate::cli::error::CommandError;
use crate::cli::prepare::Ready;
use crate::cli::signals;
use crate::cloud::{ApplyOptions, Cloud, CloudError, ErrorKind};
use crate::diagnostic::{Severity, has_errors};
use crate::event::{Event, Sink};
use crate::plan::{self, Desired, Kind, Observed};
use crate::run::testing::{CaseResult, Coverage, Job, Machine, Place, Runner, SuiteResult, Trouble, Verdict};
use crate::stack::cases::Case;
use crate::stack::model::Stack;

/// A stack file and the cases that are chosen of it.
pub(super) struct Suite<'a> {
    app: &'a App,
    args: &'a Args,
    file: &'a Path,
    ready: Ready,
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

    pub(super) fn file(&self) -> &Path {
        self.file
    }

    pub(super) fn stack(&self) -> &Stack {
        &self.ready.stack
    }

    /// Runs the cases, none of them if they are to be skipped for a reason.
    pub(super) async fn run(
        &self,
        cloud: &Cloud,
        place: Place,
        skip: Option<&str>,
        interruptions: &watch::Receiver<u32>,
    ) -> Result<Ran, CommandError> {
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
            ran: Ran {
                result: SuiteResult {
                    file: self.file.to_owned(),
                    stack: self.stack().name.clone(),
                    deployed_as: stack.name.clone(),
                    trouble: Vec::new(),
                    findings: Vec::new(),
                    cases: Vec::new(),
                    coverage: None,
                    took_ms: [0; 3],
                },
                refused: false,
                left: false,
            },
            stack,
        };
        tokio::select! {
            biased;
            () = run.whole(skip) => Ok(run.ran),
            () = signals::asked(interruptions, 2) => Err(self.left_at_once(&run.stack.name)),
        }
    }

    /// The user wants no more to be waited for.
    fn left_at_once(&self, deployed_as: &str) -> CommandError {
        self.app.leave_at_once();
        let error = CommandError::interrupted();
        if self.args.no_deploy {
            return error.hint("executions that were started go on");
        }
        error
            .hint(format!("{deployed_as} stays, as far as it was not removed yet"))
            .hint(format!(
                "`{}` removes it; so does the next test run",
                self.app.teardown_line(deployed_as)
            ))
    }
}

/// A suite that is being run.
struct Run<'a> {
    suite: &'a Suite<'a>,
    sink: Arc<dyn Sink>,
    cloud: &'a Cloud,
    place: Place,
    interruptions: &'a watch::Receiver<u32>,
    /// Under the name that it has while it is tested.
    stack: Stack,
    ran: Ran,
}

impl Run<'_> {
    async fn whole(&mut self, skip: Option<&str>) {
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
            None if self.all_are_skipped() => {}
            None if self.suite.args.no_deploy => self.on_what_stands().await,
            None => left = self.isolated().await,
        }
        self.ran.left = !left.is_empty();
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

    /// Deploys, runs the cases, and removes what was deployed; what is left of it.
    async fn isolated(&mut self) -> Vec<String> {
        let began = Instant::now();
        let Some((desired, deploy)) = self.planned().await else {
            return Vec::new();
        };
        let options = self.suite.args.patience.options();
        let deployed = deployed::deploy(self.cloud, &deploy, &options, self.sink.as_ref(), self.interruptions).await;
        self.ran.result.took_ms[0] = millis(began);
        match deployed {
            Deployed::Whole => self.cases(&desired).await,
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
        self.remove(&desired.kinds(), &options).await
    }

    /// Makes room, and the plan. None if that failed: then nothing was deployed.
    async fn planned(&mut self) -> Option<(Desired, plan::Plan)> {
        let (app, of) = (self.suite.app, self.suite.stack().name.clone());
        let Some(desired) = self.resolved() else {
            self.skip("it cannot be deployed");
            return None;
        };
        if let Err(error) = app.services_are_there(&desired) {
            self.trouble("deploy", error);
            return None;
        }
        let options = self.suite.args.patience.options();
        let sink = Arc::clone(&self.sink);
        let kinds = desired.kinds();
        let swept = tokio::select! {
            swept = app.sweep(self.cloud, &of, &kinds, &options, sink.as_ref()) => swept,
            () = signals::asked(self.interruptions, 1) => {
                self.interrupted();
                return None;
            }
        };
        if let Err(error) = swept {
            self.trouble("looking for what older runs left", error);
            return None;
        }
        for message in literals::shared(self.suite.stack(), &desired) {
            self.sink.emit(Event::Warning { message });
        }
        match plan::deploy(&desired, &Observed::default(), false) {
            Ok(plan) => Some((desired, plan)),
            Err(findings) => {
                let messages = findings.into_iter().map(|found| found.message);
                self.wrong(messages.collect());
                self.skip("it cannot be deployed");
                None
            }
        }
    }

    fn resolved(&mut self) -> Option<Desired> {
        let (desired, found) = plan::resolve(&self.stack, &self.suite.ready.packages, self.cloud.identity());
        if desired.is_none() {
            let errors = found.into_iter().filter(|found| found.severity == Severity::Error);
            self.wrong(errors.map(|found| found.message).collect());
        }
        desired
    }

    /// Runs the cases on the stack under its own name.
    async fn on_what_stands(&mut self) {
        let Some(desired) = self.resolved() else {
            self.skip("its state machines are not known");
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
                        what: "deploy".to_owned(),
                        message: format!("the state machine {} is not deployed", machine.name),
                        hints: vec![format!("`{deploy}` deploys it; without `--no-deploy`, the test does")],
                    });
                    return self.skip("it is not deployed");
                }
                Err(error) => return self.trouble("looking for what is deployed", error),
            }
        }
        self.cases(&desired).await;
    }

    async fn cases(&mut self, desired: &Desired) {
        let began = Instant::now();
        let args = self.suite.args;
        let (cases, found) = plan::cases(&self.stack, self.cloud.identity());
        if has_errors(&found) {
            self.wrong(found.into_iter().map(|found| found.message).collect());
            return self.skip("the references of the cases have no values");
        }
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
        self.ran.result.cases = runner.run(cases.into_iter().map(job).collect()).await;
        self.ran.result.took_ms[1] = millis(began);
        if args.coverage() {
            let coverage = Coverage::of_stack(self.suite.stack(), &self.ran.result.cases);
            self.ran.result.coverage = Some(coverage);
        }
    }

    async fn remove(&mut self, kinds: &BTreeSet<Kind>, options: &ApplyOptions) -> Vec<String> {
        let began = Instant::now();
        let (app, of, deployed_as) = (self.suite.app, &self.suite.stack().name, self.stack.name.clone());
        let removed = deployed::remove(self.cloud, of, &deployed_as, kinds, options, self.sink.as_ref()).await;
        self.ran.result.took_ms[2] = millis(began);
        match removed {
            Ok(left) if left.is_empty() => left,
            Ok(left) => {
                self.ran.result.trouble.push(app.left_trouble(&deployed_as, &left));
                left
            }
            Err(error) => {
                self.ran.result.trouble.push(app.not_removed(&deployed_as, error));
                vec![deployed_as]
            }
        }
    }

    async fn say_kept(&self) {
        let (app, name) = (self.suite.app, &self.stack.name);
        if app.is_for_this_command().await {
            return app.note(format!(
                "{name} goes with LocalStack, which was started for this command only"
            ));
        }
        let status = app.command_line(&format!("status --name {name}"), None);
        app.note(format!("{name} is kept; `{status}` shows it"));
        app.note(format!("`{}` removes it", app.teardown_line(name)));
    }

    /// The cloud did not do what comes before the cases.
    fn trouble(&mut self, what: &str, error: CloudError) {
        self.ran.refused |= matches!(error.kind, ErrorKind::Refused | ErrorKind::Unreachable);
        self.ran.result.trouble.push(Trouble {
            what: what.to_owned(),
            message: error.message,
            hints: error.hints,
        });
        self.skip("nothing was deployed");
    }

    fn wrong(&mut self, messages: Vec<String>) {
        self.ran.result.trouble.push(Trouble {
            what: "deploy".to_owned(),
            message: messages.join("; "),
            hints: Vec::new(),
        });
    }

    /// The user stopped everything before the cases: that must not look as if all was well.
    fn interrupted(&mut self) {
        self.ran.result.trouble.push(Trouble {
            what: "deploy".to_owned(),
            message: "the user stopped it".to_owned(),
            hints: Vec::new(),
        });
        self.skip(INTERRUPTED);
    }

    /// None of the cases is run.
    fn skip(&mut self, why: &str) {
        for case in &self.suite.cases {
            self.skip_one(case, why);
        }
    }

    fn skip_one(&mut self, case: &Case, why: &str) {
        self.sink.emit(Event::CaseFinished {
            file: self.file(),
            case: case.name.clone(),
            verdict: "skipped".to_owned(),
            attempts: 0,
            took_ms: 0,
            reasons: vec![why.to_owned()],
        });
        self.ran.result.cases.push(CaseResult {
            name: case.name.clone(),
            span: case.span.clone(),
            state_machine: case.state_machine.clone(),
            verdict: Verdict::Skipped(why.to_owned()),
            attempts: 0,
            took_ms: 0,
            record: None,
            execution: None,
        });
    }

    fn finished(&self, left: Vec<String>, began: Instant) {
        let result = &self.ran.result;
        let count = |wanted: fn(&CaseResult) -> bool| result.cases.iter().filter(|case| wanted(case)).count();
        self.sink.emit(Event::SuiteFinished {
            file: self.file(),
            stack: result.stack.clone(),
            deployed_as: result.deployed_as.clone(),
            passed: count(|case| matches!(case.verdict, Verdict::Passed) && case.attempts < 2),
            flaky: count(|case| matches!(case.verdict, Verdict::Passed) && case.attempts > 1),
            failed: count(|case| matches!(case.verdict, Verdict::Failed(_))),
            skipped: count(|case| matches!(case.verdict, Verdict::Skipped(_))),
            broken: count(|case| matches!(case.verdict, Verdict::Broken(_))),
            left,
            took_ms: millis(began),
        });
    }

    fn file(&self) -> String {
        self.suite.file.display().to_string()
    }
}

/// Why cases were not run when the user stopped everything.
const INTERRUPTED: &str = "interrupted";

fn millis(began: Instant) -> u64 {
    u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX)
}
