//! Ctrl-C and SIGTERM.

use std::future::Future;
#[cfg(unix)]
use std::time::Duration;

use tokio::sync::watch;

/// Listens from now on, not only from the first poll; ends when the process is asked to stop; never, if it cannot know.
/// Must be called inside the runtime.
#[cfg(unix)]
pub(super) fn interrupted() -> impl Future<Output = ()> {
    use tokio::signal::unix::{SignalKind, signal};

    let signals = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()));
    async move {
        let (Ok(mut interrupt), Ok(mut terminate)) = signals else {
            return std::future::pending().await;
        };
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
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

#[cfg(unix)]
fn count_them(count: watch::Sender<u32>) -> impl Future<Output = ()> {
    use tokio::signal::unix::{SignalKind, signal};
    use tokio::time::Instant;

    let signals = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()));
    async move {
        let (Ok(mut interrupt), Ok(mut terminate)) = signals else {
            return;
        };
        let mut last: Option<(SignalKind, Instant)> = None;
        loop {
            let kind = tokio::select! {
                _ = interrupt.recv() => SignalKind::interrupt(),
                _ = terminate.recv() => SignalKind::terminate(),
            };
            let is_echo = last.is_some_and(|(before, at)| before == kind && at.elapsed() < ECHO);
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
