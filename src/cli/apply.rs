//! Executing a plan, and what is said before and after.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use super::app::App;
use crate::cloud::{Applied, ApplyOptions, Cloud};
use crate::event::Event;
use crate::plan::{Mode, Plan, Step};
use crate::report::plan::{Counts, kind_name, render, render_short};
use crate::report::text::{duration, escape};

/// Steps in flight at once: below what AWS throttles for the control planes used.
const CONCURRENCY: usize = 8;

/// Resources that a message names before it only counts them.
const NAMED: usize = 8;

/// How long to wait for the cloud to catch up.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct PatienceArgs {
    /// Seconds to wait for the cloud to catch up with itself (new roles, pending functions, deletes)
    #[arg(long, value_name = "SECONDS", default_value_t = 120)]
    patience: u64,
}

impl PatienceArgs {
    /// The same, and how many steps are in flight at once.
    pub(super) fn options(&self) -> ApplyOptions {
        ApplyOptions {
            patience: Duration::from_secs(self.patience),
            concurrency: CONCURRENCY,
            stop: None,
        }
    }
}

impl App {
    /// Says what will be done.
    pub(super) fn announce(&self, plan: &Plan) {
        let counts = Counts::of(plan);
        self.emit(Event::Planned {
            stack: plan.stack.clone(),
            create: counts.create,
            update: counts.update,
            delete: counts.delete,
            unchanged: plan.unchanged.len(),
            notes: plan.notes.clone(),
        });
        self.ui.say(&match plan.mode {
            Mode::Deploy => render_short(plan, self.ui.err_theme),
            Mode::Teardown => render(plan, self.ui.err_theme),
        });
    }

    /// Executes a plan; what happens is reported as it happens.
    pub(super) async fn apply(&self, cloud: &Cloud, plan: &Plan, patience: &PatienceArgs) -> Applied {
        let options = patience.options();
        let began = Instant::now();
        let applied = cloud.apply(plan, &options, self.reporter.sink().as_ref()).await;
        self.emit(Event::Applied {
            done: applied.done.len(),
            failed: applied.failed.len(),
            skipped: applied.skipped.len(),
            calls: cloud.calls(),
            took_ms: millis(began.elapsed()),
        });
        self.ui.say(&format!(
            "{} in {}, {} API calls",
            outcome_words(&applied),
            duration(millis(began.elapsed())),
            cloud.calls()
        ));
        applied
    }
}

/// `6 done, 1 failed, 2 skipped`.
pub(super) fn outcome_words(applied: &Applied) -> String {
    let mut words = format!("{} done", applied.done.len());
    for (count, word) in [(applied.failed.len(), "failed"), (applied.skipped.len(), "skipped")] {
        if count > 0 {
            let _ = write!(words, ", {count} {word}");
        }
    }
    words
}

/// The resources that some of a plan's steps are about.
pub(super) fn names_of(plan: &Plan, goes: impl Fn(&Step) -> bool) -> String {
    let names: Vec<String> = plan
        .steps
        .iter()
        .filter(|step| goes(step))
        .map(|step| format!("{} {}", kind_name(step.kind), escape(&step.name)))
        .collect();
    match names.get(..NAMED) {
        Some(first) if names.len() > NAMED => format!("{} and {} more", first.join(", "), names.len() - NAMED),
        _ => names.join(", "),
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_done_in_words() {
        let mut applied = Applied {
            done: vec!["a".to_owned(), "b".to_owned()],
            ..Applied::default()
        };
        assert_eq!(outcome_words(&applied), "2 done");
        applied.failed.push(("c".to_owned(), "no".to_owned()));
        applied.skipped.push(("d".to_owned(), "c".to_owned()));
        assert_eq!(outcome_words(&applied), "2 done, 1 failed, 1 skipped");
    }
}
