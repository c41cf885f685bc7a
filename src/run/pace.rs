//! How long to wait between two looks at a history.

use std::time::Duration;

/// Grows while nothing happens, starts over when something does.
#[derive(Clone, Debug)]
pub struct Pace {
    shortest: Duration,
    longest: Duration,
    /// Share of the wait that varies, so that many followers do not ask at once.
    jitter: f64,
    current: Duration,
}

impl Pace {
    /// For the local cloud: asking costs next to nothing.
    pub fn local() -> Self {
        Self::new(Duration::from_millis(20), Duration::from_millis(250), 0.0)
    }

    /// For an endpoint in the network that is not AWS.
    pub fn near() -> Self {
        Self::new(Duration::from_millis(200), Duration::from_secs(1), 0.1)
    }

    /// For AWS, where GetExecutionHistory is throttled per account: never more than once a second.
    pub fn aws() -> Self {
        Self::new(Duration::from_secs(1), Duration::from_secs(4), 0.25)
    }

    /// The pace that suits a target.
    pub fn of_target(target: &str) -> Self {
        match target {
            "local" => Self::local(),
            "localstack" => Self::near(),
            _ => Self::aws(),
        }
    }

    fn new(shortest: Duration, longest: Duration, jitter: f64) -> Self {
        Self {
            shortest,
            longest,
            jitter,
            current: shortest,
        }
    }

    /// The next wait, given whether the last look brought something and a random number from 0 to 1.
    pub fn next(&mut self, something_came: bool, random: f64) -> Duration {
        if something_came {
            self.current = self.shortest;
        }
        let wait = self.current.mul_f64(1.0 + self.jitter * random.clamp(0.0, 1.0));
        self.current = self.current.mul_f64(1.5).min(self.longest);
        wait
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_local_pace_grows_to_its_limit_and_starts_over() {
        let mut pace = Pace::local();
        let waits: Vec<u128> = (0..8).map(|_| pace.next(false, 0.9).as_millis()).collect();
        assert_eq!(waits, [20, 30, 45, 67, 101, 151, 227, 250]);
        assert_eq!(pace.next(true, 0.9).as_millis(), 20);
    }

    #[test]
    fn aws_is_asked_at_most_once_a_second() {
        let mut pace = Pace::aws();
        for random in [0.0, 0.5, 1.0, 7.0, -1.0] {
            let wait = pace.next(true, random);
            assert!(wait >= Duration::from_secs(1), "{wait:?}");
            assert!(wait <= Duration::from_millis(1250), "{wait:?}");
        }
    }
}
