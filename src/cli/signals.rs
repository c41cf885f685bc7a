//! Ctrl-C, SIGTERM and SIGHUP.

use std::future::Future;
#[cfg(unix)]
use std::time::Duration;

use tokio::sync::watch;

/// Listens from now on, not only from the first poll; ends when the process is asked to stop; never, if it cannot know.
/// Must be called inside the runtime.
#[cfg(unix)]
pub(super) fn interrupted() -> impl Future<Output = ()> {
    let requests = unix::Requests::new();
    async move {
        match requests {
            Ok(mut requests) => {
                requests.next().await;
            }
            Err(_) => std::future::pending().await,
        }
    }
}

/// Ends when the process is asked to stop; never, if it cannot know.
#[cfg(not(unix))]
pub(super) fn interrupted() -> impl Future<Output = ()> {
    async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending().await
        }
    }
}

/// A signal that comes twice within this time was sent once, to the process and to its group: as `timeout` does it.
#[cfg(unix)]
const ECHO: Duration = Duration::from_millis(300);

/// Counts, from now on, how often the process is asked to stop. Must be called inside the runtime.
pub(super) fn interruptions() -> watch::Receiver<u32> {
    let (count, seen) = watch::channel(0);
    tokio::spawn(count_them(count));
    seen
}

/// Ends once the process was asked to stop so often; never, if it cannot know. Unlike `wait_for` it gives no guard: one that
/// lives on in an arm of `select!` keeps the next signal from being counted.
pub(super) async fn asked(interruptions: &watch::Receiver<u32>, times: u32) {
    let mut interruptions = interruptions.clone();
    if interruptions.wait_for(|count| *count >= times).await.is_err() {
        std::future::pending().await
    }
}

#[cfg(unix)]
fn count_them(count: watch::Sender<u32>) -> impl Future<Output = ()> {
    use tokio::time::Instant;

    let requests = unix::Requests::new();
    async move {
        let Ok(mut requests) = requests else {
            return;
        };
        let mut last = None;
        loop {
            let kind = requests.next().await;
            let is_echo = last.is_some_and(|(before, at): (_, Instant)| before == kind && at.elapsed() < ECHO);
            last = Some((kind, Instant::now()));
            if !is_echo {
                count.send_modify(|count| *count += 1);
            }
        }
    }
}

#[cfg(not(unix))]
async fn count_them(count: watch::Sender<u32>) {
    while tokio::signal::ctrl_c().await.is_ok() {
        count.send_modify(|count| *count += 1);
    }
}

#[cfg(unix)]
mod unix {
    use std::io;

    use tokio::signal::unix::{Signal, SignalKind, signal};

    /// The signals that ask a process to stop.
    pub(super) struct Requests {
        interrupt: Signal,
        terminate: Signal,
        /// None if whoever started the process has it survive its terminal, as `nohup` does.
        hang_up: Option<Signal>,
    }

    impl Requests {
        pub(super) fn new() -> io::Result<Self> {
            let hang_up = (!ignores_hang_up()).then(|| signal(SignalKind::hangup()));
            Ok(Self {
                interrupt: signal(SignalKind::interrupt())?,
                terminate: signal(SignalKind::terminate())?,
                hang_up: hang_up.transpose()?,
            })
        }

        pub(super) async fn next(&mut self) -> SignalKind {
            let Self {
                interrupt,
                terminate,
                hang_up,
            } = self;
            let hung_up = async {
                match hang_up {
                    Some(hang_up) => hang_up.recv().await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                _ = interrupt.recv() => SignalKind::interrupt(),
                _ = terminate.recv() => SignalKind::terminate(),
                _ = hung_up => SignalKind::hangup(),
            }
        }
    }

    /// Whether SIGHUP is ignored, as far as `/proc` tells.
    fn ignores_hang_up() -> bool {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
        // SIGHUP is signal 1, the lowest bit.
        ignored.is_some_and(|mask| mask.trim().ends_with(['1', '3', '5', '7', '9', 'b', 'd', 'f']))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_request_that_is_acted_upon_does_not_keep_the_next_from_being_counted() {
        let (count, seen) = watch::channel(1);
        tokio::select! {
            () = asked(&seen, 1) => {
                let counted = tokio::task::spawn_blocking(move || count.send_modify(|count| *count += 1));
                let counted = tokio::time::timeout(std::time::Duration::from_secs(5), counted).await;
                assert!(counted.is_ok());
            }
        }
        assert_eq!(*seen.borrow(), 2);
    }
}
