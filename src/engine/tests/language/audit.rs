//! Whether the cases hold everything that the language has. What is executed is found out by changing it: a field counts if
//! some case fails as soon as the field is taken away, or has another value where it cannot be taken away.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::{Value, json};

use super::walk::{self, Spot};
use super::{Case, Refused, cases, list, mutants, transcript};
use crate::asl::known_fields;

type Entry = (String, String, &'static str);

/// Every field in every language it has.
fn fields() -> BTreeSet<Entry> {
    let mut entries = BTreeSet::new();
    for (part, both, jsonpath, jsonata) in list::PARTS {
        for (names, languages) in [
            (both, &["JSONPath", "JSONata"][..]),
            (jsonpath, &["JSONPath"]),
            (jsonata, &["JSONata"]),
        ] {
            for (field, language) in names
                .split_whitespace()
                .flat_map(|field| languages.iter().map(move |one| (field, *one)))
            {
                entries.insert(((*part).to_owned(), field.to_owned(), language));
            }
        }
    }
    entries
}

fn entry(spot: &Spot) -> Entry {
    (spot.part.to_owned(), spot.field.clone(), spot.language)
}

#[track_caller]
fn nothing_left(what: &str, left: impl IntoIterator<Item = String>) {
    let left: Vec<String> = left.into_iter().collect();
    assert!(left.is_empty(), "no case executes {what}:\n  {}", left.join("\n  "));
}

#[test]
fn every_field_is_executed() {
    let mut left = fields();
    for case in cases() {
        for spot in walk::spots(&case.definition) {
            if left.contains(&entry(&spot)) && is_executed(&case, &spot) {
                left.remove(&entry(&spot));
            }
        }
    }
    let named = |(part, field, language): Entry| format!("{field} of {part} in {language}");
    nothing_left("the field", left.into_iter().map(named));
}

fn is_executed(case: &Case, spot: &Spot) -> bool {
    let field = spot.field.as_str();
    let without = mutants::without(&case.definition, spot);
    if list::WITHOUT_EFFECT.contains(&field) {
        let lines = |definition: &Value| transcript::of(definition, &case.input, &case.answers).ok();
        return lines(&without).is_some() && lines(&without) == lines(&case.definition);
    }
    if list::NAMED_BY_EVENTS.contains(&field) {
        return is_entered(case, spot);
    }
    if field == "QueryLanguage" {
        // The default need not be said, so it is the other language that must not do.
        let other = if spot.language == "JSONPath" {
            "JSONata"
        } else {
            "JSONPath"
        };
        let mutant = mutants::replaced(&case.definition, &format!("{}/{field}", spot.parent), json!(other));
        return !matches!(case.fails_with(&mutant), Ok(false));
    }
    match case.fails_with(&without) {
        Ok(fails) => fails,
        Err(Refused(_)) => mutants::changed(&case.definition, spot)
            .iter()
            .any(|mutant| matches!(case.fails_with(mutant), Ok(true))),
    }
}

/// Whether the state whose `Type` that is was entered.
fn is_entered(case: &Case, spot: &Spot) -> bool {
    let name = spot.parent.rsplit('/').next().unwrap_or_default();
    let kind = &case.definition.pointer(&spot.parent).unwrap()["Type"];
    let entered = format!("{}StateEntered name={name} ", kind.as_str().unwrap_or_default());
    let lines = transcript::of(&case.definition, &case.input, &case.answers).unwrap_or_default();
    lines
        .iter()
        .any(|line| line.trim_start_matches("in child: ").starts_with(&entered))
}

/// What the reader of definitions takes is in the list, so that a new field needs a case.
#[test]
fn every_field_that_is_read_is_in_the_list() {
    let listed = |part: &str| -> BTreeSet<String> {
        let parts = list::PARTS.iter().filter(|known| known.0 == part);
        parts
            .flat_map(|(_, both, jsonpath, jsonata)| [both, jsonpath, jsonata])
            .flat_map(|names| names.split_whitespace())
            .map(str::to_owned)
            .collect()
    };
    for (part, known) in known_fields() {
        let known: BTreeSet<String> = known.iter().map(|field| (*field).to_owned()).collect();
        let mut ours = listed(part);
        if part == "Map" {
            ours.extend(listed("Distributed Map"));
        }
        assert_eq!(ours, known, "{part}");
    }
}

/// Each operator is told from each other one: a case fails if another one stands in its place.
#[test]
fn every_operator_is_executed() {
    let cases = cases();
    let mut left = Vec::new();
    for (operator, path) in operators() {
        let name = format!("{operator}{path}");
        for (other, _) in operators()
            .into_iter()
            .filter(|(other, of)| *other != operator && *of == path)
        {
            let other = format!("{other}{path}");
            let told = cases.iter().any(|case| {
                walk::spots(&case.definition)
                    .iter()
                    .filter(|spot| spot.field == name)
                    .any(|spot| {
                        let mutant = mutants::renamed(&case.definition, &spot.parent, &name, &other);
                        !matches!(case.fails_with(&mutant), Ok(false))
                    })
            });
            if !told {
                left.push(format!("{name} so that it is not {other}"));
            }
        }
    }
    nothing_left("the operator", left);
}

fn operators() -> Vec<(&'static str, &'static str)> {
    let paths = list::OPERATORS.iter().filter(|name| !list::WITHOUT_PATH.contains(name));
    let plain = list::OPERATORS.iter().map(|name| (*name, ""));
    plain.chain(paths.map(|name| (*name, "Path"))).collect()
}

/// Retriers and catchers: a case fails if they have another name in its place.
#[test]
fn every_error_name_is_taken() {
    let mut left = BTreeSet::new();
    let taken = list::WILDCARDS.iter().chain(list::REPORTED).chain(list::NAMED_ONLY);
    for name in taken.filter(|name| !list::NEVER_TAKEN.contains(name)) {
        left.extend(["Retry", "Catch"].map(|field| format!("{name} in {field}")));
    }
    for case in cases() {
        for pointer in walk::texts_with(&case.definition, "States.") {
            let Some((field, _)) = ["Retry", "Catch"].into_iter().find_map(|field| {
                let (before, _) = pointer.rsplit_once("/ErrorEquals/")?;
                before
                    .rsplit('/')
                    .nth(1)
                    .filter(|name| *name == field)
                    .map(|_| (field, before))
            }) else {
                continue;
            };
            let name = case
                .definition
                .pointer(&pointer)
                .and_then(Value::as_str)
                .unwrap_or_default();
            let entry = format!("{name} in {field}");
            let mutant = mutants::replaced(&case.definition, &pointer, json!("Other"));
            if left.contains(&entry) && matches!(case.fails_with(&mutant), Ok(true)) {
                left.remove(&entry);
            }
        }
    }
    nothing_left("the error name", left);
}

/// The engine reports an error if no answer of a task has its name.
#[test]
fn every_error_is_reported() {
    let mut left: BTreeSet<&str> = list::REPORTED.iter().copied().collect();
    for case in cases() {
        let answered = format!("{:?}", case.answers);
        left.retain(|name| {
            let reported = case.expected.iter().any(|line| {
                line.starts_with(&format!("Failed {name}: ")) || line.starts_with(&format!("TimedOut {name}: "))
            });
            !reported || answered.contains(*name)
        });
    }
    nothing_left("the error", left.into_iter().map(str::to_owned));
}

/// What texts of definitions mention is executed if a case fails without the text.
#[track_caller]
fn check_mentioned(what: &str, needles: impl IntoIterator<Item = String>) {
    let cases = cases();
    let left = needles.into_iter().filter(|needle| {
        !cases.iter().any(|case| {
            walk::texts_with(&case.definition, needle).iter().any(|pointer| {
                ["$.other", "{% 'other' %}"].iter().any(|other| {
                    let mutant = mutants::replaced(&case.definition, pointer, json!(other));
                    matches!(case.fails_with(&mutant), Ok(true))
                })
            })
        })
    });
    nothing_left(what, left.collect::<Vec<_>>());
}

#[test]
fn every_function_is_executed() {
    check_mentioned(
        "the intrinsic function",
        list::INTRINSICS.iter().map(|name| format!("States.{name}(")),
    );
    check_mentioned(
        "the function",
        list::JSONATA_FUNCTIONS.iter().map(|name| format!("${name}(")),
    );
}

#[test]
fn every_member_of_the_context_is_executed() {
    check_mentioned(
        "the member",
        list::STATES_MEMBERS.iter().map(|name| format!("$states.{name}")),
    );
    check_mentioned("the member", list::CONTEXT.iter().map(|name| format!("$$.{name}")));
    check_mentioned(
        "the member",
        list::CONTEXT.iter().map(|name| format!("$states.context.{name}")),
    );
}

/// What only a whole service shows has a test of its own, named here.
#[test]
fn what_is_tested_elsewhere_has_its_test() {
    let outside = list::REPORTED_OUTSIDE.iter().chain(list::SERVICES);
    for (what, file, test) in outside {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(file);
        let source = std::fs::read_to_string(&path).unwrap_or_default();
        let begin = source
            .find(&format!("fn {test}()"))
            .unwrap_or_else(|| panic!("{file} has no test {test}, which is for {what}"));
        let attribute = source[..begin].trim_end().trim_end_matches("async").trim_end();
        assert!(attribute.ends_with("test]"), "{test} in {file} is no test");
        assert!(source.contains(what), "{file} says nothing about {what}");
    }
}

/// Every action of the API is dispatched, and called by a test of the service.
#[test]
fn every_action_is_called() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/local/sfn");
    let source = |path: &Path| std::fs::read_to_string(path).unwrap();
    let dispatch = source(&folder.join("mod.rs"));
    let mut tests = source(&folder.join("test_state/tests.rs"));
    for entry in std::fs::read_dir(folder.join("tests")).unwrap() {
        let text = source(&entry.unwrap().path());
        // That list only names them.
        tests.push_str(
            text.split("fn tasks_can_call_every_operation")
                .next()
                .unwrap_or_default(),
        );
    }
    let left = list::ACTIONS.iter().filter(|action| {
        let quoted = format!("\"{action}\"");
        assert!(dispatch.contains(&format!("{quoted} =>")), "{action} is not dispatched");
        !tests.contains(&quoted)
    });
    nothing_left(
        "the action",
        left.map(|action| (*action).to_owned()).collect::<Vec<_>>(),
    );
}
