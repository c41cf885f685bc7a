//! How many child executions of a map run may run, and when it is over
//! ([tolerated failures](https://docs.aws.amazon.com/step-functions/latest/dg/state-map-distributed.html#maprun-fail-threshold)).

use super::Limits;

/// The most child executions at once, however many are allowed.
const MOST_AT_ONCE: usize = 10_000;

/// How a map run ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// All child executions have ended, and few enough have failed.
    Succeeded,
    /// More items have failed than it tolerates.
    Exceeded,
}

/// The progress of a map run.
#[derive(Clone, Debug)]
pub struct Schedule {
    limits: Limits,
    children: usize,
    items: u64,
    begun: usize,
    running: usize,
    failed_items: u64,
}

impl Schedule {
    /// The schedule of so many child executions for so many items.
    pub fn new(limits: Limits, children: usize, items: u64) -> Self {
        Self {
            limits,
            children,
            items,
            begun: 0,
            running: 0,
            failed_items: 0,
        }
    }

    /// How many child executions have been begun; they begin in order.
    pub fn begun(&self) -> usize {
        self.begun
    }

    /// How many may begin now.
    pub fn may_begin(&self) -> usize {
        if self.has_exceeded() {
            return 0;
        }
        let most = match usize::try_from(self.limits.max_concurrency) {
            Ok(0) | Err(_) => MOST_AT_ONCE,
            Ok(limit) => limit.min(MOST_AT_ONCE),
        };
        most.saturating_sub(self.running).min(self.children - self.begun)
    }

    /// The next one has begun.
    pub fn child_begun(&mut self) {
        self.begun += 1;
        self.running += 1;
    }

    /// One of those that have begun has ended; `failed_items` are the items it was about if it failed or timed out.
    pub fn child_ended(&mut self, failed_items: u64) {
        self.running = self.running.saturating_sub(1);
        self.failed_items = self.failed_items.saturating_add(failed_items);
    }

    /// Others hold from now on.
    pub fn set_limits(&mut self, limits: Limits) {
        self.limits = limits;
    }

    /// How the map run ends, once it does.
    pub fn verdict(&self) -> Option<Verdict> {
        if self.has_exceeded() {
            return Some(Verdict::Exceeded);
        }
        (self.begun == self.children && self.running == 0).then_some(Verdict::Succeeded)
    }

    /// Without any tolerance no item may fail; of two, the smaller one counts.
    #[allow(clippy::cast_precision_loss, reason = "exact up to 2^53 items")]
    fn has_exceeded(&self) -> bool {
        let Limits {
            tolerated_count,
            tolerated_percentage,
            ..
        } = self.limits;
        let above_count = |most: u64| self.failed_items > most;
        let above_percentage = |most: f64| self.failed_items as f64 * 100.0 > most * self.items as f64;
        match (tolerated_count, tolerated_percentage) {
            (None, None) => self.failed_items > 0,
            (count, percentage) => count.is_some_and(above_count) || percentage.is_some_and(above_percentage),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(max_concurrency: u64, tolerated_count: Option<u64>, tolerated_percentage: Option<f64>) -> Limits {
        Limits {
            max_concurrency,
            tolerated_count,
            tolerated_percentage,
        }
    }

    #[test]
    fn so_many_run_as_may() {
        for (concurrency, children, first) in [(0, 3, 3), (2, 3, 2), (0, 20_000, 10_000), (50_000, 20_000, 10_000)] {
            let schedule = Schedule::new(limits(concurrency, None, None), children, children as u64);
            assert_eq!(schedule.may_begin(), first);
        }
        let mut schedule = Schedule::new(limits(2, None, None), 3, 3);
        schedule.child_begun();
        schedule.child_begun();
        assert_eq!((schedule.may_begin(), schedule.verdict()), (0, None));
        schedule.child_ended(0);
        assert_eq!(schedule.may_begin(), 1);
        schedule.set_limits(limits(1, None, None));
        assert_eq!(schedule.may_begin(), 0);
        schedule.child_ended(0);
        schedule.child_begun();
        assert_eq!(
            (schedule.may_begin(), schedule.begun(), schedule.verdict()),
            (0, 3, None)
        );
        schedule.child_ended(0);
        assert_eq!(schedule.verdict(), Some(Verdict::Succeeded));
    }

    #[test]
    fn nothing_to_do_is_done() {
        assert_eq!(
            Schedule::new(limits(0, None, None), 0, 0).verdict(),
            Some(Verdict::Succeeded)
        );
    }

    #[test]
    fn failed_items_are_tolerated_up_to_a_number_or_a_share() {
        // Of four child executions with ten items each, so many fail.
        let check = |count, percentage, failing: usize, exceeded: bool| {
            let mut schedule = Schedule::new(limits(0, count, percentage), 4, 40);
            (0..4).for_each(|_| schedule.child_begun());
            (0..4).for_each(|at| schedule.child_ended(if at < failing { 10 } else { 0 }));
            let expected = if exceeded {
                Verdict::Exceeded
            } else {
                Verdict::Succeeded
            };
            assert_eq!(schedule.verdict(), Some(expected), "{count:?} {percentage:?} {failing}");
        };
        check(None, None, 0, false);
        check(None, None, 1, true);
        check(Some(0), None, 1, true);
        check(Some(9), None, 1, true);
        check(Some(10), None, 1, false);
        check(None, Some(0.0), 1, true);
        check(None, Some(24.9), 1, true);
        check(None, Some(25.0), 1, false);
        check(None, Some(100.0), 4, false);
        // Either one is enough.
        check(Some(40), Some(25.0), 2, true);
        check(Some(10), Some(100.0), 2, true);
        check(Some(20), Some(50.0), 2, false);
    }

    #[test]
    fn after_too_many_failures_nothing_begins() {
        let mut schedule = Schedule::new(limits(1, None, None), 3, 3);
        schedule.child_begun();
        schedule.child_ended(1);
        assert_eq!((schedule.may_begin(), schedule.verdict()), (0, Some(Verdict::Exceeded)));
        // What is raised while it runs holds at once.
        schedule.set_limits(limits(1, Some(1), None));
        assert_eq!((schedule.may_begin(), schedule.verdict()), (1, None));
    }
}
