//! Which program of this machine runs a runtime's functions.

use std::collections::HashMap;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{LazyLock, Mutex, PoisonError};

/// What starts a function.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Interpreter {
    Node(PathBuf),
    Python(PathBuf),
    /// The executable `bootstrap` in the function's folder.
    Bootstrap,
}

/// Why this machine cannot run functions of a runtime; none if it can. Starts the interpreter once, to see that it works.
///
/// Any Node.js runs all `nodejs…` runtimes; for `pythonX.Y` the program of that name is preferred to `python3`.
pub fn runtime_problem(runtime: &str) -> Option<String> {
    interpreter(runtime).err()
}

pub(crate) fn interpreter(runtime: &str) -> Result<Interpreter, String> {
    if runtime.starts_with("nodejs") {
        return found(runtime, &["node"], &["-p", "process.execPath"]).map(Interpreter::Node);
    }
    if runtime.starts_with("python") {
        let print = ["-c", "import sys; print(sys.executable)"];
        return found(runtime, &[runtime, "python3"], &print).map(Interpreter::Python);
    }
    if runtime.starts_with("provided") {
        return Ok(Interpreter::Bootstrap);
    }
    Err(format!("not implemented by the local cloud: runtime {runtime}"))
}

/// The real path of the first program that works: what is in the path may be a version manager's launcher, which does not
/// work in a function's environment.
fn found(runtime: &str, programs: &[&str], print_path: &[&str]) -> Result<PathBuf, String> {
    static FOUND: LazyLock<Mutex<HashMap<String, PathBuf>>> = LazyLock::new(Mutex::default);
    let known = || FOUND.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(path) = known().get(runtime).filter(|path| path.is_file()) {
        return Ok(path.clone());
    }
    // All at once: the launchers of version managers take their time, also to say that they have no such version.
    let started: Vec<Option<Child>> = programs.iter().map(|program| start(program, print_path)).collect();
    let paths: Vec<Option<PathBuf>> = started.into_iter().map(|child| real_path(child?)).collect();
    let path = paths.into_iter().flatten().next().ok_or_else(|| {
        let program = programs.last().copied().unwrap_or_default();
        format!("the local cloud runs {runtime} with the program {program}, which is not in the PATH or does not work")
    })?;
    known().insert(runtime.to_owned(), path.clone());
    Ok(path)
}

fn start(program: &str, arguments: &[&str]) -> Option<Child> {
    let mut command = Command::new(program);
    command
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    // Ctrl-C goes to the whole group: a probe that it ended would look like a program that does not work.
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    command.spawn().ok()
}

fn real_path(program: Child) -> Option<PathBuf> {
    let output = program.wait_with_output().ok()?;
    let path = PathBuf::from(String::from_utf8(output.stdout).ok()?.trim_end());
    (output.status.success() && path.is_file()).then_some(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_problem_names_runtime_and_program() {
        assert_eq!(runtime_problem("nodejs22.x"), None);
        assert_eq!(runtime_problem("python3.12"), None);
        assert_eq!(runtime_problem("provided.al2023"), None);
        assert_eq!(
            runtime_problem("java21").as_deref(),
            Some("not implemented by the local cloud: runtime java21")
        );
        assert_eq!(
            found("nodejs0.x", &["no-such-node"], &[])
                .as_ref()
                .map_err(String::as_str),
            Err(
                "the local cloud runs nodejs0.x with the program no-such-node, which is not in the PATH or does not work"
            )
        );
    }
}
