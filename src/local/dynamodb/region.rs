//! The tables of one region: a database, and the thread that works on it.

use std::path::Path;
use std::sync::{Mutex, PoisonError, mpsc};
use std::thread::{Builder, JoinHandle};

use dynoxide::Database;
use tokio::sync::oneshot;

use super::whole;
use crate::local::api::ApiError;
use crate::local::clock::{self, Millis};

/// How often expired items are looked for, in milliseconds. AWS promises
/// ["within a few days"](https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/TTL.html).
const SWEEP_EVERY: Millis = 1000;
/// A sweep reads whole tables: this many times as long as one takes belongs to the calls.
const SWEEP_SHARE: Millis = 20;

/// The engine descends into expressions: 4 KB of `NOT` are more than the 2 MB of other threads hold. Only what is used of it is taken.
const STACK: usize = 64 << 20;

type Job = Box<dyn FnOnce(&Database) + Send>;

/// A region, open.
pub(super) struct Region(Mutex<Option<Worker>>);

struct Worker {
    jobs: mpsc::Sender<Job>,
    thread: JoinHandle<()>,
}

impl Region {
    /// Opens or makes `<folder>/<name>.db`.
    pub(super) fn open(folder: &Path, name: &str) -> Result<Self, ApiError> {
        let path = folder.join(format!("{name}.db"));
        let failed = |why: String| {
            let message = format!("the tables in {} cannot be opened: {why}", path.display());
            ApiError::with_status(500, "InternalFailure", message)
        };
        std::fs::create_dir_all(folder).map_err(|error| failed(error.to_string()))?;
        let text = path.to_str().ok_or_else(|| failed("not a Unicode path".to_owned()))?;
        let database = Database::new(text).map_err(|error| failed(error.to_string()))?;
        // As in our store: a commit in the operating system's hands is enough against the death of this process. The end of
        // bulk loading is the engine's only way to be told so.
        database
            .disable_bulk_loading()
            .map_err(|error| failed(error.to_string()))?;
        whole::mend(&database, &whole::mark_of(folder, name))?;
        let (jobs, queue) = mpsc::channel();
        let thread = Builder::new()
            .name("dynamodb".to_owned())
            .stack_size(STACK)
            .spawn(move || work(&database, &queue))
            .map_err(|error| failed(error.to_string()))?;
        Ok(Self(Mutex::new(Some(Worker { jobs, thread }))))
    }

    /// Does a piece of work after those that came before. None if it panicked, or one before it: then the region is dead.
    pub(super) async fn run<T: Send + 'static>(&self, work: impl FnOnce(&Database) -> T + Send + 'static) -> Option<T> {
        let (done, result) = oneshot::channel();
        self.send(Box::new(move |database| {
            let _ = done.send(work(database));
        }))?;
        result.await.ok()
    }

    fn send(&self, job: Job) -> Option<()> {
        let worker = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        worker.as_ref()?.jobs.send(job).ok()
    }

    /// Does what was asked before, and closes the file.
    pub(super) async fn close(&self) {
        let worker = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(Worker { jobs, thread }) = worker {
            drop(jobs);
            let _ = tokio::task::spawn_blocking(|| thread.join()).await;
        }
    }
}

fn work(database: &Database, queue: &mpsc::Receiver<Job>) {
    let mut next_sweep: Millis = 0;
    while let Ok(job) = queue.recv() {
        let now = clock::now();
        if now >= next_sweep {
            // What could not be removed now is removed later; the call that comes meanwhile is not to blame.
            let _ = database.sweep_ttl();
            let ended = clock::now();
            next_sweep = ended + SWEEP_EVERY.max(ended.saturating_sub(now) * SWEEP_SHARE);
        }
        job(database);
    }
}
