//! Choice: goes where the first rule that holds leads ([Choice](https://states-language.net/spec.html#choice-state)).

use std::cmp::Ordering;

use serde_json::Value;

use crate::asl::model::{Choice, Condition, Operand, Operator, State};
use crate::engine::context::Scope;
use crate::engine::errors::{Failure, Turned};
use crate::engine::evaluate;
use crate::engine::execution::Visit;
use crate::engine::exit;
use crate::engine::turn::{Flow, Turn};
use crate::expr::path_eval::compare_numbers;
use crate::expr::timestamp;

pub(in crate::engine) fn run<'a>(
    turn: &Turn<'a>,
    visit: &Visit,
    state: &State,
    choice: &'a Choice,
) -> Turned<Flow<'a>> {
    let scope = Scope::new(turn, visit);
    let input = exit::effective_input(state, &scope)?;
    for (index, rule) in choice.choices.iter().enumerate() {
        let holds = match &rule.condition {
            Condition::Jsonata(condition) => holds_in_jsonata(condition, index, &scope)?,
            condition => holds(condition, input.value(), &scope)?,
        };
        if holds {
            return Ok(Flow::Leave(
                exit::by_rule(state, index, rule, &scope)?,
                Some(&rule.next),
            ));
        }
    }
    let default = choice.default.as_deref().ok_or_else(Failure::no_choice_matched)?;
    Ok(Flow::Leave(exit::with_input(state, &scope)?, Some(default)))
}

/// Whether the `Condition` of a rule holds, which must give a boolean.
fn holds_in_jsonata(condition: &Value, index: usize, scope: &Scope<'_>) -> Result<bool, Failure> {
    match condition {
        Value::Bool(holds) => Ok(*holds),
        condition => {
            let expression = condition.as_str().unwrap_or_default();
            let location = format!("Choices[{index}]/Condition");
            evaluate::typed(expression, &location, "boolean", scope, Value::as_bool)
        }
    }
}

/// Whether a condition holds. Conditions nest no deeper than the definition they stand in.
fn holds(condition: &Condition, input: &Value, scope: &Scope<'_>) -> Result<bool, Failure> {
    match condition {
        Condition::And(parts) => {
            for part in parts {
                if !holds(part, input, scope)? {
                    return Ok(false);
                }
            }
            Ok(true)
        }
        Condition::Or(parts) => {
            for part in parts {
                if holds(part, input, scope)? {
                    return Ok(true);
                }
            }
            Ok(false)
        }
        Condition::Not(inner) => Ok(!holds(inner, input, scope)?),
        Condition::Compare {
            variable,
            operator: Operator::IsPresent,
            operand,
        } => {
            let operand = operand_value(operand, input, scope)?;
            Ok(operand == Value::Bool(scope.find(variable, input).is_ok()))
        }
        Condition::Compare {
            variable,
            operator,
            operand,
        } => {
            let value = find(variable, input, scope)?;
            let operand = operand_value(operand, input, scope)?;
            Ok(compare(*operator, &value, &operand))
        }
        // The reader of definitions puts a `Condition` only at the top of a rule.
        Condition::Jsonata(_) => Err(Failure::runtime("A Condition cannot stand inside another one.")),
    }
}

fn operand_value(operand: &Operand, input: &Value, scope: &Scope<'_>) -> Result<Value, Failure> {
    match operand {
        Operand::Literal(value) => Ok(value.clone()),
        Operand::Path(path) => find(path, input, scope),
    }
}

fn find(path: &str, input: &Value, scope: &Scope<'_>) -> Result<Value, Failure> {
    match scope.find(path, input) {
        Ok(found) => Ok(found.into_owned()),
        Err(_) => Err(Failure::runtime(format!(
            "Invalid path '{path}': The choice state's condition path references an invalid value."
        ))),
    }
}

/// Compares a value; values of the wrong type never compare.
fn compare(operator: Operator, value: &Value, operand: &Value) -> bool {
    use Operator as Op;
    let is = |is: bool| *operand == Value::Bool(is);
    match operator {
        Op::StringEquals => strings(value, operand, Ordering::is_eq),
        Op::StringLessThan => strings(value, operand, Ordering::is_lt),
        Op::StringGreaterThan => strings(value, operand, Ordering::is_gt),
        Op::StringLessThanEquals => strings(value, operand, Ordering::is_le),
        Op::StringGreaterThanEquals => strings(value, operand, Ordering::is_ge),
        Op::StringMatches => match (value.as_str(), operand.as_str()) {
            (Some(text), Some(pattern)) => matches_pattern(text, pattern),
            _ => false,
        },
        Op::NumericEquals => numbers(value, operand, Ordering::is_eq),
        Op::NumericLessThan => numbers(value, operand, Ordering::is_lt),
        Op::NumericGreaterThan => numbers(value, operand, Ordering::is_gt),
        Op::NumericLessThanEquals => numbers(value, operand, Ordering::is_le),
        Op::NumericGreaterThanEquals => numbers(value, operand, Ordering::is_ge),
        Op::BooleanEquals => value.is_boolean() && value == operand,
        Op::TimestampEquals => timestamps(value, operand, Ordering::is_eq),
        Op::TimestampLessThan => timestamps(value, operand, Ordering::is_lt),
        Op::TimestampGreaterThan => timestamps(value, operand, Ordering::is_gt),
        Op::TimestampLessThanEquals => timestamps(value, operand, Ordering::is_le),
        Op::TimestampGreaterThanEquals => timestamps(value, operand, Ordering::is_ge),
        Op::IsNull => is(value.is_null()),
        Op::IsNumeric => is(value.is_number()),
        Op::IsString => is(value.is_string()),
        Op::IsBoolean => is(value.is_boolean()),
        Op::IsTimestamp => is(value.as_str().and_then(timestamp::parse).is_some()),
        // There is a value, or we would not be here.
        Op::IsPresent => is(true),
    }
}

/// Compares texts by UTF-16 code units, as Java does.
fn strings(value: &Value, operand: &Value, holds: fn(Ordering) -> bool) -> bool {
    match (value, operand) {
        (Value::String(value), Value::String(operand)) => holds(value.encode_utf16().cmp(operand.encode_utf16())),
        _ => false,
    }
}

fn numbers(value: &Value, operand: &Value, holds: fn(Ordering) -> bool) -> bool {
    match (value, operand) {
        (Value::Number(value), Value::Number(operand)) => holds(compare_numbers(value, operand)),
        _ => false,
    }
}

fn timestamps(value: &Value, operand: &Value, holds: fn(Ordering) -> bool) -> bool {
    let moment = |value: &Value| value.as_str().and_then(timestamp::parse);
    match (moment(value), moment(operand)) {
        (Some(value), Some(operand)) => holds(value.cmp(&operand)),
        _ => false,
    }
}

/// Whether a text matches a pattern in which `*` stands for any characters, and `\*` and `\\` for themselves. Goes back only
/// to the last `*`, so the cost is at most the product of the lengths.
fn matches_pattern(text: &str, pattern: &str) -> bool {
    let text: Vec<char> = text.chars().collect();
    let pattern = pattern_tokens(pattern);
    let (mut at, mut token) = (0, 0);
    let mut last_star = None;
    while at < text.len() {
        match pattern.get(token) {
            Some(None) => {
                last_star = Some((token, at));
                token += 1;
            }
            Some(Some(wanted)) if text.get(at) == Some(wanted) => {
                at += 1;
                token += 1;
            }
            _ => match last_star {
                Some((star, from)) => {
                    last_star = Some((star, from + 1));
                    at = from + 1;
                    token = star + 1;
                }
                None => return false,
            },
        }
    }
    pattern.get(token..).unwrap_or_default().iter().all(Option::is_none)
}

/// The characters of a pattern, none for `*`.
fn pattern_tokens(pattern: &str) -> Vec<Option<char>> {
    let mut tokens = Vec::new();
    let mut characters = pattern.chars();
    while let Some(character) = characters.next() {
        tokens.push(match character {
            '*' => None,
            '\\' => Some(characters.next().unwrap_or('\\')),
            other => Some(other),
        });
    }
    tokens
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn values_compare_by_type() {
        use Operator as Op;
        for (value, operator, operand, expected) in [
            (json!("a"), Op::StringEquals, json!("a"), true),
            (json!(1), Op::StringEquals, json!("1"), false),
            (json!("A"), Op::StringLessThan, json!("AB"), true),
            (json!("\u{ff61}"), Op::StringGreaterThan, json!("😀"), true),
            (json!(0.0), Op::NumericEquals, json!(0), true),
            (
                json!(9_007_199_254_740_993_i64),
                Op::NumericGreaterThan,
                json!(9_007_199_254_740_992_i64),
                true,
            ),
            (json!("1"), Op::NumericEquals, json!(1), false),
            (json!(true), Op::BooleanEquals, json!(true), true),
            (json!(null), Op::BooleanEquals, json!(false), false),
            (
                json!("2012-10-09T19:00:55+01:00"),
                Op::TimestampLessThan,
                json!("2012-10-09T19:00:55Z"),
                true,
            ),
            (
                json!("2012-10-09T19:00:55Z"),
                Op::TimestampGreaterThanEquals,
                json!("2012-10-09T19:00:55.000Z"),
                true,
            ),
            (json!("soon"), Op::TimestampEquals, json!("soon"), false),
            (json!("2012-10-09T19:00:55Z"), Op::IsTimestamp, json!(true), true),
            (json!("2023-02-24"), Op::IsTimestamp, json!(false), true),
            (json!(null), Op::IsNull, json!(true), true),
            (json!(1), Op::IsNumeric, json!(false), false),
        ] {
            assert_eq!(
                compare(operator, &value, &operand),
                expected,
                "{value} {operator:?} {operand}"
            );
        }
    }

    #[test]
    fn patterns_match() {
        for (text, pattern, expected) in [
            ("log-2024.txt", "log-*.txt", true),
            ("log-2024.txt", "log-*.csv", false),
            ("", "*", true),
            ("", "", true),
            ("a", "", false),
            ("a*b", "a\\*b", true),
            ("axb", "a\\*b", false),
            ("a\\b", "a\\\\b", true),
            ("aXbXc", "a*b*c", true),
            ("aaab", "*a*b", true),
            ("ab", "a*b*", true),
        ] {
            assert_eq!(matches_pattern(text, pattern), expected, "{text} {pattern}");
        }
    }

    proptest! {
        #[test]
        fn patterns_match_as_a_regular_expression_does(text in "[a-c]{0,8}", pattern in "[a-c*]{0,6}") {
            let regex = regex::Regex::new(&format!("^{}$", pattern.replace('*', ".*"))).unwrap();
            prop_assert_eq!(matches_pattern(&text, &pattern), regex.is_match(&text));
        }
    }
}
