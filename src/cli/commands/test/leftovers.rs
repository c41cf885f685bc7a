//! What older test runs of a stack left, because they were killed: found by its tags, and removed when nobody needs it.

use std::collections::BTreeSet;

use crate::cli::app::App;
use crate::cli::clock::now_ms;
use crate::cli::process;
use crate::cloud::{ApplyOptions, Cloud, CloudError};
use crate::event::{Event, Sink};
use crate::plan::{self, Kind, Leftover, TestRun};

/// What to do about a run of which something stands.
#[derive(Debug, PartialEq, Eq)]
enum Fate {
    /// It goes on, or may.
    Leave,
    /// It is to be removed, and why.
    Remove(String),
    /// It is left, which the user may not know.
    Tell(&'static str),
}

impl App {
    /// Removes what earlier test runs of a stack have left, which has resources of these kinds.
    pub(super) async fn sweep(
        &self,
        cloud: &Cloud,
        stack: &str,
        kinds: &BTreeSet<Kind>,
        options: &ApplyOptions,
        sink: &dyn Sink,
    ) -> Result<(), CloudError> {
        let observed = cloud.observe_tests(stack, kinds).await?;
        for leftover in plan::leftovers(stack, &observed) {
            let because = match fate(&leftover) {
                Fate::Leave => continue,
                Fate::Tell(why) => {
                    let teardown = self.teardown_line(&leftover.deployed_as);
                    self.note(format!("{} {why}; `{teardown}` removes it", leftover.deployed_as));
                    continue;
                }
                Fate::Remove(because) => because,
            };
            let plan = plan::teardown(&leftover.deployed_as, &observed, cloud.identity(), false);
            let removed = cloud.apply(&plan, options, sink).await.done.len();
            sink.emit(Event::Swept {
                stack: stack.to_owned(),
                deployed_as: leftover.deployed_as,
                because,
                removed,
                failed: plan.steps.len().saturating_sub(removed),
            });
        }
        Ok(())
    }

    /// The command that removes a stack of which there is no file.
    pub(super) fn teardown_line(&self, stack: &str) -> String {
        self.command_line(&format!("teardown --name {stack}"), None)
    }
}

fn fate(leftover: &Leftover) -> Fate {
    let Some(run) = &leftover.run else {
        return Fate::Tell("is of a test run, and no tag says which");
    };
    if run.kept {
        return Fate::Tell("was kept by an earlier test run");
    }
    if run.host == process::host() {
        return match process::is_gone(run) {
            true => Fate::Remove(format!(
                "process {} of this host, which made it, has ended",
                run.process
            )),
            false => Fate::Leave,
        };
    }
    of_another_host(run, now_ms() / 1000)
}

fn of_another_host(run: &TestRun, now: u64) -> Fate {
    let age = now.saturating_sub(run.at);
    if age < run.lasts {
        return Fate::Leave;
    }
    Fate::Remove(format!("it was made {} minutes ago on the host {}", age / 60, run.host))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_removed() {
        let here = process::test_run(7200, false);
        let gone = TestRun {
            began: here.began + 1,
            ..here.clone()
        };
        let there = TestRun {
            host: "elsewhere.00000000".to_owned(),
            ..here.clone()
        };
        let old = TestRun {
            at: here.at - 7200,
            ..there.clone()
        };
        let kept = |run: &TestRun| TestRun {
            kept: true,
            ..run.clone()
        };
        let check = |run: Option<&TestRun>, expected: &str| {
            let fate = fate(&Leftover {
                deployed_as: "s-t00000000".to_owned(),
                run: run.cloned(),
            });
            let said = format!("{fate:?}");
            assert!(said.starts_with(expected), "{run:?}: {said}");
        };
        check(Some(&here), "Leave");
        check(Some(&gone), "Remove(\"process");
        check(Some(&there), "Leave");
        check(Some(&old), "Remove(\"it was made 120 minutes ago on the host elsewhere");
        for run in [&here, &gone, &old] {
            check(Some(&kept(run)), "Tell(\"was kept");
        }
        check(None, "Tell(\"is of a test run");
    }
}
