//! What expressions look at. Whatever an expression sees is copied for it, so it is given only what its text can reach: the
//! context object holds the whole input of the execution, and a Map state evaluates its selector once for each item.

use serde_json::{Map, Value};

use super::expression_of;

/// What the expressions of a template may look at: more than they do in case of doubt, never less.
#[derive(Debug)]
pub struct Wanted<'a> {
    texts: Vec<&'a str>,
    /// The names that follow `$states`, for each place where it stands.
    chains: Vec<Vec<&'a str>>,
}

impl<'a> Wanted<'a> {
    /// Reads the expressions in a template.
    pub fn by(template: &'a Value) -> Self {
        let mut texts = Vec::new();
        collect(template, &mut texts);
        let chains = texts.iter().flat_map(|text| chains(text)).collect();
        Self { texts, chains }
    }

    /// Whether the template has any expression.
    pub fn is_anything(&self) -> bool {
        !self.texts.is_empty()
    }

    /// Whether a variable, given without `$`, may be looked at.
    pub fn has_variable(&self, name: &str) -> bool {
        let used = |text: &&str| {
            text.match_indices(name)
                .any(|(at, _)| text.get(..at).is_some_and(|before| before.ends_with('$')))
        };
        self.texts.iter().any(used)
    }

    /// Whether a member of `$states` may be looked at.
    pub fn has_member(&self, name: &str) -> bool {
        self.chains
            .iter()
            .any(|chain| chain.first().is_none_or(|first| *first == name))
    }

    /// A member of `$states`, without what cannot be reached.
    pub fn of_member(&self, name: &str, value: &Value) -> Value {
        let mut chains = Vec::new();
        for chain in &self.chains {
            match chain.split_first() {
                None => return value.clone(),
                Some((first, rest)) if *first == name => chains.push(rest),
                Some(_) => {}
            }
        }
        pruned(value, &chains)
    }
}

/// Recurses as deep as the template nests, which the reader of definitions limits.
fn collect<'a>(template: &'a Value, texts: &mut Vec<&'a str>) {
    match template {
        Value::String(text) => texts.extend(expression_of(text)),
        Value::Array(items) => items.iter().for_each(|item| collect(item, texts)),
        Value::Object(members) => members.values().for_each(|member| collect(member, texts)),
        _ => {}
    }
}

/// What lies on one of the chains. Recurses as deep as they are long; past [`LONGEST`] they are cut off.
fn pruned(value: &Value, chains: &[&[&str]]) -> Value {
    let Value::Object(members) = value else {
        return value.clone();
    };
    if chains.iter().any(|chain| chain.is_empty()) {
        return value.clone();
    }
    let mut kept = Map::new();
    for (name, member) in members {
        let on: Vec<&[&str]> = chains
            .iter()
            .filter_map(|chain| chain.split_first())
            .filter(|(first, _)| *first == name)
            .map(|(_, rest)| rest)
            .collect();
        if !on.is_empty() {
            kept.insert(name.clone(), pruned(member, &on));
        }
    }
    Value::Object(kept)
}

/// The longest chain that is followed.
const LONGEST: usize = 8;

fn chains(text: &str) -> Vec<Vec<&str>> {
    const NAME: &str = "$states";
    // `%` may lead from anywhere to what lies beside it, and after `@` the step before goes on.
    let leads_back = text.contains(['%', '@']);
    text.match_indices(NAME)
        .map(|(at, _)| text.get(at + NAME.len()..).unwrap_or_default())
        // The name of a variable may begin like this one.
        .filter(|rest| rest.chars().next().is_none_or(ends_name))
        .map(|rest| if leads_back { Vec::new() } else { chain(rest) })
        .collect()
}

/// The plain names after dots. What else may follow needs all that has been reached.
fn chain(mut rest: &str) -> Vec<&str> {
    let mut names = Vec::new();
    while names.len() < LONGEST
        && let Some(after) = rest.trim_start().strip_prefix('.')
    {
        let after = after.trim_start();
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let end = after.find(|c| !plain(c)).unwrap_or(after.len());
        let (name, next) = after.split_at(end);
        // A name may also hold other letters, and a quoted one any.
        if name.is_empty() || !next.chars().next().is_none_or(ends_name) {
            break;
        }
        names.push(name);
        rest = next;
    }
    names
}

fn ends_name(next: char) -> bool {
    next.is_whitespace() || ".[]{}(),@#;:?+-*/%|=<>^&!~".contains(next)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::super::{Bindings, Expression};
    use super::*;

    fn states() -> Value {
        json!({
            "input": { "a": { "b": 1, "c": [1, { "d": 2 }] }, "aé": 3 },
            "context": { "Execution": { "Id": "e", "Input": { "a": 1 } }, "Map": { "Item": { "Index": 4, "Value": 5 } } },
        })
    }

    fn pruned_for(text: &str) -> Value {
        let template = Value::String(format!("{{% {text} %}}"));
        let wanted = Wanted::by(&template);
        let states = states();
        let kept = states.as_object().unwrap().iter();
        Value::Object(
            kept.filter(|(name, _)| wanted.has_member(name))
                .map(|(name, value)| (name.clone(), wanted.of_member(name, value)))
                .collect(),
        )
    }

    #[test]
    fn what_cannot_be_reached_is_left_out() {
        let item = json!({ "context": { "Map": { "Item": { "Index": 4 } } } });
        let input = json!({ "input": states()["input"] });
        for (text, expected) in [
            ("1 + $x", json!({})),
            ("$statesman.input", json!({})),
            ("$states.context.Map.Item.Index + 1", item.clone()),
            ("$string($states . context.Map\n.Item.Index)", item),
            ("$states.input", input.clone()),
            ("$states.input[a = 1].x", input.clone()),
            ("$states.input.(a)", input.clone()),
            ("$states.input.*", input.clone()),
            ("$states.input.`a`.b", input.clone()),
            ("$states.input.aé", input),
            (
                "$states.input.a.c.d",
                json!({ "input": { "a": { "c": [1, { "d": 2 }] } } }),
            ),
            ("$states.input.a.b.c", json!({ "input": { "a": { "b": 1 } } })),
            ("$states.input.no", json!({ "input": {} })),
            (
                "[$states.input.a.b, $states.context.Execution.Id]",
                json!({
                    "input": { "a": { "b": 1 } }, "context": { "Execution": { "Id": "e" } },
                }),
            ),
            ("$states.input.a.b.(%.c)", states()),
            ("$states.input@$v", states()),
            ("$states.*", states()),
            ("$lookup($states, 'input')", states()),
            ("$states/* */.input", states()),
        ] {
            assert_eq!(pruned_for(text), expected, "{text}");
        }
    }

    #[test]
    fn variables_that_may_be_meant() {
        let template = json!({ "a": "{% $total + $f($list) %}", "b": "$none" });
        let wanted = Wanted::by(&template);
        let found = ["total", "list", "tot", "none", "f", "otal"].map(|name| wanted.has_variable(name));
        assert_eq!(found, [true, true, true, false, true, false]);
    }

    proptest! {
        #[test]
        fn nothing_is_missed(text in "\\$states(\\.(input|context|a|b|c|d|Map|Item|Execution|`a`|aé|\\*|\\(a\\)|\\(%\\.c\\)|%)|\\[[0-9]\\]|\\[b=1\\]| |\\{'x':a\\}|\\^\\(b\\)|#\\$i|@\\$v){0,6}") {
            let Ok(expression) = Expression::parse(&text) else { return Ok(()) };
            let variables = Map::new();
            let evaluate = |states: &Value| {
                expression.evaluate(&Bindings { states, variables: &variables, now_millis: 0 }, 0)
            };
            prop_assert_eq!(evaluate(&pruned_for(&text)), evaluate(&states()), "{}", text);
        }
    }
}
