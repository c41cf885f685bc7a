//! Which process this is, and whether another one is still there: so that what a killed run left can be told from what a
//! running one needs.

use std::fs;

use sha2::{Digest, Sha256};

use super::clock::now_ms;
use crate::plan::TestRun;

/// Letters of a host's name that are kept.
const HOST_MAX: usize = 40;

/// A test run of this process, made now, which takes no more than so many seconds.
pub(super) fn test_run(lasts: u64, kept: bool) -> TestRun {
    let process = std::process::id();
    TestRun {
        host: host(),
        process,
        began: began(process).unwrap_or_default(),
        at: now_ms() / 1000,
        lasts,
        kept,
    }
}

/// What is known of the process that made a run.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Life {
    GoesOn,
    Over,
    Unknown,
}

/// Whether the process that made a run on this host is still there. Whoever takes it for ended removes what it uses, so that this has
/// to be certain.
pub(super) fn life(run: &TestRun) -> Life {
    if boot().is_none() {
        // Then another host of this name may have made it.
        return Life::Unknown;
    }
    match seen(run.process) {
        Seen::Began(_) if run.began == 0 => Life::Unknown,
        Seen::Began(began) if began == run.began => Life::GoesOn,
        // The id was given to another process since.
        Seen::Began(_) | Seen::Ended => Life::Over,
        Seen::Nothing if is_gone(run.process) => Life::Over,
        // Processes of others may be hidden: `hidepid` of proc(5).
        Seen::Nothing => Life::Unknown,
    }
}

/// Whether no process has this id, whoever's it is.
#[cfg(unix)]
fn is_gone(process: u32) -> bool {
    use rustix::process::{Pid, test_kill_process};

    let id = i32::try_from(process).ok().and_then(Pid::from_raw);
    id.is_some_and(|id| test_kill_process(id) == Err(rustix::io::Errno::SRCH))
}

#[cfg(not(unix))]
fn is_gone(_process: u32) -> bool {
    false
}

/// The name of this host, and a digest of what tells apart hosts of one name: containers have their own processes, and every
/// start of a machine has a new beginning.
pub(super) fn host() -> String {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let name = Some(read("/proc/sys/kernel/hostname"))
        .map(|name| name.trim().to_owned())
        .filter(|name| !name.is_empty())
        .or_else(|| told_by("hostname", &[]))
        .unwrap_or_else(|| "unknown".to_owned());
    let processes = fs::read_link("/proc/self/ns/pid").unwrap_or_default();
    let mut digest = Sha256::new();
    digest.update(&name);
    digest.update(boot().unwrap_or_default());
    digest.update(processes.to_string_lossy().as_bytes());
    let id: String = digest
        .finalize()
        .iter()
        .take(4)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let plain = |letter: char| match letter {
        letter if letter.is_ascii_alphanumeric() || letter == '.' => letter,
        _ => '-',
    };
    let name: String = name.chars().take(HOST_MAX).map(plain).collect();
    format!("{name}.{id}")
}

/// What this start of the machine is called, if it has a name.
fn boot() -> Option<String> {
    match fs::read_to_string("/proc/sys/kernel/random/boot_id") {
        Ok(id) => Some(id),
        Err(_) => told_by("sysctl", &["-n", "kern.bootsessionuuid"]),
    }
}

/// What can be seen of a process.
enum Seen {
    /// When it began, in a measure of the system's own.
    Began(u64),
    /// It has ended, and only its parent does not know yet.
    Ended,
    /// It is not there, or hidden.
    Nothing,
}

fn began(process: u32) -> Option<u64> {
    match seen(process) {
        Seen::Began(began) => Some(began),
        Seen::Ended | Seen::Nothing => None,
    }
}

/// Reads [proc_pid_stat(5)](https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html): the name, in parentheses, may hold
/// anything; the state comes after it, the beginning nineteen fields later.
#[cfg(target_os = "linux")]
fn seen(process: u32) -> Seen {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    let Some((_, after_name)) = stat.rsplit_once(')') else {
        return Seen::Nothing;
    };
    let mut fields = after_name.split_ascii_whitespace();
    match fields.next() {
        Some("Z" | "X") => Seen::Ended,
        _ => fields
            .nth(18)
            .and_then(|began| began.parse().ok())
            .map_or(Seen::Nothing, Seen::Began),
    }
}

/// The same where there is no `/proc`: a digest of what `ps` says.
#[cfg(not(target_os = "linux"))]
fn seen(process: u32) -> Seen {
    let Some(began) = told_by("ps", &["-o", "lstart=", "-p", &process.to_string()]) else {
        return Seen::Nothing;
    };
    let digest = Sha256::digest(began.as_bytes());
    let began = digest.first_chunk::<6>().map(|bytes| {
        let mut number = [0; 8];
        number[2..].copy_from_slice(bytes);
        u64::from_be_bytes(number)
    });
    began.map_or(Seen::Nothing, Seen::Began)
}

/// The first line that a program says, if it says one and ends well.
fn told_by(program: &str, args: &[&str]) -> Option<String> {
    let mut command = std::process::Command::new(program);
    // Every user is to be told the same.
    command.args(args).env("LC_ALL", "C").env("TZ", "UTC");
    let output = command.output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let line = text.lines().next().unwrap_or_default().trim().to_owned();
    (output.status.success() && !line.is_empty()).then_some(line)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn this_process_is_there_and_others_are_told_from_it() {
        let run = test_run(60, false);
        let check = |run: &TestRun, began: u64, expected: Life| {
            assert_eq!(life(&TestRun { began, ..run.clone() }), expected, "{run:?} {began}");
        };
        check(&run, run.began, Life::GoesOn);
        check(&run, run.began + 1, Life::Over);
        check(&run, 0, Life::Unknown);
        let mut child = std::process::Command::new("true").spawn().unwrap();
        let ended = TestRun {
            process: child.id(),
            ..run.clone()
        };
        child.wait().unwrap();
        check(&ended, run.began, Life::Over);
        // As those are that `hidepid` hides.
        assert!(!is_gone(run.process));
        assert!(!is_gone(1), "there always is one, whoever's it is");
        assert_eq!(host(), run.host);
        assert_eq!(TestRun::parse(&run.to_string()), Some(run));
    }
}
