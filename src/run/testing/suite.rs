//! Running cases: several at once, again if they may be, in the order written as far as there is one.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use tokio::sync::watch;
use tokio::task::JoinSet;

use super::attempt::{Attempt, attempt};
use super::job::Job;
use super::{CaseResult, Mismatch, Verdict};
use crate::cloud::Cloud;
use crate::event::{Event, Sink};

/// How cases are run.
#[derive(Clone)]
pub struct Runner {
    /// Where.
    pub cloud: Cloud,
    /// Where events go.
    pub sink: Arc<dyn Sink>,
    /// The stack file, as shown to the user.
    pub file: String,
    /// So many at once.
    pub jobs: usize,
    /// How often a case that fails is run again.
    pub retries: u32,
    /// Whether no more cases are begun once one has failed.
    pub fail_fast: bool,
    /// Above zero once running is to end: then executions are stopped.
    pub stop: watch::Receiver<u32>,
}

impl Runner {
    /// Runs the cases. What came of each is in the results, by its place, as soon as it has ended: who waits no longer has those.
    pub async fn run(&self, jobs: Vec<Job>, results: &mut BTreeMap<usize, CaseResult>) {
        let mut waiting = jobs.into_iter().enumerate();
        let mut running = JoinSet::new();
        let mut failed: Option<String> = None;
        loop {
            while running.len() < self.jobs.max(1)
                && let Some((index, job)) = waiting.next()
            {
                let job = match (&failed, *self.stop.borrow() > 0) {
                    (_, true) => job.skipped(INTERRUPTED),
                    (Some(name), _) if self.fail_fast => job.skipped(&format!("not run, since `{name}` failed")),
                    _ => job,
                };
                let runner = self.clone();
                running.spawn(async move { (index, runner.case(job).await) });
            }
            let Some(joined) = running.join_next().await else { break };
            match joined {
                Ok((index, result)) => {
                    if matches!(result.verdict, Verdict::Failed(_) | Verdict::Broken(_)) {
                        failed.get_or_insert_with(|| result.name.clone());
                    }
                    results.insert(index, result);
                }
                Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
                // Nothing cancels a case but the end of the runtime.
                Err(_) => {}
            }
        }
    }

    async fn case(&self, job: Job) -> CaseResult {
        let mut attempts = 0;
        let mut took_ms = 0;
        let mut last = Attempt::default();
        let verdict = match &job.obstacle {
            Some(verdict) => verdict.clone(),
            None => loop {
                attempts += 1;
                self.sink.emit(Event::CaseStarted {
                    file: self.file.clone(),
                    case: job.case.name.clone(),
                    state_machine: job.case.state_machine.clone(),
                    attempt: attempts,
                });
                let began = Instant::now();
                let (made, verdict) = attempt(self, &job).await;
                took_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
                last = made;
                let ended = matches!(verdict, Verdict::Passed | Verdict::Skipped(_));
                if ended || attempts > self.retries || *self.stop.borrow() > 0 {
                    break verdict;
                }
            },
        };
        self.sink.emit(Event::CaseFinished {
            file: self.file.clone(),
            case: job.case.name.clone(),
            verdict: word(&verdict, attempts).to_owned(),
            attempts,
            took_ms,
            reasons: reasons(&verdict),
        });
        CaseResult {
            name: job.case.name,
            span: job.case.span,
            state_machine: job.case.state_machine,
            verdict,
            attempts,
            took_ms,
            record: last.record,
            execution: last.execution,
        }
    }
}

/// Why a case was not run when the user stopped everything.
pub const INTERRUPTED: &str = "interrupted";

/// The verdict in one word; that a case passed only when it was run again is one of its own.
fn word(verdict: &Verdict, attempts: u32) -> &'static str {
    match verdict {
        Verdict::Passed if attempts > 1 => "flaky",
        Verdict::Passed => "passed",
        Verdict::Failed(_) => "failed",
        Verdict::Skipped(_) => "skipped",
        Verdict::Broken(_) => "broken",
    }
}

/// Why a case did not pass, a line for each reason.
fn reasons(verdict: &Verdict) -> Vec<String> {
    let mismatch = |found: &Mismatch| format!("{}: expected {}, got {}", found.what, found.expected, found.got);
    match verdict {
        Verdict::Passed => Vec::new(),
        Verdict::Failed(mismatches) => mismatches.iter().map(mismatch).collect(),
        Verdict::Skipped(why) => vec![why.clone()],
        Verdict::Broken(trouble) => vec![format!("{}: {}", trouble.what, trouble.message)],
    }
}
