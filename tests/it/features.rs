//! Which features the dependencies are built with.

use std::collections::BTreeSet;
use std::process::Command;

/// The crates that are built for the given edges, with their features.
fn built(edges: &str) -> BTreeSet<String> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args([
            "tree",
            "--offline",
            "--locked",
            "--prefix",
            "none",
            "--format",
            "{p} {f}",
            "--edges",
            edges,
        ])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let without_repetition = |line: &str| line.trim_end_matches(" (*)").to_owned();
    text.lines().map(without_repetition).collect()
}

/// Tests and benchmarks bring crates of their own, but change no other: one feature more, and `cargo bench` compiles again
/// what `cargo build --release` has compiled. The remedy is to name the feature under `[dependencies]`.
#[test]
fn tests_and_benchmarks_change_no_other_crate() {
    let (program, all) = (built("no-dev"), built("normal,build,dev"));
    assert!(program.len() > 100, "{program:?}");
    let changed: Vec<_> = program.difference(&all).collect();
    assert!(changed.is_empty(), "with other features in tests: {changed:#?}");
}
