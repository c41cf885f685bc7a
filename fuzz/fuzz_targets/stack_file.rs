#![no_main]

use std::sync::LazyLock;

#[path = "../../tests/it/any_input/checks.rs"]
#[allow(dead_code, reason = "each target uses its own part")]
mod checks;

/// One for the whole run; the system's folder for temporary files should be in memory.
static FOLDER: LazyLock<tempfile::TempDir> = LazyLock::new(|| tempfile::tempdir().unwrap());

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| checks::stack_file(bytes, FOLDER.path()));
