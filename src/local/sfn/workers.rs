//! Threads for what computes: executions advance here, so that no expression keeps the runtime from answering calls.
//!
//! Work is done in the order in which it comes, in short pieces, so that everybody has a turn. What is under way when nobody
//! waits for it any more is finished for nothing; a process that ends does not wait for it.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use tokio::sync::oneshot;

type Work = Box<dyn FnOnce() + Send>;

/// The threads. They end when this is dropped.
pub(super) struct Workers {
    queue: Sender<Work>,
}

impl Workers {
    /// One thread for each processor, but at least two, so that one piece of work that takes long does not hold up all others.
    pub(super) fn new() -> Self {
        let (queue, work) = channel();
        let work = Arc::new(Mutex::new(work));
        let threads = thread::available_parallelism().map_or(2, |cores| cores.get().max(2));
        for _ in 0..threads {
            let work = work.clone();
            // Without any thread, work is done where it comes from.
            let _ = thread::Builder::new()
                .name("execution".to_owned())
                .spawn(move || serve(&work));
        }
        Self { queue }
    }

    /// Has something computed. A panic in it comes out here.
    pub(super) async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> T {
        let (sender, result) = oneshot::channel::<Result<T, Box<dyn Any + Send>>>();
        let work: Work = Box::new(move || {
            let _ = sender.send(catch_unwind(AssertUnwindSafe(work)));
        });
        if let Err(refused) = self.queue.send(work) {
            (refused.0)();
        }
        match result.await {
            Ok(Ok(value)) => value,
            Ok(Err(panic)) => resume_unwind(panic),
            // A thread answers whatever happens.
            Err(_) => std::future::pending().await,
        }
    }
}

fn serve(work: &Mutex<Receiver<Work>>) {
    loop {
        let next = work.lock().unwrap_or_else(PoisonError::into_inner).recv();
        match next {
            Ok(next) => next(),
            Err(_) => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn work_gives_its_result_and_a_panic_ends_no_thread() {
        let workers = Arc::new(Workers::new());
        for _ in 0..64 {
            let broken = workers.clone();
            let broken = tokio::spawn(async move { broken.run(|| resume_unwind(Box::new("broken"))).await });
            assert!(broken.await.is_err_and(|error| error.is_panic()));
        }
        assert_eq!(workers.run(|| 6 * 7).await, 42);
    }
}
