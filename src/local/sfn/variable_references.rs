//! `variableReferences` of DescribeStateMachine: for each state the workflow variables that its fields read
//! ([DescribeStateMachine](https://docs.aws.amazon.com/step-functions/latest/apireference/API_DescribeStateMachine.html)).

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

/// The members of a state that hold states of their own.
const NESTED: &[&str] = &["Branches", "ItemProcessor", "Iterator"];

/// The names of variables by state, both in alphabetical order; states without any are left out.
pub(super) fn of(definition: &str) -> Map<String, Value> {
    let mut found = BTreeMap::new();
    if let Ok(machine) = serde_json::from_str(definition) {
        in_machine(&machine, false, &mut found);
    }
    found
        .into_iter()
        .map(|(state, names)| (state, names.into_iter().collect()))
        .collect()
}

/// Recurses as deep as machines nest, which the reader of JSON limits.
fn in_machine(machine: &Value, jsonata: bool, found: &mut BTreeMap<String, BTreeSet<String>>) {
    let jsonata = language(machine, jsonata);
    let states = machine.get("States").and_then(Value::as_object);
    for (name, state) in states.into_iter().flatten() {
        let uses_jsonata = language(state, jsonata);
        let mut names = BTreeSet::new();
        for (field, value) in state.as_object().into_iter().flatten() {
            match value {
                Value::Array(branches) if NESTED.contains(&field.as_str()) => {
                    branches.iter().for_each(|branch| in_machine(branch, jsonata, found));
                }
                value if NESTED.contains(&field.as_str()) => in_machine(value, jsonata, found),
                value => in_field(field, value, uses_jsonata, &mut names),
            }
        }
        if !names.is_empty() {
            found.entry(name.clone()).or_default().extend(names);
        }
    }
}

fn language(holder: &Value, otherwise: bool) -> bool {
    match holder.get("QueryLanguage").and_then(Value::as_str) {
        Some(language) => language == "JSONata",
        None => otherwise,
    }
}

fn in_field(field: &str, value: &Value, jsonata: bool, names: &mut BTreeSet<String>) {
    match value {
        Value::String(text) if jsonata => {
            if let Some(expression) = text.strip_prefix("{%").and_then(|text| text.strip_suffix("%}")) {
                in_jsonata(expression, names);
            }
        }
        Value::String(text) if is_read(field) => in_path(text, names),
        Value::Object(members) => {
            for (member, value) in members {
                in_field(member, value, jsonata, names);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| in_field(field, item, jsonata, names)),
        _ => {}
    }
}

/// Whether a JSONPath field is a path or an intrinsic function.
fn is_read(field: &str) -> bool {
    field.ends_with(".$") || field == "Variable" || (field.ends_with("Path") && field != "ResultPath")
}

/// Paths and calls of intrinsic functions, whose texts stand in single quotes.
fn in_path(text: &str, names: &mut BTreeSet<String>) {
    for token in tokens(text, &['\'']) {
        if let Token::Name { name, .. } = token {
            names.insert(name.to_owned());
        }
    }
}

/// A JSONata expression: functions, `$states` and the expression's own bindings are no variables of the workflow.
fn in_jsonata(text: &str, names: &mut BTreeSet<String>) {
    let tokens = tokens(text, &['\'', '"', '`']);
    let mut own: BTreeSet<&str> = BTreeSet::from(["states"]);
    let mut used = BTreeSet::new();
    let mut parameters = false;
    for token in &tokens {
        match *token {
            Token::Function => parameters = true,
            Token::End => parameters = false,
            Token::Name { name, next } => {
                if parameters || next == Next::Binds {
                    own.insert(name);
                } else if next != Next::Calls {
                    used.insert(name);
                }
            }
        }
    }
    names.extend(used.difference(&own).map(|name| (*name).to_owned()));
}

#[derive(Clone, Copy, PartialEq)]
enum Next {
    Binds,
    Calls,
    Other,
}

enum Token<'a> {
    /// `function` or `λ`, whose parameters follow.
    Function,
    /// The end of a list of parameters.
    End,
    /// `$name`
    Name { name: &'a str, next: Next },
}

/// Finds the names outside of quotes and of comments.
fn tokens<'a>(text: &'a str, quotes: &[char]) -> Vec<Token<'a>> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let after = rest.get(first.len_utf8()..).unwrap_or_default();
        rest = if quotes.contains(&first) {
            skip_quoted(after, first)
        } else if let Some(comment) = rest.strip_prefix("/*") {
            comment.split_once("*/").map_or("", |(_, rest)| rest)
        } else if first == '$' {
            let (name, after) = word(after);
            let next = after.trim_start();
            if !name.is_empty() {
                let next = match next {
                    next if next.starts_with(":=") => Next::Binds,
                    next if next.starts_with('(') => Next::Calls,
                    _ => Next::Other,
                };
                found.push(Token::Name { name, next });
            }
            // `$$` is the context object, not a name.
            if name.is_empty() {
                after.trim_start_matches('$')
            } else {
                after
            }
        } else if first == ')' {
            found.push(Token::End);
            after
        } else if first.is_alphanumeric() || first == '_' {
            let (word, after) = word(rest);
            if matches!(word, "function" | "λ") {
                found.push(Token::Function);
            }
            after
        } else {
            after
        };
    }
    found
}

fn word(text: &str) -> (&str, &str) {
    let end = text
        .find(|c: char| !(c.is_alphanumeric() || c == '_'))
        .unwrap_or(text.len());
    text.split_at(end)
}

fn skip_quoted(text: &str, quote: char) -> &str {
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return text.get(at + c.len_utf8()..).unwrap_or_default(),
            _ => {}
        }
    }
    ""
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(state: Value, expected: &[&str]) {
        let machine = json!({"StartAt": "S", "States": {"S": state.clone()}});
        let got = of(&machine.to_string()).remove("S").unwrap_or_else(|| json!([]));
        assert_eq!(got, json!(expected), "{state}");
    }

    #[test]
    fn paths_and_intrinsic_functions() {
        check(json!({"InputPath": "$theAnswer"}), &["theAnswer"]);
        check(json!({"CausePath": "$c.text[0]", "ErrorPath": "$b"}), &["b", "c"]);
        check(
            json!({"Parameters": {"a.$": "$.x", "b.$": "$$.Execution.Id", "c": "$no"}}),
            &[],
        );
        check(
            json!({"Parameters": {"a": [{"b.$": "States.Format('$no {}', $yes, $.a)"}]}}),
            &["yes"],
        );
        check(
            json!({"Choices": [{"Variable": "$a", "StringEqualsPath": "$b.c"}]}),
            &["a", "b"],
        );
        check(json!({"ResultPath": "$x"}), &[]);
    }

    #[test]
    fn jsonata() {
        let output =
            |expression: &str| json!({"QueryLanguage": "JSONata", "Output": {"x": format!("{{% {expression} %}}")}});
        check(output("$a + $states.input.b & $string($c)"), &["a", "c"]);
        check(
            output("($x := $y; $map($list, function($v, $i) { $v + $x }))"),
            &["list", "y"],
        );
        check(output("'$no' & \"$neither\" /* $nor */ & $yes"), &["yes"]);
        check(json!({"QueryLanguage": "JSONata", "Output": "$plain"}), &[]);
    }

    #[test]
    fn nested_states_have_their_own() {
        let machine = json!({"QueryLanguage": "JSONata", "States": {
            "M": {"Items": "{% $items %}", "ItemProcessor": {"States": {"I": {"Output": "{% $inner %}"}}}},
            "P": {"Branches": [{"States": {"B": {"QueryLanguage": "JSONPath", "InputPath": "$b"}}}]},
        }});
        assert_eq!(
            Value::from(of(&machine.to_string())),
            json!({"B": ["b"], "I": ["inner"], "M": ["items"]})
        );
    }
}
