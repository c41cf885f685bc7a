//! Runs functions: a pool of processes that are kept warm, as many at once as there are invocations.

mod environment;
mod failure;
mod instance;
pub(super) mod interpreter;
mod memory;
mod output;
mod process;
mod runtime_api;
mod transcript;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use bytes::Bytes;
use indexmap::IndexMap;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep, timeout};

use super::Surroundings;
use failure::Failure;
use instance::{Instance, Limit};
use process::Spawner;
use transcript::{Transcript, Usage};

/// Invocations that run at once before others wait …
const COMFORTABLE: usize = 64;
/// … and how long they wait. Then they run all the same: those that run may be waiting for them.
const PATIENCE: Duration = Duration::from_secs(5);
/// <https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html#runtimes-lifecycle-ib>
const INIT_LIMIT: Duration = Duration::from_secs(10);
/// How long a result is held back for its process to be ready again, so that the next invocation finds it warm.
const GRACE: Duration = Duration::from_millis(200);
const MOST_IDLE: usize = 32;
const IDLE_LIMIT: Duration = Duration::from_secs(300);

/// What to run. The environment may hold secrets: not for printing.
#[derive(Clone)]
pub(super) struct Spec {
    pub(super) region: String,
    pub(super) name: String,
    pub(super) arn: String,
    /// Processes of another revision are not used.
    pub(super) revision: String,
    pub(super) runtime: String,
    pub(super) handler: String,
    pub(super) timeout: Duration,
    /// MB.
    pub(super) memory: u64,
    pub(super) environment: IndexMap<String, String>,
    pub(super) log_group: String,
    /// The folder with the code, without links in its path.
    pub(super) task_root: PathBuf,
}

/// One invocation.
#[derive(Clone)]
pub(super) struct Request {
    pub(super) id: String,
    /// JSON.
    pub(super) payload: Bytes,
    pub(super) trace_id: String,
    /// JSON.
    pub(super) client_context: Option<String>,
}

/// What came of it.
pub(super) struct Finished {
    /// The result, or the error as JSON.
    pub(super) payload: Bytes,
    pub(super) failed: bool,
    /// The last 4 KB of the log.
    pub(super) log_tail: String,
}

/// Why it was not run.
pub(super) enum Refused {
    /// For that reason, in AWS's words.
    Throttled(&'static str),
    Broken(String),
}

/// Cheap to clone. [`Executor::shutdown`] ends all processes.
#[derive(Clone)]
pub(super) struct Executor(Arc<Inner>);

struct Inner {
    spawner: Spawner,
    surroundings: Arc<dyn Surroundings>,
    /// Where the shims are.
    runtime_folder: PathBuf,
    places: Arc<Semaphore>,
    /// Processes that may start at once.
    starts: Arc<Semaphore>,
    /// Told when a process became idle.
    became_idle: Notify,
    pools: Mutex<Pools>,
    is_reaping: AtomicBool,
}

#[derive(Default)]
struct Pools {
    functions: HashMap<(String, String), Pool>,
    closed: bool,
}

#[derive(Default)]
struct Pool {
    idle: Vec<Instance>,
    running: u64,
    /// Counts updates; processes of an earlier one are not kept.
    generation: u64,
}

impl Executor {
    pub(super) fn new(runtime_folder: PathBuf, surroundings: Arc<dyn Surroundings>) -> Self {
        // What a killed owner of the folder could not end.
        process::kill_detached(&runtime_folder);
        Self(Arc::new(Inner {
            spawner: Spawner::new(),
            surroundings,
            runtime_folder,
            places: Arc::new(Semaphore::new(COMFORTABLE)),
            starts: Arc::new(Semaphore::new(
                2 * std::thread::available_parallelism().map_or(1, usize::from),
            )),
            became_idle: Notify::new(),
            pools: Mutex::default(),
            is_reaping: AtomicBool::new(false),
        }))
    }

    /// Counts an invocation of a function, of which `most` may be running.
    pub(super) fn enter(&self, region: &str, name: &str, most: Option<u64>) -> Result<Running, Refused> {
        let key = (region.to_owned(), name.to_owned());
        let mut pools = self.0.pools();
        if pools.closed {
            return Err(Refused::Broken("the local cloud is closing".to_owned()));
        }
        let pool = pools.functions.entry(key.clone()).or_default();
        if most.is_some_and(|most| pool.running >= most) {
            return Err(Refused::Throttled("ReservedFunctionConcurrentInvocationLimitExceeded"));
        }
        pool.running += 1;
        Ok(Running {
            inner: self.0.clone(),
            key,
            generation: pool.generation,
        })
    }

    /// Runs an invocation to its end, even if the caller goes away.
    pub(super) async fn run(&self, spec: Spec, request: Request, running: Running) -> Result<Finished, Refused> {
        let executor = self.clone();
        tokio::spawn(async move {
            // Held until the end; none if it came to running without.
            let _place = timeout(PATIENCE, executor.0.places.clone().acquire_owned()).await;
            executor.run_now(Arc::new(spec), request, running).await
        })
        .await
        .map_err(|problem| Refused::Broken(format!("the invocation broke off: {problem}")))
    }

    /// Whether invocations of a function are running; none are once it is shut down.
    pub(super) fn is_busy(&self, region: &str, name: &str) -> bool {
        let key = (region.to_owned(), name.to_owned());
        let pools = self.0.pools();
        !pools.closed && pools.functions.get(&key).is_some_and(|pool| pool.running > 0)
    }

    /// Ends a function's idle processes now, and the others after their invocation.
    pub(super) fn retire(&self, region: &str, name: &str) {
        let key = (region.to_owned(), name.to_owned());
        if let Some(pool) = self.0.pools().functions.get_mut(&key) {
            pool.generation += 1;
            pool.idle.clear();
        }
    }

    /// Ends all processes; what is invoked from now on is refused. Only the first time: later the folder may be somebody
    /// else's, and with it the processes that are found by it.
    pub(super) fn shutdown(&self) {
        let mut pools = self.0.pools();
        if std::mem::replace(&mut pools.closed, true) {
            return;
        }
        pools.functions.values_mut().for_each(|pool| pool.idle.clear());
        drop(pools);
        self.0.spawner.close();
        process::kill_detached(&self.0.runtime_folder);
    }

    async fn run_now(&self, spec: Arc<Spec>, request: Request, running: Running) -> Finished {
        let surroundings = &self.0.surroundings;
        let (warm, starting) = self.0.process_or_start(&spec).await;
        let stream = match &warm {
            Some(instance) => instance.log_stream.clone(),
            None => Transcript::new_stream(surroundings.as_ref()),
        };
        let mut transcript = Transcript::new(surroundings.clone(), &spec, &request, stream);
        let begun = Instant::now();
        let (started, limit, init) = match warm {
            Some(instance) => (Ok(instance), Limit::after(spec.timeout), None),
            None => {
                let (started, limit) = self.start(&spec, &mut transcript).await;
                drop(starting);
                (started, limit, Some(begun.elapsed()))
            }
        };
        transcript.start();
        let invoked = Instant::now();
        let (result, instance, memory) = match started {
            Ok(mut instance) => {
                let now = surroundings.now_ms();
                let result = instance.invoke(&request, now, &mut transcript, limit).await;
                let usable = result.as_ref().err().is_none_or(Failure::leaves_process_usable);
                let memory = instance.memory();
                (result, usable.then_some(instance), memory)
            }
            Err(failure) => (Err(failure), None, 0),
        };
        let duration = invoked.elapsed();
        if let Some(instance) = instance {
            self.put_back(instance, running, &mut transcript, limit).await;
        }
        let failure = result.as_ref().err();
        if let Some(failure) = failure {
            transcript.failed(failure);
        }
        transcript.end(&spec, &Usage { duration, init, memory }, failure);
        transcript.flush();
        Finished {
            failed: result.is_err(),
            log_tail: transcript.tail(),
            payload: result.unwrap_or_else(|failure| failure.payload(&request.id)),
        }
    }

    /// A cold start; if it takes too long, once more within the time of the invocation, as on AWS.
    async fn start(&self, spec: &Arc<Spec>, transcript: &mut Transcript) -> (Result<Instance, Failure>, Limit) {
        let endpoint = self.0.surroundings.endpoint();
        let Inner {
            spawner,
            runtime_folder,
            ..
        } = self.0.as_ref();
        let init = Limit::after(INIT_LIMIT);
        let first = Instance::start(spec.clone(), spawner, runtime_folder, &endpoint, transcript, init).await;
        let limit = Limit::after(spec.timeout);
        match first {
            Err(Failure::TimedOut(_)) => (
                Instance::start(spec.clone(), spawner, runtime_folder, &endpoint, transcript, limit).await,
                limit,
            ),
            other => (other, limit),
        }
    }

    /// Makes a process idle as soon as it asks for the next event.
    async fn put_back(&self, mut instance: Instance, running: Running, transcript: &mut Transcript, limit: Limit) {
        // What is left of the invocation's time is the process's own.
        match timeout(GRACE, instance.until_ready(transcript, limit)).await {
            Ok(Ok(())) => self.keep(instance, running),
            Ok(Err(_)) => {}
            Err(_) => {
                let executor = self.clone();
                let mut rest = transcript.continued();
                tokio::spawn(async move {
                    if instance.until_ready(&mut rest, limit).await.is_ok() {
                        executor.keep(instance, running);
                    }
                    rest.flush();
                });
            }
        }
    }

    fn keep(&self, instance: Instance, running: Running) {
        let generation = running.generation;
        drop(running);
        let mut pools = self.0.pools();
        if pools.closed {
            return;
        }
        let key = (instance.spec.region.clone(), instance.spec.name.clone());
        if let Some(pool) = pools
            .functions
            .get_mut(&key)
            .filter(|pool| pool.generation == generation)
        {
            pool.idle.push(instance);
        }
        pools.end_idle(Duration::MAX);
        drop(pools);
        self.0.became_idle.notify_waiters();
        self.reap();
    }

    /// Sees to it that processes which are idle for long are ended.
    fn reap(&self) {
        if self.0.is_reaping.swap(true, Ordering::AcqRel) {
            return;
        }
        let weak: Weak<Inner> = Arc::downgrade(&self.0);
        tokio::spawn(async move {
            loop {
                sleep(IDLE_LIMIT / 5).await;
                let Some(inner) = weak.upgrade() else { return };
                inner.pools().end_idle(IDLE_LIMIT);
            }
        });
    }
}

impl Inner {
    fn pools(&self) -> MutexGuard<'_, Pools> {
        self.pools.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An idle process, or leave to start one. When many are needed at once, those that are quickly done serve the others,
    /// instead of all of them starting side by side.
    async fn process_or_start(&self, spec: &Spec) -> (Option<Instance>, Option<OwnedSemaphorePermit>) {
        let patience = sleep(PATIENCE);
        tokio::pin!(patience);
        loop {
            let became_idle = self.became_idle.notified();
            tokio::pin!(became_idle);
            became_idle.as_mut().enable();
            if let Some(instance) = self.take_idle(spec) {
                return (Some(instance), None);
            }
            tokio::select! {
                starting = self.starts.clone().acquire_owned() => return (None, starting.ok()),
                () = &mut became_idle => {}
                // Those that start may be waiting for this one.
                () = &mut patience => return (None, None),
            }
        }
    }

    /// The process that was idle for the shortest time.
    fn take_idle(&self, spec: &Spec) -> Option<Instance> {
        let mut pools = self.pools();
        let pool = pools.functions.get_mut(&(spec.region.clone(), spec.name.clone()))?;
        while let Some(mut instance) = pool.idle.pop() {
            if instance.spec.revision == spec.revision && instance.is_usable() {
                return Some(instance);
            }
        }
        None
    }
}

impl Pools {
    /// Ends processes that are idle for longer, and the oldest of too many.
    fn end_idle(&mut self, limit: Duration) {
        let mut since: Vec<Instant> = self
            .functions
            .values()
            .flat_map(|pool| pool.idle.iter().map(|instance| instance.idle_since))
            .collect();
        since.sort_unstable_by(|a, b| b.cmp(a));
        let oldest = since.get(MOST_IDLE - 1).copied();
        for pool in self.functions.values_mut() {
            pool.idle.retain(|instance| {
                instance.idle_since.elapsed() <= limit && oldest.is_none_or(|oldest| instance.idle_since >= oldest)
            });
        }
        self.functions
            .retain(|_, pool| pool.running > 0 || !pool.idle.is_empty());
    }
}

/// An invocation that counts towards the function's concurrency until it is dropped.
pub(super) struct Running {
    inner: Arc<Inner>,
    key: (String, String),
    generation: u64,
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(pool) = self.inner.pools().functions.get_mut(&self.key) {
            pool.running = pool.running.saturating_sub(1);
        }
    }
}
