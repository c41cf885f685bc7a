//! The walls between modules, as the crate's documentation draws them, held against what the code says.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Which module may use which; `cli` may use all, nothing may use `cli`.
const MAY_USE: &[(&str, &[&str])] = &[
    ("diagnostic", &[]),
    ("event", &[]),
    ("expr", &[]),
    ("tree", &["diagnostic"]),
    ("mock", &[]),
    ("asl", &["diagnostic", "expr", "tree"]),
    ("stack", &["diagnostic", "tree", "asl", "expr", "mock"]),
    ("plan", &["stack", "asl", "diagnostic", "tree", "mock"]),
    ("cloud", &["plan", "stack", "event"]),
    (
        "run",
        &[
            "cloud",
            "stack",
            "event",
            "asl",
            "expr",
            "tree",
            "diagnostic",
            "mock",
            "plan",
        ],
    ),
    ("report", &["event", "diagnostic", "plan", "run"]),
    ("engine", &["asl", "expr", "diagnostic"]),
    ("local", &["engine", "asl", "expr", "diagnostic", "tree", "mock"]),
];

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// Modules that take time and chance as arguments and touch nothing outside.
const PURE: &[&str] = &["diagnostic", "tree", "mock", "asl", "expr", "plan", "engine"];

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            files.push(path);
        }
    }
    files
}

/// The top-level module a file belongs to.
fn module_of(file: &Path) -> String {
    let inside = file.strip_prefix(Path::new(ROOT).join("src")).unwrap();
    let first = inside.components().next().unwrap().as_os_str().to_string_lossy();
    first.trim_end_matches(".rs").to_owned()
}

/// Text up to the tests of the file, without comment lines: tests may reach further than code.
fn code_of(file: &Path) -> String {
    let name = file.file_stem().unwrap().to_string_lossy().into_owned();
    let in_tests = file.components().any(|part| part.as_os_str() == "tests");
    if in_tests || ["tests", "testing", "laws"].contains(&name.as_str()) || name.ends_with("_tests") {
        return String::new();
    }
    let text = fs::read_to_string(file).unwrap();
    let code = text.split("#[cfg(test)]\n").next().unwrap_or_default();
    code.lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .collect::<Vec<_>>()
        .join("\n")
}

/// The names that follow `crate::` anywhere in the code, also inside braces.
fn used_modules(code: &str) -> BTreeSet<String> {
    let word = regex::Regex::new(r"crate::(?:(\w+)|\{([^;]*)\})").unwrap();
    let mut used = BTreeSet::new();
    for found in word.captures_iter(code) {
        if let Some(one) = found.get(1) {
            used.insert(one.as_str().to_owned());
        }
        if let Some(list) = found.get(2) {
            let mut depth = 0;
            let mut start = true;
            let mut name = String::new();
            for letter in list.as_str().chars() {
                match letter {
                    '{' => depth += 1,
                    '}' => depth -= 1,
                    ',' if depth == 0 => start = true,
                    _ => {}
                }
                if depth == 0 && start {
                    if letter.is_alphanumeric() || letter == '_' {
                        name.push(letter);
                    } else if !name.is_empty() {
                        used.insert(std::mem::take(&mut name));
                        start = letter == ',';
                    }
                }
            }
            if !name.is_empty() {
                used.insert(name);
            }
        }
    }
    used
}

#[test]
fn modules_use_only_what_the_table_allows() {
    let table: BTreeMap<&str, &[&str]> = MAY_USE.iter().copied().collect();
    let mut wrong = Vec::new();
    for file in rust_files(&Path::new(ROOT).join("src")) {
        let module = module_of(&file);
        if ["main", "lib", "cli"].contains(&module.as_str()) {
            continue;
        }
        let allowed = table
            .get(module.as_str())
            .unwrap_or_else(|| panic!("module {module} is not in the table"));
        for used in used_modules(&code_of(&file)) {
            if used != module && !allowed.contains(&used.as_str()) {
                wrong.push(format!("{} uses crate::{used}", file.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn only_cloud_knows_the_sdk_and_pure_modules_do_no_io() {
    let mut wrong = Vec::new();
    for file in rust_files(&Path::new(ROOT).join("src")) {
        let module = module_of(&file);
        let code = code_of(&file);
        if module != "cloud" && (code.contains("aws_sdk_") || code.contains("aws_config")) {
            wrong.push(format!("{} uses the AWS SDK", file.display()));
        }
        if PURE.contains(&module.as_str()) {
            for forbidden in [
                "std::fs",
                "std::net",
                "std::process",
                "SystemTime",
                "Instant::now",
                "tokio::",
                "async fn",
            ] {
                if code.contains(forbidden) {
                    wrong.push(format!("{} is pure but says {forbidden}", file.display()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn used_modules_sees_every_form() {
    let code =
        "use crate::asl::model::Task;\nuse crate::{plan, cloud::{Cloud, connect}};\nlet x = crate::event::Event::Note;";
    let found: Vec<_> = used_modules(code).into_iter().collect();
    assert_eq!(found, ["asl", "cloud", "event", "plan"]);
}

#[test]
fn every_test_file_is_declared() {
    let declared = fs::read_to_string(Path::new(ROOT).join("tests/it/main.rs")).unwrap();
    for file in rust_files(&Path::new(ROOT).join("tests/it")) {
        let name = file.file_stem().unwrap().to_string_lossy().into_owned();
        if file.parent().unwrap().ends_with("it") && name != "main" {
            assert!(
                declared.contains(&format!("mod {name};")),
                "tests/it/main.rs does not declare {name}"
            );
        }
    }
}

#[test]
fn files_stay_readable() {
    let mut long = Vec::new();
    for folder in ["src", "tests"] {
        for file in rust_files(&Path::new(ROOT).join(folder)) {
            let lines = fs::read_to_string(&file).unwrap().lines().count();
            if lines > 700 {
                long.push(format!("{} has {lines} lines", file.display()));
            }
        }
    }
    assert!(long.is_empty(), "{}", long.join("\n"));
}
