//! Where the loader touches the disk.

use std::io::ErrorKind;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use crate::diagnostic::{Diagnostic, SourceFile, Span, did_you_mean};

/// Reads a text file. Errors: it is missing, is no file, or is not UTF-8; `what` names it: `the stack file`.
pub(super) fn read(path: &Path, what: &str, span: Option<&Span>) -> Result<Arc<SourceFile>, Diagnostic> {
    check_exists(path, what, span)?;
    let name = shown(path);
    let unreadable = |why: &str| Diagnostic::error("unreadable-file", format!("{what} `{name}` {why}")).at(span);
    if !path.is_file() {
        return Err(unreadable("is not a file"));
    }
    let bytes = std::fs::read(path).map_err(|error| unreadable(&format!("cannot be read: {error}")))?;
    match String::from_utf8(bytes) {
        Ok(text) => Ok(SourceFile::new(name, text)),
        Err(error) => {
            let offset = error.utf8_error().valid_up_to();
            Err(unreadable(&format!("is not UTF-8 at byte {offset}")))
        }
    }
}

/// Refuses a path at which there is nothing, with the name next to it that may have been meant.
pub(super) fn check_exists(path: &Path, what: &str, span: Option<&Span>) -> Result<(), Diagnostic> {
    let Err(error) = std::fs::metadata(path) else {
        return Ok(());
    };
    let name = shown(path);
    if error.kind() != ErrorKind::NotFound && error.kind() != ErrorKind::NotADirectory {
        let message = format!("{what} `{name}` cannot be read: {error}");
        return Err(Diagnostic::error("unreadable-file", message).at(span));
    }
    let found = Diagnostic::error("missing-file", format!("{what} `{name}` does not exist")).at(span);
    Err(match similar_neighbour(path) {
        Some(hint) => found.hint(hint),
        None => found,
    })
}

fn similar_neighbour(path: &Path) -> Option<String> {
    let written = path.file_name()?.to_str()?;
    let folder = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .ok()?
        .flatten()
        .filter_map(|entry| entry.file_name().into_string().ok())
        .collect();
    names.sort();
    did_you_mean(written, names.iter().map(String::as_str))
}

/// A path as people should see it: without detours, and relative to the working directory where it lies under it.
pub(super) fn shown(path: &Path) -> String {
    let under_here = std::env::current_dir()
        .ok()
        .and_then(|here| path.strip_prefix(here).ok());
    let mut shown = PathBuf::new();
    for component in under_here.unwrap_or(path).components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir if matches!(shown.components().next_back(), Some(Component::Normal(_))) => {
                shown.pop();
            }
            other => shown.push(other),
        }
    }
    if shown.as_os_str().is_empty() {
        return ".".to_owned();
    }
    shown.display().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_shown_without_detours() {
        for (path, expected) in [
            ("./stacks/../lambdas/./x", "lambdas/x"),
            ("../../x", "../../x"),
            ("a/../../x", "../x"),
            ("/etc/../x", "/x"),
            (".", "."),
        ] {
            assert_eq!(shown(Path::new(path)), expected);
        }
        let here = std::env::current_dir().unwrap_or_default();
        assert_eq!(shown(&here.join("src/lib.rs")), "src/lib.rs");
    }
}
