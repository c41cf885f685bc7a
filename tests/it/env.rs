//! A hermetic place to run the binary in: own folder, cleared environment, redacted output.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use regex::Regex;
use tempfile::TempDir;

/// A folder with nothing in it but what the test puts there.
pub struct Env {
    folder: TempDir,
}

/// What a command did.
pub struct Ran {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Env {
    pub fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    /// With the demo stacks and functions beside each other, as in the repository.
    pub fn with_demo_stacks() -> Self {
        let env = Self::new();
        for folder in ["stacks", "lambdas"] {
            copy_folder(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder), &env.path(folder));
        }
        env
    }

    pub fn path(&self, inside: impl AsRef<Path>) -> PathBuf {
        self.folder.path().join(inside)
    }

    pub fn write(&self, inside: &str, text: &str) {
        let path = self.path(inside);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Replaces a text in a file; it must be there.
    pub fn edit(&self, inside: &str, from: &str, to: &str) {
        let text = fs::read_to_string(self.path(inside)).unwrap();
        assert!(text.contains(from), "{inside} does not say {from}");
        fs::write(self.path(inside), text.replace(from, to)).unwrap();
    }

    /// The binary, in this folder, with nothing in its environment but a search path.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_stepstack"));
        command
            .args(args)
            .current_dir(self.folder.path())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.folder.path())
            .stdin(Stdio::null());
        command
    }

    #[must_use]
    pub fn run(&self, args: &[&str]) -> Ran {
        self.finish(self.command(args).output().unwrap())
    }

    pub fn finish(&self, output: Output) -> Ran {
        Ran {
            code: output.status.code().unwrap_or(-1),
            stdout: self.redact(&String::from_utf8_lossy(&output.stdout)),
            stderr: self.redact(&String::from_utf8_lossy(&output.stderr)),
        }
    }

    /// Takes out what differs from run to run: times, ids, ports, the folder.
    fn redact(&self, text: &str) -> String {
        let mut text = text.replace(&self.folder.path().display().to_string(), "[DIR]");
        for (pattern, with) in [
            (r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)?", "[TIME]"),
            (r"\d{8}-\d{6}-[0-9a-f]{4,}", "[RUN]"),
            (
                r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
                "[UUID]",
            ),
            (r"\b\d+ API calls", "[N] API calls"),
            (r"127\.0\.0\.1:\d+", "127.0.0.1:[PORT]"),
            (r"\b\d+(\.\d+)? (ms|s)\b", "[TOOK]"),
            (r#""(tookMs|waitedMs|atMs)":\d+"#, r#""$1":0"#),
        ] {
            text = Regex::new(pattern).unwrap().replace_all(&text, with).into_owned();
        }
        text
    }
}

impl Ran {
    /// Fails the test with everything the command said unless it ended with that code.
    #[track_caller]
    pub fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, code, "\nstdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }

    /// The standard output as one JSON document.
    #[track_caller]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}:\n{}", self.stdout))
    }
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}
