//! Tags, of the stack and of its resources.

use indexmap::IndexMap;

use super::fields::{Fields, scalar_text};
use crate::diagnostic::Diagnostic;

/// Tags that a resource may have (50), less those that stepstack sets itself: owner, region or seed, and two of test runs.
const MOST_TAGS: usize = 46;

/// Reads `tags` and checks them by the rules that all services share.
/// Source: <https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html>
pub(super) fn read(fields: &mut Fields<'_>) -> IndexMap<String, String> {
    let entries = fields.map("tags");
    let mut tags = IndexMap::new();
    for entry in entries {
        if let Err(message) = check_text(&entry.key, 1, 128).and_then(|()| check_prefix(&entry.key)) {
            let message = format!("the tag key `{}` {message}", entry.key);
            fields
                .found
                .push(Diagnostic::error("bad-tag", message).at(entry.key_span.as_ref()));
        }
        let Some(value) = scalar_text(&entry.value) else {
            let message = format!("tag `{}`: expected a string, found {}", entry.key, entry.value.kind());
            fields
                .found
                .push(Diagnostic::error("wrong-type", message).at(entry.value.span.as_ref()));
            continue;
        };
        if let Err(message) = check_text(&value, 0, 256) {
            let message = format!("the value of the tag `{}` {message}", entry.key);
            fields
                .found
                .push(Diagnostic::error("bad-tag", message).at(entry.value.span.as_ref()));
        }
        tags.insert(entry.key.clone(), value);
    }
    tags
}

/// Checks that a resource does not get too many tags, with the stack's.
pub(super) fn check_count(
    fields: &mut Fields<'_>,
    own: &IndexMap<String, String>,
    of_stack: &IndexMap<String, String>,
) {
    let count = own.len() + of_stack.keys().filter(|key| !own.contains_key(*key)).count();
    if count > MOST_TAGS {
        let message = format!(
            "{} has {count} tags with those of the stack, at most {MOST_TAGS} are allowed",
            fields.what
        );
        fields
            .found
            .push(Diagnostic::error("too-many-tags", message).at(fields.place));
    }
}

fn check_text(text: &str, least: usize, most: usize) -> Result<(), String> {
    let length = text.chars().count();
    if length < least {
        return Err("is empty".to_owned());
    }
    if length > most {
        return Err(format!("has {length} characters, at most {most} are allowed"));
    }
    let allowed = |character: char| character.is_alphanumeric() || character == ' ' || "_.:/=+-@".contains(character);
    match text.chars().find(|character| !allowed(*character)) {
        Some(character) => Err(format!("must not hold {character:?}")),
        None => Ok(()),
    }
}

fn check_prefix(key: &str) -> Result<(), String> {
    let key = key.to_lowercase();
    match ["aws:", "stepstack:"]
        .into_iter()
        .find(|prefix| key.starts_with(prefix))
    {
        Some("aws:") => Err("begins with `aws:`, which AWS reserves".to_owned()),
        Some(_) => Err("begins with `stepstack:`, which is reserved for stepstack's own tags".to_owned()),
        None => Ok(()),
    }
}
