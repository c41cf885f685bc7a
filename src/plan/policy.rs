//! IAM policy documents: built small and in a stable order, compared by meaning, widened and narrowed.
//! The rules are those of the [policy grammar](https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html).

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

/// Actions and the resources they are allowed on; becomes the least number of statements that allow exactly that.
#[derive(Clone, Debug, Default)]
pub(crate) struct Grants {
    /// Resources by the condition, as a text, and the action.
    resources: BTreeMap<(String, String), BTreeSet<String>>,
    conditions: BTreeMap<String, Value>,
}

impl Grants {
    pub(crate) fn allow(&mut self, action: &str, resource: impl Into<String>) {
        self.allow_if(action, resource, &json!({}));
    }

    /// What is allowed only if a condition holds; an empty one always does.
    pub(crate) fn allow_if(&mut self, action: &str, resource: impl Into<String>, condition: &Value) {
        let key = condition.to_string();
        self.conditions.entry(key.clone()).or_insert_with(|| condition.clone());
        let resources = self.resources.entry((key, action.to_owned())).or_default();
        resources.insert(resource.into());
    }

    /// One statement for each condition and set of resources: those without a condition first, in the order of their first
    /// action.
    pub(crate) fn statements(&self) -> Vec<Value> {
        let (free, bound): (Vec<_>, Vec<_>) = self.conditions.iter().partition(|(_, condition)| is_empty(condition));
        let of = |(key, condition): (&String, &Value)| self.statements_with(key, condition);
        free.into_iter().chain(bound).flat_map(of).collect()
    }

    fn statements_with(&self, key: &str, condition: &Value) -> Vec<Value> {
        let mut by_resources: Vec<(BTreeSet<&String>, Vec<&String>)> = Vec::new();
        for ((_, action), resources) in self.resources.iter().filter(|((known, _), _)| known == key) {
            let resources: BTreeSet<&String> = if resources.contains("*") {
                resources.iter().filter(|resource| *resource == "*").collect()
            } else {
                resources.iter().collect()
            };
            match by_resources.iter_mut().find(|(known, _)| *known == resources) {
                Some((_, actions)) => actions.push(action),
                None => by_resources.push((resources, vec![action])),
            }
        }
        by_resources
            .into_iter()
            .map(|(resources, actions)| {
                let mut statement = json!({
                    "Effect": "Allow",
                    "Action": one_or_many(actions),
                    "Resource": one_or_many(resources.into_iter().collect()),
                });
                if !is_empty(condition) {
                    statement["Condition"] = condition.clone();
                }
                statement
            })
            .collect()
    }
}

fn is_empty(condition: &Value) -> bool {
    condition.as_object().is_some_and(Map::is_empty)
}

/// The only element, or all of them: the compact form of a list in a policy.
pub(crate) fn one_or_many<T: Into<Value> + Clone>(values: Vec<&T>) -> Value {
    match values.as_slice() {
        [one] => (*one).clone().into(),
        many => many.iter().map(|value| (*value).clone()).collect(),
    }
}

/// A policy of those statements.
pub(crate) fn document(statements: Vec<Value>) -> Value {
    json!({ "Version": "2012-10-17", "Statement": statements })
}

/// Whether two documents mean the same: order of statements, lists and keys, `Sid`s and the case of actions do not matter.
pub(crate) fn same(left: &Value, right: &Value) -> bool {
    left.get("Version") == right.get("Version") && normal(left).keys().eq(normal(right).keys())
}

/// Whether a change from one document to another adds permissions, and whether it removes some.
pub(crate) fn direction(before: &Value, after: &Value) -> (bool, bool) {
    let (before, after) = (atoms(before), atoms(after));
    // A denial that comes takes permissions away; one that goes gives some.
    let adds =
        after.allow.difference(&before.allow).next().is_some() || before.deny.difference(&after.deny).next().is_some();
    let removes =
        before.allow.difference(&after.allow).next().is_some() || after.deny.difference(&before.deny).next().is_some();
    (adds, removes)
}

/// A document that allows what either allows and denies only what both deny.
pub(crate) fn union(before: &Value, after: &Value) -> Value {
    let (old, new) = (normal(before), normal(after));
    let denies = |statement: &Value| statement.get("Effect") == Some(&json!("Deny"));
    let wanted = new
        .iter()
        .filter(|(key, statement)| !denies(statement) || old.contains_key(*key));
    let kept = old
        .iter()
        .filter(|(key, statement)| !denies(statement) && !new.contains_key(*key));
    let mut merged = document(wanted.chain(kept).map(|(_, statement)| statement.clone()).collect());
    if let Some(version) = after.get("Version") {
        merged["Version"] = version.clone();
    }
    merged
}

/// Characters that count towards IAM's quotas: all but white space.
pub(crate) fn size(document: &Value) -> usize {
    document.to_string().chars().filter(|c| !c.is_whitespace()).count()
}

/// The statements by a key that is equal for equal meaning, each as it was written.
fn normal(document: &Value) -> BTreeMap<String, Value> {
    statements(document)
        .map(|statement| (key_of(statement), statement.clone()))
        .collect()
}

fn statements(document: &Value) -> impl Iterator<Item = &Value> {
    let statement = document.get("Statement");
    let many = statement.and_then(Value::as_array).map(|list| list.iter());
    let one = statement.filter(|statement| statement.is_object());
    many.into_iter().flatten().chain(one)
}

fn key_of(statement: &Value) -> String {
    let mut members = BTreeMap::new();
    for (name, value) in statement.as_object().into_iter().flatten() {
        let meaning = match name.as_str() {
            "Sid" => continue,
            "Action" | "NotAction" => json!(texts(value).iter().map(|a| a.to_lowercase()).collect::<BTreeSet<_>>()),
            "Resource" | "NotResource" => json!(texts(value)),
            "Principal" | "NotPrincipal" => nested(value),
            "Condition" => {
                let operators = value.as_object().into_iter().flatten();
                json!(
                    operators
                        .map(|(operator, keys)| (operator, nested(keys)))
                        .collect::<BTreeMap<_, _>>()
                )
            }
            _ => value.clone(),
        };
        members.insert(name, meaning);
    }
    json!(members).to_string()
}

/// A mapping of texts or lists of texts, in one form.
fn nested(value: &Value) -> Value {
    match value.as_object() {
        Some(entries) => json!(
            entries
                .iter()
                .map(|(key, value)| (key, texts(value)))
                .collect::<BTreeMap<_, _>>()
        ),
        None => value.clone(),
    }
}

/// A text or a list of texts as a set; numbers and booleans count as what they are written as.
fn texts(value: &Value) -> BTreeSet<String> {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    match value {
        Value::Array(values) => values.iter().map(text).collect(),
        value => BTreeSet::from([text(value)]),
    }
}

/// Every combination of action, resource or principal, and condition, each as a text.
#[derive(Default)]
struct Atoms {
    allow: BTreeSet<String>,
    deny: BTreeSet<String>,
}

fn atoms(document: &Value) -> Atoms {
    let mut found = Atoms::default();
    for statement in statements(document) {
        let into = match statement.get("Effect").and_then(Value::as_str) {
            Some("Deny") => &mut found.deny,
            _ => &mut found.allow,
        };
        let spread = |name: &str| match statement.get(name) {
            Some(value) => texts(value).into_iter().map(Some).collect(),
            None => vec![None],
        };
        for action in spread("Action") {
            for resource in spread("Resource") {
                for principal in principals(statement.get("Principal")) {
                    let mut atom: Map<String, Value> = statement.as_object().cloned().unwrap_or_default();
                    atom.extend(action.clone().map(|action| ("Action".into(), action.into())));
                    atom.extend(resource.clone().map(|resource| ("Resource".into(), resource.into())));
                    atom.extend(principal.map(|principal| ("Principal".into(), principal)));
                    into.insert(key_of(&Value::Object(atom)));
                }
            }
        }
    }
    found
}

fn principals(principal: Option<&Value>) -> Vec<Option<Value>> {
    match principal {
        Some(Value::Object(kinds)) => kinds
            .iter()
            .flat_map(|(kind, names)| texts(names).into_iter().map(move |name| Some(json!({ kind: name }))))
            .collect(),
        Some(other) => vec![Some(other.clone())],
        None => vec![None],
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn allow(action: &str, resource: Value) -> Value {
        json!({ "Effect": "Allow", "Action": action, "Resource": resource })
    }

    #[test]
    fn grants_are_merged_exactly() {
        let mut grants = Grants::default();
        grants.allow("lambda:InvokeFunction", "f1");
        grants.allow("lambda:InvokeFunction", "f2");
        grants.allow("dynamodb:GetItem", "t1");
        grants.allow("dynamodb:PutItem", "t1");
        grants.allow("dynamodb:Scan", "t1");
        grants.allow("dynamodb:Scan", "t2");
        grants.allow("sns:Publish", "topic");
        grants.allow("sns:Publish", "*");
        assert_eq!(
            json!(grants.statements()),
            json!([
                { "Effect": "Allow", "Action": ["dynamodb:GetItem", "dynamodb:PutItem"], "Resource": "t1" },
                { "Effect": "Allow", "Action": "dynamodb:Scan", "Resource": ["t1", "t2"] },
                { "Effect": "Allow", "Action": "lambda:InvokeFunction", "Resource": ["f1", "f2"] },
                { "Effect": "Allow", "Action": "sns:Publish", "Resource": "*" },
            ])
        );
    }

    #[test]
    fn meaning_decides_equality() {
        let written = json!({ "Version": "2012-10-17", "Statement": [
            { "Sid": "A", "Effect": "Allow", "Action": ["S:b", "s:A"], "Resource": ["r"],
              "Condition": { "Bool": { "k": true } } },
            allow("x:y", json!(["1", "2"])),
        ]});
        let turned = json!({ "Statement": [
            allow("x:y", json!(["2", "1"])),
            { "Resource": "r", "Condition": { "Bool": { "k": ["true"] } }, "Effect": "Allow", "Action": ["s:a", "s:b"] },
        ], "Version": "2012-10-17" });
        assert!(same(&written, &turned));
        for (path, value) in [
            ("/Statement/0/Resource", json!(["2"])),
            ("/Statement/1/Condition/Bool/k", json!("false")),
            ("/Statement/1/Effect", json!("Deny")),
            ("/Version", json!("2008-10-17")),
        ] {
            let mut other = turned.clone();
            *other.pointer_mut(path).unwrap() = value;
            assert!(!same(&written, &other), "{path} was changed");
        }
        assert!(same(
            &json!({ "Statement": allow("x:y", json!("1")) }),
            &json!({ "Statement": [allow("x:y", json!("1"))] })
        ));
    }

    #[test]
    fn direction_and_union() {
        let deny = json!({ "Effect": "Deny", "Action": "a:c", "Resource": "r" });
        let check = |before: Vec<Value>, after: Vec<Value>, expected: (bool, bool)| {
            let (before, after) = (document(before), document(after));
            assert_eq!(direction(&before, &after), expected, "{before} → {after}");
            let widest = union(&before, &after);
            assert!(
                !direction(&before, &widest).1,
                "{widest} has lost something of {before}"
            );
            assert!(!direction(&after, &widest).1, "{widest} has less than {after}");
        };
        let (r1, r2) = (allow("a:b", json!("1")), allow("a:b", json!("2")));
        let both = allow("a:b", json!(["1", "2"]));
        check(vec![r1.clone()], vec![r1.clone()], (false, false));
        check(vec![r1.clone()], vec![r2.clone()], (true, true));
        check(vec![both.clone()], vec![r2.clone()], (false, true));
        check(vec![r1.clone(), r2.clone()], vec![both.clone()], (false, false));
        check(vec![r1.clone()], vec![both.clone()], (true, false));
        check(vec![r1.clone()], vec![r1.clone(), deny.clone()], (false, true));
        check(vec![r1.clone(), deny.clone()], vec![both, deny], (true, false));
        let trust = |service: &str| {
            vec![json!({ "Effect": "Allow", "Principal": { "Service": service }, "Action": "sts:AssumeRole" })]
        };
        check(
            trust("lambda.amazonaws.com"),
            trust("states.amazonaws.com"),
            (true, true),
        );
    }

    #[test]
    fn white_space_does_not_count() {
        assert_eq!(size(&json!({ "a b": "c\td" })), r#"{"ab":"c\td"}"#.len());
    }
}
