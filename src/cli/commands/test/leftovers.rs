//! What is to go when a test is over: its own stack, and what older runs of it left because they were killed. Those are found by
//! their tags, and removed when nobody needs them.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::cli::app::App;
use crate::cli::clock::now_ms;
use crate::cli::process::{self, Life};
use crate::cloud::{ApplyOptions, Cloud, CloudError, ErrorKind};
use crate::event::{Event, Sink};
use crate::plan::{self, Kind, Leftover, Observed, Plan, Tested};
use crate::run::testing::Trouble;

/// What trouble with removing is about.
pub(super) const TEARDOWN: &str = "teardown";

/// How often it is looked whether all is gone: calls that were under way may have made something after the last look.
const ROUNDS: u32 = 3;

/// How often it is tried to look at what this run has made, and the pause between two tries.
const LOOKS: u32 = 4;
const PAUSE: Duration = Duration::from_secs(1);

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

/// What should go and stays, by the name under which it was deployed.
pub(super) type Left = BTreeMap<String, Remains>;

/// What stays of a run.
pub(super) struct Remains {
    /// The resources, for people.
    pub(super) things: Vec<String>,
    /// Whether any carries tags: by these it is found without the stack file.
    is_tagged: bool,
}

impl Remains {
    fn of(plan: &Plan, observed: &Observed) -> Self {
        let is_tagged = |step: &plan::Step| !observed.untagged.contains_key(&(step.kind, step.name.clone()));
        Self {
            things: plan.steps.iter().map(|step| thing(step.kind, &step.name)).collect(),
            is_tagged: plan.steps.iter().any(is_tagged),
        }
    }
}

fn thing(kind: Kind, name: &str) -> String {
    format!("{} {name}", kind.label())
}

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
                failed: failed.map(|left| left.things.len()).unwrap_or_default(),
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
            let observed = self.observed(clearing).await?;
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
                let remains = |plan: &Plan| (plan.stack.clone(), Remains::of(plan, &observed));
                return Ok(plans.iter().map(remains).collect());
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

    /// What is there. What this run has made is not given up because a target was busy for a moment.
    async fn observed(&self, clearing: &Clearing<'_>) -> Result<Observed, CloudError> {
        let Clearing { cloud, tested, own, .. } = *clearing;
        let mut looks = 1;
        loop {
            match cloud.observe_tests(tested, own).await {
                Err(error) if own && looks < LOOKS && error.kind != ErrorKind::Refused => looks += 1,
                observed => return observed,
            }
            tokio::time::sleep(PAUSE).await;
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
                Fate::Tell(why) if leftover.is_tagged => {
                    let teardown = self.teardown_line(&leftover.deployed_as);
                    self.note(format!("{} {why}; `{teardown}` removes it", leftover.deployed_as));
                }
                Fate::Tell(why) => {
                    for (kind, name) in &leftover.untagged {
                        self.note(format!(
                            "{} {why}; it stays until it is deleted by its name",
                            thing(*kind, name)
                        ));
                    }
                }
                Fate::Remove(because) => over.push((leftover.deployed_as, Some(because))),
            }
        }
        over
    }

    /// What was not removed, for people.
    pub(super) fn left_trouble(&self, deployed_as: &str, left: &Remains) -> Trouble {
        let hint = match left.is_tagged {
            true => format!("`{}` removes it", self.teardown_line(deployed_as)),
            false => "it carries no tags: the next test of the stack tries again, or delete it by its name".to_owned(),
        };
        Trouble {
            what: TEARDOWN.to_owned(),
            message: format!("of {deployed_as} is left: {}", left.things.join(", ")),
            hints: vec![hint],
        }
    }

    /// That nobody knows what was not removed.
    pub(super) fn not_removed(&self, deployed_as: &str, error: CloudError) -> Trouble {
        let mut hints = error.hints;
        hints.push(format!("`{}` removes it", self.teardown_line(deployed_as)));
        Trouble {
            what: TEARDOWN.to_owned(),
            message: format!("it is not known what is left of {deployed_as}: {}", error.message),
            hints,
        }
    }

    /// The command that removes a stack of which there is no file.
    pub(super) fn teardown_line(&self, stack: &str) -> String {
        self.command_line(&format!("teardown --name {stack}"), None)
    }
}

fn fate(leftover: &Leftover) -> Fate {
    let Some(run) = &leftover.run else {
        if !leftover.is_tagged {
            // What has no tags yet may be of a run that goes on; logs of functions that are gone are not.
            let is_logs = leftover.untagged.iter().all(|(kind, _)| *kind == Kind::LogGroup);
            return match is_logs {
                true => Fate::Remove("its functions, which wrote logs late, are gone".to_owned()),
                false => Fate::Tell("has the name of one of a test run, and carries no tags"),
            };
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
        let check = |run: Option<&TestRun>, untagged: &[Kind], expected: &str| {
            let fate = fate(&Leftover {
                deployed_as: "s-t00000000".to_owned(),
                run: run.cloned(),
                is_tagged: untagged.is_empty(),
                untagged: untagged.iter().map(|kind| (*kind, "n".to_owned())).collect(),
            });
            let said = format!("{fate:?}");
            assert!(said.starts_with(expected), "{run:?}: {said}");
        };
        check(Some(&here), &[], "Leave");
        check(Some(&gone), &[], "Remove(\"process");
        check(Some(&there), &[], "Leave");
        check(
            Some(&old),
            &[],
            "Remove(\"it was made 120 minutes ago on the host elsewhere",
        );
        for run in [&here, &gone, &old] {
            check(Some(&kept(run)), &[], "Tell(\"was kept");
        }
        check(None, &[], "Tell(\"is of a test run");
        check(None, &[Kind::LogGroup], "Remove(\"its functions");
        check(None, &[Kind::LogGroup, Kind::Topic], "Tell(\"has the name");
    }
}
