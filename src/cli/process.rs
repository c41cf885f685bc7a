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

/// Whether the process that made a run on this host is still there.
pub(super) fn life(run: &TestRun) -> Life {
    // Where processes can be looked at, this one is there.
    if began(std::process::id()).is_none() {
        return Life::Unknown;
    }
    match began(run.process) {
        None => Life::Over,
        Some(_) if run.began == 0 => Life::Unknown,
        Some(began) if began == run.began => Life::GoesOn,
        // The id was given to another process since.
        Some(_) => Life::Over,
    }
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
    digest.update(read("/proc/sys/kernel/random/boot_id"));
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

/// When a process began, in a measure of the system's own; none if it is not there, or has ended and only its parent does not
/// know yet. [proc_pid_stat(5)](https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html): its name, in parentheses, may hold
/// anything; the state comes after it, the beginning nineteen fields later.
#[cfg(target_os = "linux")]
fn began(process: u32) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    let (_, after_name) = stat.rsplit_once(')')?;
    let mut fields = after_name.split_ascii_whitespace();
    match fields.next()? {
        "Z" | "X" => None,
        _ => fields.nth(18)?.parse().ok(),
    }
}

/// The same where there is no `/proc`: a digest of what `ps` says.
#[cfg(not(target_os = "linux"))]
fn began(process: u32) -> Option<u64> {
    let began = told_by("ps", &["-o", "lstart=", "-p", &process.to_string()])?;
    let digest = Sha256::digest(began.as_bytes());
    digest.first_chunk::<6>().map(|bytes| {
        let mut number = [0; 8];
        number[2..].copy_from_slice(bytes);
        u64::from_be_bytes(number)
    })
}

/// The first line that a program says, if it says one and ends well.
fn told_by(program: &str, args: &[&str]) -> Option<String> {
    let output = std::process::Command::new(program).args(args).output().ok()?;
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
        assert_eq!(host(), run.host);
        assert_eq!(TestRun::parse(&run.to_string()), Some(run));
    }
}
