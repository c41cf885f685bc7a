//! Names and references: logical ids, physical names and their limits, roles.

use std::collections::HashMap;

use super::fields::{At, Fields, with_hint};
use crate::diagnostic::{Diagnostic, Span, did_you_mean};
use crate::tree::Entry;

/// What the readers of the sections need to know of the whole file.
pub(super) struct Context<'a> {
    /// The name of the stack.
    pub(super) stack: String,
    /// Whether that name is one: else what begins with it need not be reported as well.
    pub(super) is_good_name: bool,
    /// The folder of the stack file: paths are relative to it.
    pub(super) folder: std::path::PathBuf,
    /// Logical ids of the roles.
    pub(super) roles: Vec<&'a str>,
}

/// The kinds of names, each with the service's limits.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Name {
    /// <https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html>
    Function,
    /// <https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html>
    Role,
    /// <https://docs.aws.amazon.com/step-functions/latest/apireference/API_CreateStateMachine.html>
    StateMachine,
}

impl Name {
    fn kind(self) -> &'static str {
        match self {
            Self::Function => "function",
            Self::Role => "role",
            Self::StateMachine => "state machine",
        }
    }

    fn longest(self) -> usize {
        match self {
            Self::Function | Self::Role => 64,
            Self::StateMachine => 80,
        }
    }

    fn allows(self, character: char) -> bool {
        let is_word = character.is_ascii_alphanumeric() || character == '_';
        match self {
            Self::Function => is_word || character == '-',
            Self::Role => is_word || "+=,.@-".contains(character),
            Self::StateMachine => {
                let is_noncharacter = matches!(character, '\u{fffe}' | '\u{ffff}' | '\u{10ffff}');
                !character.is_whitespace()
                    && !character.is_control()
                    && !is_noncharacter
                    && !"<>{}[]?*\"#%\\^|~`$&,;:/".contains(character)
            }
        }
    }
}

/// The physical name of a resource: `name` if given, else the stack's name and the logical id.
pub(super) fn physical(fields: &mut Fields<'_>, context: &Context<'_>, id: &Entry, kind: Name) -> String {
    let given = fields.text("name");
    let (name, span) = match given {
        Some((name, span)) => (name.to_owned(), span),
        None => (format!("{}-{}", context.stack, id.key), id.key_span.as_ref()),
    };
    if given.is_none() && !context.is_good_name {
        return name;
    }
    let length = name.chars().count();
    let wrong = if length > kind.longest() {
        Some(format!(
            "has {length} characters, at most {} are allowed",
            kind.longest()
        ))
    } else if name.is_empty() {
        Some("is empty".to_owned())
    } else {
        let refused = name.chars().find(|character| !kind.allows(*character));
        refused.map(|character| format!("must not hold {character:?}"))
    };
    if let Some(wrong) = wrong {
        let message = format!("the {} name `{name}` {wrong}", kind.kind());
        let hint = given
            .is_none()
            .then(|| format!("give {} a `name` of its own", fields.what));
        let found = Diagnostic::error("bad-name", message).at(span);
        fields.found.push(with_hint(found, hint));
    }
    name
}

/// Reports resources of one kind that have the same physical name; IAM does not tell upper from lower case.
pub(super) fn check_unique(names: &[(&Entry, &str)], kind: Name, found: &mut Vec<Diagnostic>) {
    let mut first: HashMap<String, &str> = HashMap::new();
    for (entry, name) in names {
        let key = if kind == Name::Role {
            name.to_lowercase()
        } else {
            (*name).to_owned()
        };
        match first.get(&key) {
            Some(other) => {
                let span = entry
                    .value
                    .get("name")
                    .map_or(entry.key_span.as_ref(), |name| name.span.as_ref());
                let kind = kind.kind();
                let message = format!("{kind} `{}` has the same name `{name}` as {kind} `{other}`", entry.key);
                found.push(Diagnostic::error("same-name", message).at(span));
            }
            None => {
                first.insert(key, &entry.key);
            }
        }
    }
}

/// Checks the ids of the sections: their form, and that no id stands for two things.
pub(super) fn check_ids(sections: &[(&'static str, &[Entry])], found: &mut Vec<Diagnostic>) {
    let mut first: HashMap<&str, &str> = HashMap::new();
    for (kind, entries) in sections {
        for entry in *entries {
            let span = entry.key_span.as_ref();
            if !is_id(&entry.key) {
                let message = format!(
                    "the {kind} id `{}` must be 1 to 64 letters, digits, `-` or `_`",
                    entry.key
                );
                found.push(Diagnostic::error("bad-id", message).at(span));
            }
            if let Some(other) = first.insert(&entry.key, kind) {
                let message = format!("the id `{}` is used by a {other} and by a {kind}", entry.key);
                found.push(
                    Diagnostic::error("same-id", message)
                        .at(span)
                        .hint("references could mean either"),
                );
            }
        }
    }
}

/// `[A-Za-z0-9_-]{1,64}`.
pub(super) fn is_id(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    (1..=64).contains(&text.len()) && text.bytes().all(allowed)
}

/// The name of the stack: it begins every physical name, so it must be short and fit all services.
/// False if it is not a good one.
pub(super) fn check_stack_name((name, span): At<'_, &str>, found: &mut Vec<Diagnostic>) -> bool {
    let problem = name_problem(name).map(|message| Diagnostic::error("bad-name", message).at(span));
    let is_good = problem.is_none();
    found.extend(problem);
    is_good
}

/// What is wrong with the name of a stack.
pub fn name_problem(name: &str) -> Option<String> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    if name.chars().count() > 40 {
        Some(format!(
            "the stack name has {} characters, at most 40 are allowed",
            name.chars().count()
        ))
    } else if !name.starts_with(|first: char| first.is_ascii_alphabetic()) || !name.bytes().all(allowed) {
        Some(format!(
            "the stack name `{name}` must begin with a letter and hold only letters, digits and `-`"
        ))
    } else {
        None
    }
}

/// The role of a function or state machine: a logical id of the file, or an ARN. None if it is neither.
pub(super) fn role(fields: &mut Fields<'_>, context: &Context<'_>) -> Option<String> {
    let (role, span) = fields.text("role")?;
    if is_arn(role, "iam", "role/") || context.roles.contains(&role) {
        return Some(role.to_owned());
    }
    let found = if role.starts_with("arn:") {
        bad_arn(role, span, "arn:aws:iam::123456789012:role/NAME")
    } else {
        let found = Diagnostic::error("undefined-reference", format!("there is no role `{role}`")).at(span);
        let hint = did_you_mean(role, context.roles.iter().copied())
            .unwrap_or_else(|| "name an entry of `roles`, or give the ARN of a role that exists".to_owned());
        found.hint(hint)
    };
    fields.found.push(found);
    None
}

/// What to say of a text that should be an ARN.
pub(super) fn bad_arn(text: &str, span: Option<&Span>, example: &str) -> Diagnostic {
    Diagnostic::error("bad-arn", format!("`{text}` is not an ARN of this kind"))
        .at(span)
        .hint(format!("e.g. {example}"))
}

/// Whether a text is `arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE` of that service, the resource beginning so.
pub(super) fn is_arn(text: &str, service: &str, resource: &str) -> bool {
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    let is_account = |text: &str| text == "aws" || (text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit()));
    matches!(parts.as_slice(), [arn, partition, of, _, account, rest]
        if *arn == "arn" && partition.starts_with("aws") && *of == service && is_account(account)
            && rest.strip_prefix(resource).is_some_and(|name| !name.is_empty() && !name.contains(char::is_whitespace)))
}
