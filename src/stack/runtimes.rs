//! Runtimes of Lambda, and the form that a handler has in each.

use std::path::Path;

/// The runtimes with which AWS creates functions.
/// Source: <https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html>
pub(super) const RUNTIMES: &[&str] = &[
    "nodejs18.x",
    "nodejs20.x",
    "nodejs22.x",
    "nodejs24.x",
    "nodejs26.x",
    "python3.9",
    "python3.10",
    "python3.11",
    "python3.12",
    "python3.13",
    "python3.14",
    "python3.15",
    "provided.al2",
    "provided.al2023",
    "java8.al2",
    "java8.al2023",
    "java11",
    "java11.al2023",
    "java17",
    "java17.al2023",
    "java21",
    "java25",
    "dotnet6",
    "dotnet8",
    "dotnet10",
    "ruby3.2",
    "ruby3.3",
    "ruby3.4",
    "ruby4.0",
];

/// Runtimes that AWS knows but no longer creates functions with.
const RETIRED: &[&str] = &[
    "nodejs",
    "nodejs4.3",
    "nodejs6.10",
    "nodejs8.10",
    "nodejs10.x",
    "nodejs12.x",
    "nodejs14.x",
    "nodejs16.x",
    "python2.7",
    "python3.6",
    "python3.7",
    "python3.8",
    "provided",
    "java8",
    "dotnetcore1.0",
    "dotnetcore2.0",
    "dotnetcore2.1",
    "dotnetcore3.1",
    "go1.x",
    "ruby2.5",
    "ruby2.7",
];

/// Whether AWS once had this runtime.
pub(super) fn is_retired(runtime: &str) -> bool {
    RETIRED.contains(&runtime)
}

/// What to suggest by the beginning of what was written: runtimes that have been there for a while, and for languages
/// without a runtime of their own the one for programs.
const RECOMMENDED: &[(&str, &str)] = &[
    ("node", "nodejs22.x"),
    ("python", "python3.13"),
    ("java", "java21"),
    ("dotnet", "dotnet8"),
    ("ruby", "ruby3.4"),
    ("provided", "provided.al2023"),
    ("go", "provided.al2023"),
    ("rust", "provided.al2023"),
];

/// The runtime that was most likely meant: the nearest in writing, or where that does not say enough a good one of
/// the same language.
pub(super) fn nearest(written: &str) -> Option<&'static str> {
    let recommended = RECOMMENDED
        .iter()
        .find(|(language, _)| written.to_lowercase().starts_with(language));
    let recommended = recommended.map(|(_, runtime)| *runtime);
    if is_retired(written) || recommended.is_some_and(|runtime| runtime.starts_with(&written.to_lowercase())) {
        return recommended;
    }
    RUNTIMES
        .iter()
        .map(|runtime| (strsim::jaro_winkler(&written.to_lowercase(), runtime), *runtime))
        .filter(|(score, _)| *score > 0.9)
        .max_by(|a, b| {
            a.0.total_cmp(&b.0)
                .then((Some(a.1) == recommended).cmp(&(Some(b.1) == recommended)))
        })
        .map(|(_, runtime)| runtime)
        .or(recommended)
}

/// Checks the form of a handler. Errors: what is expected instead.
/// Source: <https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html> and the pages of each language
pub(super) fn check_handler(runtime: &str, handler: &str) -> Result<(), String> {
    if handler.is_empty() || handler.contains(char::is_whitespace) || handler.len() > 128 {
        return Err("1 to 128 characters without white space".to_owned());
    }
    let file_name = handler.rsplit('/').next().unwrap_or(handler);
    let is_dotted = matches!(file_name.split_once('.'), Some((file, name)) if !file.is_empty() && !name.is_empty());
    if is_dotted && !file_name.ends_with('.') {
        return Ok(());
    }
    match family(runtime) {
        "nodejs" => Err("FILE.EXPORT, such as `index.handler`".to_owned()),
        "python" => Err("MODULE.FUNCTION, such as `app.handler`".to_owned()),
        "ruby" => Err("FILE.METHOD, such as `function.handler`".to_owned()),
        _ => Ok(()),
    }
}

/// The files of a code folder in any of which the handler may be; none where that cannot be told.
pub(super) fn handler_files(runtime: &str, handler: &str) -> Vec<String> {
    match family(runtime) {
        "nodejs" => {
            // The export may have dots (`index.nested.handler`), the folders before the file as well.
            let name_start = handler.rfind('/').map_or(0, |at| at + 1);
            let Some(dot) = handler.get(name_start..).and_then(|name| name.find('.')) else {
                return Vec::new();
            };
            let module = handler.get(..name_start + dot).unwrap_or(handler);
            [".js", ".mjs", ".cjs", "", "/index.js"]
                .map(|ending| format!("{module}{ending}"))
                .to_vec()
        }
        "python" => match handler.rsplit_once('.') {
            Some((module, _)) => {
                let module = module.replace('.', "/");
                vec![
                    format!("{module}.py"),
                    format!("{module}/__init__.py"),
                    format!("{module}.so"),
                ]
            }
            None => Vec::new(),
        },
        "provided" => vec!["bootstrap".to_owned()],
        _ => Vec::new(),
    }
}

/// `nodejs` of `nodejs22.x`.
fn family(runtime: &str) -> &str {
    let end = runtime
        .find(|character: char| !character.is_ascii_alphabetic())
        .unwrap_or(runtime.len());
    runtime.get(..end).unwrap_or(runtime)
}

/// Whether the handler's file is in the code folder; true where that cannot be told.
pub(super) fn has_handler(folder: &Path, runtime: &str, handler: &str) -> bool {
    let files = handler_files(runtime, handler);
    files.is_empty() || files.iter().any(|file| folder.join(file).exists())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_runtime_is_found() {
        for (written, expected) in [
            ("nodejs22", Some("nodejs22.x")),
            ("node22.x", Some("nodejs22.x")),
            ("node", Some("nodejs22.x")),
            ("python3.8", Some("python3.13")),
            ("python3", Some("python3.13")),
            ("nodejs2.x", Some("nodejs22.x")),
            ("Python3.12", Some("python3.12")),
            ("go1.x", Some("provided.al2023")),
            ("rust", Some("provided.al2023")),
            ("java 21", Some("java21")),
            ("cobol", None),
            ("", None),
        ] {
            assert_eq!(nearest(written), expected, "{written}");
        }
    }

    #[test]
    fn handlers_have_the_form_of_their_language() {
        for (runtime, handler, is_good) in [
            ("nodejs22.x", "index.handler", true),
            ("nodejs22.x", "src/app.nested.handler", true),
            ("nodejs22.x", "index", false),
            ("nodejs22.x", "a.b/index", false),
            ("nodejs22.x", "index.", false),
            ("nodejs22.x", ".handler", false),
            ("nodejs22.x", "index handler", false),
            ("python3.12", "pkg.app.handler", true),
            ("python3.12", "handler", false),
            ("java21", "example.Handler::handleRequest", true),
            ("dotnet8", "Assembly", true),
            ("ruby3.4", "function", false),
            ("provided.al2023", "bootstrap", true),
            ("provided.al2023", "", false),
        ] {
            assert_eq!(check_handler(runtime, handler).is_ok(), is_good, "{runtime} {handler}");
        }
    }

    #[test]
    fn the_file_of_a_handler_is_known() {
        assert_eq!(
            handler_files("nodejs22.x", "a.b/app.x.y")[..2],
            ["a.b/app.js", "a.b/app.mjs"]
        );
        assert_eq!(handler_files("python3.12", "pkg.app.handler")[0], "pkg/app.py");
        assert!(handler_files("java21", "a.B::c").is_empty());
    }
}
