//! What is to go when a test is over: its own stack, and what older runs of it left because they were killed. Those are found by
//! their tags, and removed when nobody needs them.

use std::collections::BTreeMap;

use crate::cli::app::App;
use crate::cli::clock::now_ms;
use crate::cli::process::{self, Life};
use crate::cloud::{ApplyOptions, Cloud, CloudError};
use crate::event::{Event, Sink};
use crate::plan::{self, Leftover, Observed, Plan, Tested};
use crate::run::testing::Trouble;

/// What trouble with removing is about.
pub(super) const TEARDOWN: &str = "teardown";

/// How often it is looked whether all is gone: calls that were under way may have made something after the last look.
const ROUNDS: u32 = 3;

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

/// What is to be cleared away, and how.
pub(super) struct Clearing<'a> {
    pub(super) cloud: &'a Cloud,
    pub(super) tested: &'a Tested,
    /// Whether what this run has deployed is to go too.
    pub(super) own: bool,
    pub(super) options: &'a ApplyOptions,
    pub(super) sink: &'a dyn Sink,
}

/// What should go and stays: the resources, by the name under which they were deployed.
pub(super) type Left = BTreeMap<String, Vec<String>>;

/// What was removed of an older run.
struct Swept {
    because: String,
    removed: usize,
}

impl App {
    /// Removes what is to go, and looks again until nothing is left of it; what is.
    pub(super) async fn clear_away(&self, clearing: &Clearing<'_>) -> Result<Left, CloudError> {
        let mut swept = BTreeMap::new();
        let left = self.in_rounds(clearing, &mut swept).await;
        for (deployed_as, Swept { because, removed }) in swept {
            let failed = left.as_ref().ok().and_then(|left| left.get(&deployed_as));
            clearing.sink.emit(Event::Swept {
                stack: clearing.tested.stack.clone(),
                failed: failed.map(Vec::len).unwrap_or_default(),
                deployed_as,
                because,
                removed,
            });
        }
        left
    }

    async fn in_rounds(
        &self,
        clearing: &Clearing<'_>,
        swept: &mut BTreeMap<String, Swept>,
    ) -> Result<Left, CloudError> {
        let Clearing {
            cloud, options, sink, ..
        } = *clearing;
        let mut round = 0;
        let mut is_last = false;
        loop {
            let observed = cloud.observe_tests(clearing.tested).await?;
            let mut plans = Vec::new();
            for (deployed_as, because) in self.over(clearing, &observed, round == 0) {
                let plan = plan::teardown(&deployed_as, &observed, cloud.identity(), false);
                if plan.is_empty() {
                    continue;
                }
                if let Some(because) = because {
                    let removed = 0;
                    swept.entry(deployed_as).or_insert(Swept { because, removed });
                }
                plans.push(plan);
            }
            if plans.is_empty() || is_last {
                return Ok(plans.iter().map(|plan| (plan.stack.clone(), resources(plan))).collect());
            }
            let mut removed_now = 0;
            for plan in plans {
                let removed = cloud.apply(&plan, options, sink).await.done.len();
                if let Some(swept) = swept.get_mut(&plan.stack) {
                    swept.removed += removed;
                }
                removed_now += removed;
            }
            round += 1;
            // Each try may last as long as the user's patience: what nothing came of is tried again only for what is this run's own.
            let is_worth_it = removed_now > 0 || (clearing.own && round == 1);
            is_last = round == ROUNDS || !is_worth_it;
        }
    }

    /// The runs of which nothing is to stand, with the reason where it is another one than this.
    fn over(&self, clearing: &Clearing<'_>, observed: &Observed, is_first: bool) -> Vec<(String, Option<String>)> {
        let Clearing { tested, own, .. } = *clearing;
        let mut over: Vec<_> = own.then(|| (tested.deployed_as.clone(), None)).into_iter().collect();
        for leftover in plan::leftovers(&tested.stack, observed) {
            if leftover.deployed_as == tested.deployed_as {
                continue;
            }
            match fate(&leftover) {
                Fate::Leave => {}
                // What comes before the cases has told it.
                Fate::Tell(_) if own || !is_first => {}
                Fate::Tell(why) => {
                    let teardown = self.teardown_line(&leftover.deployed_as);
                    self.note(format!("{} {why}; `{teardown}` removes it", leftover.deployed_as));
                }
                Fate::Remove(because) => over.push((leftover.deployed_as, Some(because))),
            }
        }
        over
    }

    /// What was not removed, for people.
    pub(super) fn left_trouble(&self, deployed_as: &str, left: &[String]) -> Trouble {
        Trouble {
            what: TEARDOWN.to_owned(),
            message: format!("of {deployed_as} is left: {}", left.join(", ")),
            hints: vec![format!("`{}` removes it", self.teardown_line(deployed_as))],
        }
    }

    /// That nobody knows what was not removed.
    pub(super) fn not_removed(&self, deployed_as: &str, error: CloudError) -> Trouble {
        let mut hints = error.hints;
        hints.push(format!("`{}` removes it", self.teardown_line(deployed_as)));
        Trouble {
            what: TEARDOWN.to_owned(),
            message: format!("{deployed_as} may stand as it was: {}", error.message),
            hints,
        }
    }

    /// The command that removes a stack of which there is no file.
    pub(super) fn teardown_line(&self, stack: &str) -> String {
        self.command_line(&format!("teardown --name {stack}"), None)
    }
}

fn resources(plan: &Plan) -> Vec<String> {
    let steps = plan.steps.iter();
    steps
        .map(|step| format!("{} {}", step.kind.label(), step.name))
        .collect()
}

fn fate(leftover: &Leftover) -> Fate {
    let Some(run) = &leftover.run else {
        if leftover.is_late_logs {
            return Fate::Remove("its functions, which wrote logs late, are gone".to_owned());
        }
        return Fate::Tell("is of a test run, and no tag says which");
    };
    if run.kept {
        return Fate::Tell("was kept by an earlier test run");
    }
    let life = match run.host == process::host() {
        true => process::life(run),
        false => Life::Unknown,
    };
    let age = (now_ms() / 1000).saturating_sub(run.at);
    match life {
        Life::Over => Fate::Remove(format!(
            "process {} of this host, which made it, has ended",
            run.process
        )),
        Life::Unknown if age >= run.lasts => {
            Fate::Remove(format!("it was made {} minutes ago on the host {}", age / 60, run.host))
        }
        Life::GoesOn | Life::Unknown => Fate::Leave,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::TestRun;

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
        let check = |run: Option<&TestRun>, is_late_logs: bool, expected: &str| {
            let fate = fate(&Leftover {
                deployed_as: "s-t00000000".to_owned(),
                run: run.cloned(),
                is_late_logs,
            });
            let said = format!("{fate:?}");
            assert!(said.starts_with(expected), "{run:?}: {said}");
        };
        check(Some(&here), false, "Leave");
        check(Some(&gone), false, "Remove(\"process");
        check(Some(&there), false, "Leave");
        check(
            Some(&old),
            false,
            "Remove(\"it was made 120 minutes ago on the host elsewhere",
        );
        for run in [&here, &gone, &old] {
            check(Some(&kept(run)), false, "Tell(\"was kept");
        }
        check(None, false, "Tell(\"is of a test run");
        check(None, true, "Remove(\"its functions");
    }
}
