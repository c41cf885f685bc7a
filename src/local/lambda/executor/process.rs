//! Processes that end with us, however we end.

use std::collections::HashSet;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::process::{Command, ExitStatus};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};

use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::Pid;
use tokio::process::Child;
use tokio::sync::oneshot;

/// Starts processes, all from one thread: the kernel ends a process when the thread that started it ends, and a thread of
/// the async runtime may end long before we do.
pub(super) struct Spawner {
    orders: mpsc::Sender<Order>,
    live: Live,
}

struct Order {
    command: Command,
    runtime: tokio::runtime::Handle,
    reply: oneshot::Sender<io::Result<Child>>,
}

/// The process groups that are running; none once it is closed.
#[derive(Clone)]
struct Live(Arc<Mutex<Option<HashSet<i32>>>>);

impl Live {
    fn groups(&self) -> MutexGuard<'_, Option<HashSet<i32>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Spawner {
    pub(super) fn new() -> Self {
        let (orders, taken) = mpsc::channel::<Order>();
        let start = move || {
            for order in taken {
                let _context = order.runtime.enter();
                // Nobody waits any more: dropping the child kills it.
                let _ = order.reply.send(spawn(order.command));
            }
        };
        // Without the thread, `orders` is closed, and every start fails with an error that says so.
        let _ = std::thread::Builder::new()
            .name("lambda-spawner".to_owned())
            .spawn(start);
        Self {
            orders,
            live: Live(Arc::new(Mutex::new(Some(HashSet::new())))),
        }
    }

    /// Starts a command in a process group of its own.
    pub(super) async fn start(&self, command: Command) -> io::Result<Process> {
        let (reply, started) = oneshot::channel();
        let stopped = || io::Error::other("the thread that starts processes has ended");
        self.orders
            .send(Order {
                command,
                runtime: tokio::runtime::Handle::current(),
                reply,
            })
            .map_err(|_| stopped())?;
        let child = started.await.map_err(|_| stopped())??;
        let group = child
            .id()
            .and_then(|id| i32::try_from(id).ok())
            .ok_or_else(|| io::Error::other("the process has no id"))?;
        match self.live.groups().as_mut() {
            Some(groups) => groups.insert(group),
            // Dropping the child kills it.
            None => return Err(io::Error::other("the local cloud is closing")),
        };
        Ok(Process {
            child,
            group,
            live: self.live.clone(),
        })
    }

    /// Kills all that runs, and starts no more.
    pub(super) fn close(&self) {
        for group in self.live.groups().take().into_iter().flatten() {
            // It may have ended by itself.
            let _ = killpg(Pid::from_raw(group), Signal::SIGKILL);
        }
    }
}

fn spawn(mut command: Command) -> io::Result<Child> {
    use std::os::unix::process::CommandExt as _;
    command.process_group(0);
    die_with_parent(&mut command);
    tokio::process::Command::from(command).kill_on_drop(true).spawn()
}

/// Even `kill -9` of this process leaves no function behind.
#[cfg(target_os = "linux")]
#[allow(unsafe_code)]
fn die_with_parent(command: &mut Command) {
    use std::os::unix::process::CommandExt as _;
    let parent = nix::unistd::getpid();
    let ask = move || {
        nix::sys::prctl::set_pdeathsig(Signal::SIGKILL)?;
        // It ended before we could ask.
        if nix::unistd::getppid() != parent {
            return Err(io::Error::from_raw_os_error(nix::libc::ESRCH));
        }
        Ok(())
    };
    // SAFETY: between fork and exec the closure makes two system calls and allocates nothing.
    unsafe {
        command.pre_exec(ask);
    }
}

/// Elsewhere the shims end when the connection to the Runtime API does.
#[cfg(not(target_os = "linux"))]
fn die_with_parent(_command: &mut Command) {}

/// Kills what functions started and detached from their process group, found by the variable with the runtime folder of this
/// local cloud, which all of them inherit. Only the owner of the folder may do so, while no function of it runs. Nothing
/// where there is no `/proc`.
pub(super) fn kill_detached(runtime_folder: &Path) {
    if !runtime_folder.is_absolute() || !runtime_folder.is_dir() {
        return;
    }
    let mut mark = b"LAMBDA_RUNTIME_DIR=".to_vec();
    mark.extend_from_slice(runtime_folder.as_os_str().as_bytes());
    for process in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let id = process.file_name().to_str().and_then(|id| id.parse::<i32>().ok());
        let Some(id) = id else { continue };
        let variables = fs::read(process.path().join("environ")).unwrap_or_default();
        if variables.split(|byte| *byte == 0).any(|variable| variable == mark) {
            // It may have ended by itself.
            let _ = kill(Pid::from_raw(id), Signal::SIGKILL);
        }
    }
}

/// A running process and its group; killed when dropped.
pub(super) struct Process {
    child: Child,
    group: i32,
    live: Live,
}

impl Process {
    /// Waits for its end. Cancel safe.
    pub(super) async fn ended(&mut self) -> io::Result<ExitStatus> {
        self.child.wait().await
    }

    /// Whether it has not ended yet.
    pub(super) fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    pub(super) fn id(&self) -> i32 {
        self.group
    }

    /// Kills the whole group.
    pub(super) fn kill(&self) {
        // Also when the leader has ended: its children have not.
        let _ = killpg(Pid::from_raw(self.group), Signal::SIGKILL);
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
        if let Some(groups) = self.live.groups().as_mut() {
            groups.remove(&self.group);
        }
    }
}
