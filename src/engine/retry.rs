//! Retriers and catchers: what happens to a failure of a state that has them
//! ([retrying](https://states-language.net/spec.html#retrying-after-error)).

use std::cell::Cell;

use super::errors::Failure;
use crate::asl::model::{Catcher, Retrier};

/// A small generator of random numbers ([SplitMix64](https://doi.org/10.1145/2714064.2660195)): same seed, same numbers.
#[derive(Clone, Debug)]
pub(super) struct Random(Cell<u64>);

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        Self(Cell::new(seed))
    }

    pub(super) fn next(&self) -> u64 {
        let state = self.0.get().wrapping_add(0x9e37_79b9_7f4a_7c15);
        self.0.set(state);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number from 0 up to and with `limit`.
    fn up_to(&self, limit: u64) -> u64 {
        let span = u128::from(limit) + 1;
        // The high half of the product is below `span`, so it fits.
        u64::try_from((u128::from(self.next()) * span) >> 64).unwrap_or(limit)
    }
}

/// How often a state has been retried during one stay in it.
#[derive(Clone, Debug, Default)]
pub(super) struct Retries {
    /// By the position of the retrier.
    by_retrier: Vec<u64>,
    /// In all: `$$.State.RetryCount`.
    pub(super) total: u64,
}

impl Retries {
    /// Milliseconds until the next attempt, if the first retrier that takes the failure has attempts left. The attempt is
    /// counted.
    pub(super) fn delay(&mut self, retriers: &[Retrier], failure: &Failure, random: &Random) -> Option<u64> {
        let at = retriers
            .iter()
            .position(|retrier| failure.matches(&retrier.error_equals))?;
        let retrier = retriers.get(at)?;
        self.by_retrier.resize(self.by_retrier.len().max(at + 1), 0);
        let used = self.by_retrier.get_mut(at)?;
        if *used >= retrier.max_attempts {
            return None;
        }
        let delay = interval(retrier, *used);
        *used += 1;
        self.total += 1;
        Some(if retrier.full_jitter {
            random.up_to(delay)
        } else {
            delay
        })
    }
}

/// Milliseconds before retry number `used` (counted from 0).
fn interval(retrier: &Retrier, used: u64) -> u64 {
    /// A century, so that a large rate does not leave the range of time.
    const LONGEST: f64 = 100.0 * 366.0 * 86_400.0;
    let longest = retrier
        .max_delay_seconds
        .map_or(LONGEST, |seconds| (seconds as f64).min(LONGEST));
    let exponent = i32::try_from(used).unwrap_or(i32::MAX);
    let seconds = retrier.interval_seconds as f64 * retrier.backoff_rate.powi(exponent);
    // `max` also turns NaN (an interval of 0 times infinity) into 0; the cast of a number in range is exact enough.
    (seconds.max(0.0).min(longest) * 1000.0).round() as u64
}

/// The first catcher that takes the failure, and its position.
pub(super) fn catcher<'a>(catchers: &'a [Catcher], failure: &Failure) -> Option<(usize, &'a Catcher)> {
    let mut catchers = catchers.iter().enumerate();
    catchers.find(|(_, catcher)| failure.matches(&catcher.error_equals))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn retrier(interval: u64, attempts: u64, rate: f64, longest: Option<u64>, jitter: bool) -> Retrier {
        Retrier {
            error_equals: vec!["States.ALL".into()],
            interval_seconds: interval,
            max_attempts: attempts,
            backoff_rate: rate,
            max_delay_seconds: longest,
            full_jitter: jitter,
        }
    }

    fn delays(retrier: Retrier, seed: u64) -> Vec<u64> {
        let (mut retries, random) = (Retries::default(), Random::new(seed));
        let failure = Failure::reported(Some("Boom".into()), None);
        std::iter::from_fn(|| retries.delay(std::slice::from_ref(&retrier), &failure, &random))
            .take(10)
            .collect()
    }

    #[test]
    fn delays_grow_up_to_their_limit() {
        assert_eq!(delays(retrier(1, 3, 2.0, None, false), 0), [1000, 2000, 4000]);
        assert_eq!(delays(retrier(2, 4, 1.5, Some(4), false), 0), [2000, 3000, 4000, 4000]);
        assert_eq!(delays(retrier(1, 0, 2.0, None, false), 0), [] as [u64; 0]);
        assert_eq!(
            delays(retrier(1, 2, f64::MAX, None, false), 0),
            [1000, 3_162_240_000_000]
        );
    }

    #[test]
    fn the_first_matching_retrier_decides() {
        let mut once = retrier(1, 1, 2.0, None, false);
        once.error_equals = vec!["Boom".into()];
        let retriers = [once, retrier(7, 5, 1.0, None, false)];
        let (mut retries, random) = (Retries::default(), Random::new(0));
        let mut delay = |name: &str| retries.delay(&retriers, &Failure::reported(Some(name.into()), None), &random);
        assert_eq!(delay("Boom"), Some(1000));
        assert_eq!(delay("Boom"), None);
        assert_eq!(delay("Other"), Some(7000));
    }

    proptest! {
        #[test]
        fn jitter_stays_below_the_delay_and_follows_the_seed(seed: u64) {
            let with = delays(retrier(1, 5, 2.0, None, true), seed);
            let without = delays(retrier(1, 5, 2.0, None, false), seed);
            prop_assert!(with.iter().zip(&without).all(|(jittered, full)| jittered <= full));
            prop_assert_eq!(with, delays(retrier(1, 5, 2.0, None, true), seed));
        }
    }
}
