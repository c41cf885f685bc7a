//! The filter policy of a subscription, by SNS's rules, so that a deploy does not stop half way at one that it refuses.
//!
//! Source: <https://docs.aws.amazon.com/sns/latest/dg/sns-subscription-filter-policies.html>, the pages on
//! [constraints](https://docs.aws.amazon.com/sns/latest/dg/subscription-filter-policy-constraints.html) and operators.

use std::net::IpAddr;

use crate::diagnostic::Diagnostic;
use crate::tree::{Node, Value};

/// Keys of a policy, at most.
const MOST_KEYS: usize = 5;
/// The numbers of values of all keys multiplied, at most.
const MOST_COMBINATIONS: usize = 150;
/// What may stand in place of a value.
const OPERATORS: &str = "prefix, suffix, equals-ignore-case, anything-but, numeric, exists, cidr";

/// What is wrong with a policy. `nested`: its scope is `MessageBody`, whose values may be objects.
pub(super) fn check(policy: &Node, nested: bool, found: &mut Vec<Diagnostic>) {
    let mut check = Check {
        nested,
        keys: 0,
        combinations: 1,
        found,
    };
    check.object(policy);
    let (keys, combinations) = (check.keys, check.combinations);
    let excess = if keys > MOST_KEYS {
        format!("has {keys} keys, at most {MOST_KEYS} are allowed")
    } else if combinations > MOST_COMBINATIONS {
        format!("has {combinations} combinations of values, at most {MOST_COMBINATIONS} are allowed")
    } else {
        return;
    };
    found.push(wrong(policy, excess));
}

fn wrong(node: &Node, message: impl AsRef<str>) -> Diagnostic {
    Diagnostic::error("bad-value", format!("`filterPolicy`: {}", message.as_ref())).at(node.span.as_ref())
}

struct Check<'f> {
    nested: bool,
    keys: usize,
    combinations: usize,
    found: &'f mut Vec<Diagnostic>,
}

impl Check<'_> {
    /// No deeper than the reader of the file lets mappings be.
    fn object(&mut self, node: &Node) {
        let Value::Map(entries) = &node.value else { return };
        for entry in entries {
            let (key, rule) = (&entry.key, &entry.value);
            match &rule.value {
                Value::List(branches) if key == "$or" && is_or(branches) => {
                    branches.iter().for_each(|branch| self.object(branch));
                }
                Value::List(conditions) if conditions.is_empty() => {
                    self.found.push(wrong(
                        rule,
                        format!("the list of `{key}` is empty, and so nothing would match"),
                    ));
                }
                Value::List(conditions) => {
                    self.keys += 1;
                    self.combinations = self.combinations.saturating_mul(conditions.len());
                    conditions.iter().for_each(|condition| self.condition(condition));
                }
                Value::Map(_) if self.nested => self.object(rule),
                Value::Map(_) => {
                    let message = format!("`{key}`: expected a list of values, found a mapping");
                    let hint = "only messages' bodies have nested values: `filterPolicyScope: MessageBody`";
                    self.found.push(wrong(rule, message).hint(hint));
                }
                // A parameter.
                Value::String(text) if text.contains("${") => {}
                _ => {
                    let message = format!("`{key}`: expected a list of values, found {}", rule.kind());
                    let hint = format!("`{key}: [{}]`", rule.to_json());
                    self.found.push(wrong(rule, message).hint(hint));
                }
            }
        }
    }

    fn condition(&mut self, condition: &Node) {
        let entries = match &condition.value {
            Value::Map(entries) => entries,
            Value::List(_) => {
                self.found
                    .push(wrong(condition, "expected a value or an operator, found a list"));
                return;
            }
            _ => return,
        };
        let [entry] = entries.as_slice() else {
            let message = format!("expected one operator, found {}", entries.len());
            self.found
                .push(wrong(condition, message).hint(format!("operators: {OPERATORS}")));
            return;
        };
        match expected_of(&entry.key) {
            None => {
                let message = format!("there is no operator `{}`", entry.key);
                self.found
                    .push(wrong(condition, message).hint(format!("operators: {OPERATORS}")));
            }
            Some(expected) if !fits(&entry.key, &entry.value) => {
                let message = format!("`{}` expects {expected}", entry.key);
                self.found.push(wrong(&entry.value, message));
            }
            Some(_) => {}
        }
    }
}

/// Other lists under this key are values of a key that happens to be called so.
fn is_or(branches: &[Node]) -> bool {
    branches.len() > 1 && branches.iter().all(|branch| matches!(branch.value, Value::Map(_)))
}

/// What an operator takes.
fn expected_of(operator: &str) -> Option<&'static str> {
    Some(match operator {
        "prefix" | "suffix" | "equals-ignore-case" => "a string",
        "exists" => "`true` or `false`",
        "cidr" => "a network like `10.0.0.0/24`",
        "numeric" => "one or two comparisons, e.g. `[\">=\", 1, \"<\", 5]`",
        "anything-but" => "a value, a list of values, or a `prefix`, `suffix` or `equals-ignore-case`",
        _ => return None,
    })
}

fn fits(operator: &str, value: &Node) -> bool {
    if value.as_str().is_some_and(|text| text.contains("${")) {
        return true;
    }
    match operator {
        "exists" => matches!(value.value, Value::Bool(_)),
        "cidr" => value.as_str().is_some_and(is_network),
        "numeric" => matches!(&value.value, Value::List(items) if are_comparisons(items)),
        "anything-but" => match &value.value {
            Value::Map(entries) => match entries.as_slice() {
                [entry] => {
                    matches!(entry.key.as_str(), "prefix" | "suffix" | "equals-ignore-case")
                        && all(&entry.value, |node| node.as_str().is_some())
                }
                _ => false,
            },
            _ => all(value, |node| !matches!(node.value, Value::Map(_) | Value::List(_))),
        },
        _ => value.as_str().is_some(),
    }
}

/// Of one value, or of each of a list that has some.
fn all(node: &Node, is_right: impl Fn(&Node) -> bool) -> bool {
    match &node.value {
        Value::List(items) => !items.is_empty() && items.iter().all(is_right),
        _ => is_right(node),
    }
}

fn are_comparisons(items: &[Node]) -> bool {
    let is_comparison = |pair: &[Node]| match pair {
        [comparison, bound] => {
            matches!(comparison.as_str(), Some("=" | "<" | "<=" | ">" | ">="))
                && match &bound.value {
                    Value::Number(_) => true,
                    Value::String(text) => text.contains("${"),
                    _ => false,
                }
        }
        _ => false,
    };
    matches!(items.len(), 2 | 4) && items.chunks(2).all(is_comparison)
}

fn is_network(text: &str) -> bool {
    let Some((address, bits)) = text.split_once('/') else {
        return false;
    };
    match (address.parse::<IpAddr>(), bits.parse::<u8>()) {
        (Ok(address), Ok(bits)) => bits <= if address.is_ipv4() { 32 } else { 128 },
        _ => false,
    }
}
