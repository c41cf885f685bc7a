//! Compares recorded values with observed ones, and remembers what the placeholders stood for.

use std::collections::HashMap;
use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;

use super::text::{apart, brief};

/// Recorded words that stand for a value which differs from run to run.
const ANY: &[&str] = &[
    "timestamp",
    "datetime",
    "date",
    "time",
    "start-date",
    "stop-date",
    "start-time",
    "entered-time",
    "creation-date",
    "Server",
    "RequestId",
    "x-amzn-RequestId",
    "x-amzn--request-id",
    "x-amzn-requestid",
    "X-Amzn-Trace-Id",
    "x-amz-apigw-id",
    "x-amz-crc32",
    "a_task_token",
    "a_message_id",
    "someNonexistentBucketName",
    "RandomNumberGenerated",
    "generated-uuid",
];

/// Words that stand for a name or an ARN, also inside longer texts; one word has one value within a case.
const NAMES: &str = r"s(?:nf|fn)_role_arn(?:_\w+)?|state_machine_role_arn|s?sm_nonexistent_arn|invalid_execution_arn|map_run_arn|activity_arn(?:_\d+)?|activity_name(?:_\d+)?|state_machine_alias_(?:base_)?name|state_machine_name|lambda_function_(?:\d+_)?name|sqs_queue_url|bucket-name|bucket_name|table-name";

/// The account of the recordings.
const ACCOUNT: &str = "111111111111";

/// One word for all roles of a case, and one for all Map runs: these may have several values. With what their ARNs hold.
const MANY: &[(&str, &str)] = &[
    ("snf_role_arn", ":role/"),
    ("sfn_role_arn", ":role/"),
    ("map_run_arn", ":mapRun:"),
];

/// Members that AWS returns today but the older recordings cannot hold: ignored when only the answer has them.
const NEWER_MEMBERS: &[&str] = &[
    "encryptionConfiguration",
    "variableReferences",
    "redriveCount",
    "redriveStatus",
    "redriveStatusReason",
    "truncated",
];

static PLACEHOLDER: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(&format!(r#"<[A-Za-z][^<>\s"]*>|{NAMES}|1{{12}}"#)).unwrap());
static ONLY_PLACEHOLDER: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(&format!(r#"\A(?:<[A-Za-z][^<>\s"]*>|{NAMES}|1{{12}})\z"#)).unwrap());

/// What the placeholders of a case stand for so far.
#[derive(Clone, Debug)]
pub struct Matcher {
    /// Whether 1 and 1.0 differ.
    strict: bool,
    known: HashMap<String, String>,
}

impl Matcher {
    /// Knows only the account.
    pub fn new(strict: bool, account: &str) -> Self {
        Self {
            strict,
            known: HashMap::from([(ACCOUNT.to_owned(), account.to_owned())]),
        }
    }

    /// The first difference, if there is one.
    pub fn differs(&mut self, want: &Value, got: &Value, path: &str) -> Option<String> {
        if let Value::String(word) = want
            && (ANY.contains(&word.trim_matches('"')) || (!got.is_string() && ONLY_PLACEHOLDER.is_match(word)))
        {
            return None;
        }
        // JSON text was parsed when the recording was written.
        let reread = match got {
            Value::String(text) if !want.is_string() => serde_json::from_str(text).ok(),
            _ => None,
        };
        let got: &Value = reread.as_ref().unwrap_or(got);
        let same = match (want, got) {
            (Value::Object(wanted), Value::Object(seen)) => {
                for (name, want) in wanted {
                    let Some(got) = seen.get(name) else {
                        return at(&format!("{path}.{name}"), &format!("want {}, got nothing", brief(want)));
                    };
                    if let Some(found) = self.differs(want, got, &format!("{path}.{name}")) {
                        return Some(found);
                    }
                }
                let more = seen
                    .iter()
                    .find(|(name, _)| !wanted.contains_key(*name) && !NEWER_MEMBERS.contains(&name.as_str()));
                return more.and_then(|(name, got)| {
                    at(&format!("{path}.{name}"), &format!("want nothing, got {}", brief(got)))
                });
            }
            (Value::Array(wanted), Value::Array(seen)) => {
                for (n, (want, got)) in wanted.iter().zip(seen).enumerate() {
                    if let Some(found) = self.differs(want, got, &format!("{path}[{n}]")) {
                        return Some(found);
                    }
                }
                let n = wanted.len().min(seen.len());
                let rest = match (wanted.get(n), seen.get(n)) {
                    (Some(want), _) => format!("want {}, got nothing", brief(want)),
                    (_, Some(got)) => format!("want nothing, got {}", brief(got)),
                    _ => return None,
                };
                let lengths = format!("{rest} (length {}, {})", wanted.len(), seen.len());
                return at(&format!("{path}[{n}]"), &lengths);
            }
            (Value::String(wanted), Value::String(seen)) => {
                if self.text(wanted, seen) {
                    true
                } else if let Some((wanted, seen)) = both_json(wanted, seen) {
                    return self.differs(&wanted, &seen, path);
                } else {
                    false
                }
            }
            (Value::Number(wanted), Value::Number(seen)) => {
                (!self.strict || wanted.is_f64() == seen.is_f64())
                    && (wanted == seen || wanted.as_f64() == seen.as_f64())
            }
            _ => want == got,
        };
        if same { None } else { at(path, &apart(want, got)) }
    }

    /// Whether a text is the wanted one but for what placeholders stand for.
    fn text(&mut self, want: &str, got: &str) -> bool {
        if want == got {
            return true;
        }
        let mut parts = Vec::new();
        let mut end = 0;
        for found in PLACEHOLDER.find_iter(want) {
            parts.push(Part::Literal(&want[end..found.start()]));
            parts.push(self.part(found.as_str()));
            end = found.end();
        }
        if parts.is_empty() {
            return false;
        }
        parts.push(Part::Literal(&want[end..]));
        for narrow in [true, false] {
            let mut bound = HashMap::new();
            if fits(&parts, got, narrow, &mut bound) {
                let bound = bound
                    .into_iter()
                    .map(|(word, value)| (word.to_owned(), value.to_owned()));
                let bound: Vec<_> = bound.collect();
                self.known.extend(bound);
                return true;
            }
        }
        false
    }

    fn part<'a>(&self, word: &'a str) -> Part<'a> {
        if let Some((_, inside)) = MANY.iter().find(|(many, _)| *many == word) {
            return Part::Arn(inside);
        }
        match self.known.get(word) {
            Some(value) => Part::Known(value.clone()),
            None => Part::Open(word),
        }
    }
}

/// What a text is made of.
enum Part<'a> {
    Literal(&'a str),
    Known(String),
    /// An ARN that holds this.
    Arn(&'a str),
    /// A placeholder that has no value yet.
    Open(&'a str),
}

/// Whether the text fits; the narrow reading of an open placeholder is one segment of an ARN, path or JSON text and as
/// long as can be, the wide one anything and as short as can be.
fn fits<'a>(parts: &[Part<'a>], text: &'a str, narrow: bool, bound: &mut HashMap<&'a str, &'a str>) -> bool {
    let Some((part, rest)) = parts.split_first() else {
        return text.is_empty();
    };
    let word = match part {
        Part::Literal(literal) => return after(text, literal).is_some_and(|text| fits(rest, text, narrow, bound)),
        Part::Known(value) => return after(text, value).is_some_and(|text| fits(rest, text, narrow, bound)),
        Part::Arn(inside) => {
            let longest = text
                .find(|letter: char| letter.is_whitespace() || letter == '"')
                .unwrap_or(text.len());
            return ends(text, longest).rev().any(|end| {
                let arn = &text[..end];
                let holds = arn
                    .strip_prefix("arn:")
                    .and_then(|arn| {
                        arn.rfind(inside)
                            .filter(|at| *at > 0)
                            .map(|at| &arn[at + inside.len()..])
                    })
                    .is_some_and(|last| !last.is_empty());
                holds && fits(rest, &text[end..], narrow, bound)
            });
        }
        Part::Open(word) => *word,
    };
    if let Some(value) = bound.get(word) {
        return after(text, value).is_some_and(|text| fits(rest, text, narrow, bound));
    }
    let mut fits_with = |end: usize| {
        bound.insert(word, &text[..end]);
        let fits = fits(rest, &text[end..], narrow, bound);
        if !fits {
            bound.remove(word);
        }
        fits
    };
    if narrow {
        let stops = |letter: char| letter.is_whitespace() || matches!(letter, ':' | '/' | '"');
        let longest = text.find(stops).unwrap_or(text.len());
        ends(text, longest).rev().filter(|end| *end > 0).any(&mut fits_with)
    } else {
        ends(text, text.len()).any(&mut fits_with)
    }
}

fn after<'a>(text: &'a str, start: &str) -> Option<&'a str> {
    text.strip_prefix(start)
}

/// The places up to `longest` at which a character ends.
fn ends(text: &str, longest: usize) -> impl DoubleEndedIterator<Item = usize> + '_ {
    text[..longest].char_indices().map(|(at, _)| at).chain([longest])
}

/// JSON text is compared as JSON.
fn both_json(want: &str, got: &str) -> Option<(Value, Value)> {
    let first = want.chars().next().filter(|letter| matches!(letter, '{' | '['))?;
    if !got.starts_with(first) {
        return None;
    }
    Some((serde_json::from_str(want).ok()?, serde_json::from_str(got).ok()?))
}

fn at(path: &str, what: &str) -> Option<String> {
    Some(format!("{path}: {what}").trim_start_matches('.').to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(want: &Value, got: &Value, expected: Option<&str>) {
        let found = Matcher::new(true, "000000000000").differs(want, got, "");
        assert_eq!(found.as_deref(), expected);
    }

    #[test]
    fn placeholders_match_what_they_stand_for() {
        check(&json!({"a": "timestamp"}), &json!({"a": 1.5}), None);
        check(&json!("<name:1>/x/<name:1>"), &json!("abc/x/abc"), None);
        check(
            &json!("<name:1>/x/<name:1>"),
            &json!("abc/x/abd"),
            Some(r#": want "<name:1>/x/<name:1>", got "abc/x/abd""#),
        );
        check(&json!("arn:111111111111:<n>"), &json!("arn:000000000000:m"), None);
        check(
            &json!(["<n>", "<n>"]),
            &json!(["x", "y"]),
            Some(r#"[1]: want "<n>", got "y""#),
        );
        check(&json!("by snf_role_arn!"), &json!("by arn:aws:iam::0:role/r!"), None);
        check(&json!("<any> end"), &json!("one: two/three end"), None);
    }

    #[test]
    fn differences_are_named() {
        check(&json!({"a": 1}), &json!({"a": 1.0}), Some("a: want 1, got 1.0"));
        check(&json!({"a": true}), &json!({"a": 1}), Some("a: want true, got 1"));
        check(&json!({"a": 1}), &json!({}), Some("a: want 1, got nothing"));
        check(&json!({}), &json!({"a": 1}), Some("a: want nothing, got 1"));
        check(&json!({}), &json!({"redriveCount": 0}), None);
        check(
            &json!([1]),
            &json!([1, 2]),
            Some("[1]: want nothing, got 2 (length 1, 2)"),
        );
        check(&json!({"a": {"b": 1}}), &json!({"a": "{\"b\": 1}"}), None);
        check(&json!("{\"b\": 1}"), &json!("{\"b\":1}"), None);
        check(&json!("{\"b\": 1}"), &json!("{\"b\":2}"), Some("b: want 1, got 2"));
    }
}
