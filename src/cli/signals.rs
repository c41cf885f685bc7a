//! Ctrl-C and SIGTERM.

use std::future::Future;

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

/// Counts, from now on, how often the process is asked to stop. Must be called inside the runtime.
pub(super) fn interruptions() -> watch::Receiver<u32> {
    let (count, seen) = watch::channel(0);
    tokio::spawn(count_them(count));
    seen
}

#[cfg(unix)]
fn count_them(count: watch::Sender<u32>) -> impl Future<Output = ()> {
    use tokio::signal::unix::{SignalKind, signal};

    let signals = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()));
    async move {
        let (Ok(mut interrupt), Ok(mut terminate)) = signals else {
            return;
        };
        loop {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
            count.send_modify(|count| *count += 1);
        }
    }
}

#[cfg(not(unix))]
async fn count_them(count: watch::Sender<u32>) {
    while tokio::signal::ctrl_c().await.is_ok() {
        count.send_modify(|count| *count += 1);
    }
}
