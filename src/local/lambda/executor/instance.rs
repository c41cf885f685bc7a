//! One execution environment: a process, its Runtime API and its output, one invocation at a time.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};

use super::failure::Failure;
use super::interpreter::{self, Interpreter};
use super::output::Output;
use super::process::{Process, Spawner};
use super::runtime_api::{Event, Report, RuntimeApi};
use super::transcript::Transcript;
use super::{Request, Spec, environment, memory};

/// How often the memory of a process is looked at.
const MEMORY_CHECK: Duration = Duration::from_millis(100);
const NODE_SHIM: &str = include_str!("../shim/node.mjs");
const PYTHON_SHIM: &str = include_str!("../shim/python.py");

pub(super) struct Instance {
    pub(super) spec: Arc<Spec>,
    pub(super) log_stream: String,
    /// Since when it waits for an event.
    pub(super) idle_since: Instant,
    process: Process,
    api: RuntimeApi,
    output: Output,
    /// It asked for the next event.
    ready: bool,
    /// Bytes, the most that was seen.
    memory: u64,
}

/// Until when, and what AWS calls that time.
#[derive(Clone, Copy)]
pub(super) struct Limit {
    pub(super) deadline: Instant,
    pub(super) timeout: Duration,
}

impl Limit {
    pub(super) fn after(timeout: Duration) -> Self {
        Self {
            deadline: Instant::now() + timeout,
            timeout,
        }
    }
}

impl Instance {
    /// Starts the process and waits until it asks for its first event.
    pub(super) async fn start(
        spec: Arc<Spec>,
        spawner: &Spawner,
        runtime_folder: &Path,
        endpoint: &str,
        transcript: &mut Transcript,
        limit: Limit,
    ) -> Result<Self, Failure> {
        let broken = |problem: io::Error| Failure::InvalidEntrypoint(problem.to_string());
        let runtime = spec.runtime.clone();
        let interpreter = tokio::task::spawn_blocking(move || interpreter::interpreter(&runtime))
            .await
            .map_err(|problem| Failure::InvalidEntrypoint(problem.to_string()))?
            .map_err(Failure::InvalidEntrypoint)?;
        let api = RuntimeApi::serve().await.map_err(broken)?;
        let (output, writer) = Output::new(interpreter != Interpreter::Bootstrap).map_err(broken)?;
        let mut command = command(&spec, &interpreter, runtime_folder)?;
        command
            .env_clear()
            .envs(environment::variables(
                &spec,
                &interpreter,
                api.address,
                endpoint,
                &transcript.stream,
                runtime_folder,
            ))
            .current_dir(&spec.task_root)
            .stdin(Stdio::null())
            .stderr(writer.try_clone().map_err(broken)?)
            .stdout(writer);
        let process = spawner.start(command).await.map_err(|problem| not_started(&problem))?;
        let mut instance = Self {
            log_stream: transcript.stream.clone(),
            spec,
            idle_since: Instant::now(),
            process,
            api,
            output,
            ready: false,
            memory: 0,
        };
        instance.until_ready(transcript, limit).await?;
        Ok(instance)
    }

    /// Runs one invocation; `now_ms` is the time for its deadline.
    pub(super) async fn invoke(
        &mut self,
        request: &Request,
        now_ms: u64,
        transcript: &mut Transcript,
        limit: Limit,
    ) -> Result<Bytes, Failure> {
        self.ready = false;
        let left = limit.deadline.saturating_duration_since(Instant::now());
        self.api
            .deliver(event(request, &self.spec, now_ms + left.as_millis() as u64));
        let result = self
            .until(transcript, limit, |report| match report {
                Report::Response(body) => Some(Ok(body)),
                Report::ResponseTooLarge => Some(Err(Failure::ResponseTooLarge)),
                Report::Error(body) | Report::InitError(body) => Some(Err(Failure::Reported(body))),
                Report::Ready => None,
            })
            .await;
        transcript.print(self.output.drain());
        self.memory = self.memory.max(memory::resident(self.process.id()));
        result
    }

    /// Waits until it can take an event.
    pub(super) async fn until_ready(&mut self, transcript: &mut Transcript, limit: Limit) -> Result<(), Failure> {
        if !self.ready {
            self.until(transcript, limit, |report| match report {
                Report::Ready => Some(Ok(())),
                Report::InitError(body) | Report::Error(body) => Some(Err(Failure::Reported(body))),
                Report::Response(_) | Report::ResponseTooLarge => None,
            })
            .await?;
        }
        transcript.print(self.output.drain());
        self.idle_since = Instant::now();
        Ok(())
    }

    /// Whether it waits for an event and has not ended.
    pub(super) fn is_usable(&mut self) -> bool {
        self.ready && self.process.is_running()
    }

    pub(super) fn memory(&self) -> u64 {
        self.memory
    }

    /// Looks after the process until a report is the wanted one.
    async fn until<T>(
        &mut self,
        transcript: &mut Transcript,
        limit: Limit,
        wanted: impl Fn(Report) -> Option<Result<T, Failure>>,
    ) -> Result<T, Failure> {
        let mut memory_check = interval(MEMORY_CHECK);
        memory_check.set_missed_tick_behavior(MissedTickBehavior::Delay);
        memory_check.reset();
        loop {
            // In this order: a result counts even if the process ends with it, and nothing it prints can hold up its end.
            tokio::select! {
                biased;
                Some(report) = self.api.reports.recv() => {
                    self.ready |= matches!(report, Report::Ready);
                    if let Some(result) = wanted(report) {
                        return result;
                    }
                }
                () = sleep_until(limit.deadline) => {
                    self.process.kill();
                    transcript.print(self.output.drain());
                    return Err(Failure::TimedOut(limit.timeout));
                }
                _ = memory_check.tick() => {
                    self.memory = self.memory.max(memory::resident(self.process.id()));
                    if self.memory > self.spec.memory * 1024 * 1024 {
                        self.process.kill();
                        transcript.print(self.output.drain());
                        return Err(Failure::OutOfMemory);
                    }
                }
                status = self.process.ended() => {
                    self.process.kill();
                    transcript.print(self.output.drain());
                    return Err(match status {
                        Ok(status) => Failure::Exited(status),
                        Err(problem) => Failure::InvalidEntrypoint(problem.to_string()),
                    });
                }
                lines = self.output.lines() => transcript.print(lines),
            }
        }
    }
}

fn command(spec: &Spec, interpreter: &Interpreter, runtime_folder: &Path) -> Result<Command, Failure> {
    let shim = |name: &str, text: &str| {
        shim(runtime_folder, name, text).map_err(|problem| Failure::InvalidEntrypoint(problem.to_string()))
    };
    Ok(match interpreter {
        Interpreter::Node(program) => {
            let mut command = Command::new(program);
            // Its garbage collector does not know our limit.
            command
                .arg(format!("--max-old-space-size={}", spec.memory * 9 / 10))
                .arg(shim("index.mjs", NODE_SHIM)?);
            command
        }
        Interpreter::Python(program) => {
            let mut command = Command::new(program);
            command.arg("-u").arg(shim("bootstrap.py", PYTHON_SHIM)?);
            command
        }
        Interpreter::Bootstrap => {
            let bootstrap = spec.task_root.join("bootstrap");
            if !bootstrap.is_file() {
                return Err(Failure::InvalidEntrypoint(
                    "Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]".to_owned(),
                ));
            }
            Command::new(bootstrap)
        }
    })
}

/// Writes a shim where interpreters can read it, unless it is there.
fn shim(folder: &Path, name: &str, text: &str) -> io::Result<std::path::PathBuf> {
    let path = folder.join(name);
    if !fs::read(&path).is_ok_and(|there| there == text.as_bytes()) {
        fs::create_dir_all(folder)?;
        // Renamed into place, so that no process reads half of it.
        let part = folder.join(format!("{name}.{:?}", std::thread::current().id()));
        fs::write(&part, text)?;
        fs::rename(&part, &path)?;
    }
    Ok(path)
}

fn event(request: &Request, spec: &Spec, deadline_ms: u64) -> Event {
    let mut headers = vec![
        ("lambda-runtime-aws-request-id", request.id.clone()),
        ("lambda-runtime-deadline-ms", deadline_ms.to_string()),
        ("lambda-runtime-invoked-function-arn", spec.arn.clone()),
        ("lambda-runtime-trace-id", request.trace_id.clone()),
    ];
    if let Some(context) = &request.client_context {
        headers.push(("lambda-runtime-client-context", context.clone()));
    }
    Event {
        request_id: request.id.clone(),
        headers,
        payload: request.payload.clone(),
    }
}

fn not_started(problem: &io::Error) -> Failure {
    let why = match problem.kind() {
        ErrorKind::PermissionDenied => "permission denied".to_owned(),
        ErrorKind::NotFound => "no such file or directory".to_owned(),
        _ => problem.to_string(),
    };
    Failure::InvalidEntrypoint(format!("fork/exec /var/task/bootstrap: {why}"))
}
