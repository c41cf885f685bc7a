//! What nests 2,000 or 200,000 levels deep is refused by name; no reader runs out of stack, on a test's own small one.

use serde_json::{Value, json};
use stepstack::asl;
use stepstack::diagnostic::{SourceFile, has_errors};
use stepstack::expr::jsonata::{Bindings, Expression};
use stepstack::expr::path::Path;
use stepstack::expr::{intrinsic, template::Roots};
use stepstack::{stack, tree};

const LEVELS: [usize; 2] = [2_000, 200_000];

fn nested(open: &str, inner: &str, close: &str, levels: usize) -> String {
    format!("{}{inner}{}", open.repeat(levels), close.repeat(levels))
}

/// The form of nesting, cut short for messages.
fn shown(text: &str) -> String {
    text.chars().take(40).collect()
}

struct NoData;

impl Roots for NoData {
    fn data(&self) -> &Value {
        &Value::Null
    }

    fn context(&self) -> &Value {
        &Value::Null
    }
}

#[test]
fn nested_paths_are_refused() {
    for levels in LEVELS {
        for text in [
            nested("$.a[?(", "@", ")]", levels),
            format!("${}", nested("[?(@.a && ", "@.b", ")]", levels)),
            format!("$[?{}]", nested("(", "@.a", ")", levels)),
            format!("$[?({})]", nested("!(", "@.a", ")", levels)),
            format!("${}", "[".repeat(levels)),
            format!("${}", ".a".repeat(levels)),
            format!("${}", "..a".repeat(levels)),
            format!("${}", "[*]".repeat(levels)),
            format!("$[?(@.a == {})]", nested("[", "1", "]", levels)),
            format!("$[?(@.a == {})]", nested("{\"a\":", "1", "}", levels)),
        ] {
            assert!(Path::parse(&text).is_err(), "{}", shown(&text));
        }
    }
}

#[test]
fn nested_intrinsic_functions_are_refused() {
    for levels in LEVELS {
        for text in [
            nested("States.Array(", "1", ")", levels),
            nested("States.Format('{}', ", "1", ")", levels),
            nested("States.JsonToString(", "$", ")", levels),
            "States.Array(".repeat(levels),
            format!("States.Array({})", nested("[", "1", "]", levels)),
            format!("States.StringToJson('{}')", nested("[", "1", "]", levels)),
            format!("States.StringToJson('{}')", nested("{\"a\":", "1", "}", levels)),
            format!("States.JsonMerge($, {}, false)", "$.a".repeat(levels)),
        ] {
            assert!(intrinsic::evaluate(&text, &NoData).is_err(), "{}", shown(&text));
        }
    }
}

#[test]
fn nested_jsonata_expressions_are_refused() {
    let bindings = Bindings {
        states: &Value::Null,
        variables: &serde_json::Map::new(),
        now_millis: 0,
    };
    for levels in LEVELS {
        for text in [
            nested("(", "1", ")", levels),
            nested("[", "1", "]", levels),
            nested("{'a':", "1", "}", levels),
            nested("function(){", "1", "}", levels),
            nested("$string(", "1", ")", levels),
            nested("a[", "0", "]", levels),
            nested("true ? (", "1", ") : 2", levels),
            nested("a.(", "b", ")", levels),
            format!("1{}", "+(1".repeat(levels)),
            format!("{}1", "-".repeat(levels)),
            format!("{}1", "1?".repeat(levels)),
            format!("$parse('{}')", nested("[", "1", "]", levels)),
            format!("$match('a', /{}/)", nested("(", "a", ")", levels)),
            format!("$f := {}", "function($x)".repeat(levels)),
            "[".repeat(levels),
            "{".repeat(levels),
            "((".repeat(levels),
        ] {
            let value = Expression::parse(&text).and_then(|expression| expression.evaluate(&bindings, 0));
            assert!(value.is_err(), "{}: {value:?}", shown(&text));
        }
    }
}

/// Long, but not deep: either is right, as long as it comes to an answer.
#[test]
fn long_jsonata_expressions_come_to_an_answer() {
    let bindings = Bindings {
        states: &Value::Null,
        variables: &serde_json::Map::new(),
        now_millis: 0,
    };
    for levels in LEVELS {
        for text in [
            format!("1{}", "+1".repeat(levels)),
            format!("''{}", "&'a'".repeat(levels)),
            format!("a{}", ".a".repeat(levels)),
            format!("a{}", "[0]".repeat(levels)),
            format!("a{}", "[]".repeat(levels)),
            format!("1{}", " ~> $string".repeat(levels)),
            format!("({})", "1;".repeat(levels)),
            format!("[1{}]", ",1".repeat(levels)),
            format!("$v := {}1", "$v := ".repeat(levels)),
            format!("true{}", " and true".repeat(levels)),
            format!("{}1", "false ? 1 : ".repeat(levels)),
        ] {
            let _ = Expression::parse(&text).and_then(|expression| expression.evaluate(&bindings, 0));
        }
    }
}

/// Texts in which something nests, as files of both kinds.
fn nested_documents(levels: usize) -> Vec<String> {
    vec![
        nested("[", "1", "]", levels),
        nested("{\"a\":", "1", "}", levels),
        nested("{\"States\":{\"A\":", "1", "}}", levels),
        nested(
            r#"{"StartAt":"P","States":{"P":{"Type":"Parallel","End":true,"Branches":["#,
            r#"{"StartAt":"S","States":{"S":{"Type":"Succeed"}}}"#,
            "]}}}",
            levels,
        ),
        format!(
            r#"{{"StartAt":"C","States":{{"C":{{"Type":"Choice","Choices":[{}]}}}}}}"#,
            nested(r#"{"Not":"#, r#"{"Variable":"$.a","IsNull":true}"#, "}", levels)
        ),
        format!(
            r#"{{"StartAt":"A","States":{{"A":{{"Type":"Pass","End":true,"Parameters":{}}}}}}}"#,
            nested("{\"a\":", "1", "}", levels)
        ),
        "[".repeat(levels),
        "{\"a\":".repeat(levels),
        "- ".repeat(levels),
        "? ".repeat(levels),
        format!("{}1", "a: ".repeat(levels)),
        "&a [".repeat(levels),
    ]
}

#[test]
fn nested_definitions_are_refused() {
    for levels in LEVELS {
        for text in nested_documents(levels) {
            for name in ["a.asl.json", "a.asl.yaml"] {
                let (tree, mut found) = tree::parse(&SourceFile::new(name, text.as_str()));
                if let Some(tree) = tree {
                    found.extend(asl::check(&tree).1);
                }
                assert!(has_errors(&found), "{name}: {}", shown(&text));
            }
        }
    }
}

#[test]
fn nested_stack_files_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("stack.yaml");
    for levels in LEVELS {
        for text in nested_documents(levels) {
            for text in [
                text.clone(),
                format!("name: s\nstateMachines:\n  M:\n    definition: {text}"),
            ] {
                std::fs::write(&file, &text).unwrap();
                assert!(has_errors(&stack::load(&file, &[]).1), "{}", shown(&text));
            }
        }
    }
}

/// As deep as a tree may be is still fine for everything that follows.
#[test]
fn what_a_tree_may_hold_is_checked_to_its_end() {
    for levels in [60, 119, 120, 121] {
        let deep = |open: &str, close: &str| -> Value {
            serde_json::from_str(&nested(open, "1", close, levels.min(100))).unwrap()
        };
        let definition = json!({ "StartAt": "A", "States": { "A": {
            "Type": "Pass", "End": true, "Parameters": { "x": deep("[", "]"), "y": deep("{\"a\":", "}") },
        }}});
        let (machine, found) = asl::check(&tree::Node::from_json(&definition));
        assert!(machine.is_some() && !has_errors(&found), "{found:?}");
    }
}
