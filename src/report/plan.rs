//! A plan as text.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::Value;

use super::text::{compact_json, escape, shorten};
use super::theme::{Meaning, Theme};
use crate::plan::{Action, Change, Kind, Plan};

/// Values longer than this are cut; `--json` has the whole.
const LONGEST_VALUE: usize = 80;

/// How many steps of each sort a plan has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Resources to be made.
    pub create: usize,
    /// Resources to be changed.
    pub update: usize,
    /// Resources to be removed.
    pub delete: usize,
}

impl Counts {
    /// Counts the steps.
    pub fn of(plan: &Plan) -> Self {
        let count = |action: Action| plan.steps.iter().filter(|step| step.action == action).count();
        Self {
            create: count(Action::Create),
            update: count(Action::Update),
            delete: count(Action::Delete),
        }
    }
}

/// The whole plan: every step, what changes in updates, the numbers, the notes.
pub fn render(plan: &Plan, theme: Theme) -> String {
    let mut text: String = plan
        .steps
        .iter()
        .map(|step| step_text(step.action, step.kind, &step.name, &step.changes, theme))
        .collect();
    text.push_str(&closing(plan, theme));
    text
}

/// The plan in short, for a command that goes on to execute it: what is created is only counted, as each creation is
/// reported when it is done.
pub fn render_short(plan: &Plan, theme: Theme) -> String {
    let created = plan.steps.iter().filter(|step| step.action == Action::Create);
    let mut text = created_text(created.map(|step| step.kind), theme);
    for step in plan.steps.iter().filter(|step| step.action != Action::Create) {
        text.push_str(&step_text(step.action, step.kind, &step.name, &step.changes, theme));
    }
    text.push_str(&closing(plan, theme));
    text
}

/// A kind as people say it.
pub fn kind_name(kind: Kind) -> &'static str {
    kind.label()
}

fn step_text(action: Action, kind: Kind, name: &str, changes: &[Change], theme: Theme) -> String {
    let (sign, meaning) = match action {
        Action::Create => ("+ create", Meaning::Added),
        Action::Update => ("~ update", Meaning::Changed),
        Action::Delete => ("- delete", Meaning::Removed),
    };
    let mut text = format!("{} {} {}\n", theme.paint(meaning, sign), kind_name(kind), escape(name));
    // What is created or deleted is new or gone as a whole.
    if action == Action::Update {
        for change in changes {
            let _ = writeln!(text, "    {}", change_words(change));
        }
    }
    text
}

/// `+ create 2 roles, 1 function`; nothing if nothing is created.
fn created_text(kinds: impl Iterator<Item = Kind>, theme: Theme) -> String {
    let mut counts: BTreeMap<Kind, usize> = BTreeMap::new();
    for kind in kinds {
        *counts.entry(kind).or_default() += 1;
    }
    if counts.is_empty() {
        return String::new();
    }
    let words: Vec<String> = counts
        .iter()
        .map(|(kind, count)| match count {
            1 => format!("1 {}", kind_name(*kind)),
            _ => format!("{count} {}s", kind_name(*kind)),
        })
        .collect();
    format!("{} {}\n", theme.paint(Meaning::Added, "+ create"), words.join(", "))
}

/// The numbers and the notes.
fn closing(plan: &Plan, theme: Theme) -> String {
    let mut text = closing_line(Counts::of(plan), plan.unchanged.len());
    for note in &plan.notes {
        let _ = writeln!(text, "{} {}", theme.paint(Meaning::Hint, "note:"), escape(note));
    }
    text
}

fn closing_line(counts: Counts, unchanged: usize) -> String {
    if counts == Counts::default() {
        return format!("nothing to change, {unchanged} unchanged\n");
    }
    format!(
        "{} to create, {} to update, {} to delete, {unchanged} unchanged\n",
        counts.create, counts.update, counts.delete
    )
}

fn change_words(change: &Change) -> String {
    let field = escape(&change.field);
    match (&change.before, &change.after) {
        (Some(before), Some(after)) if before == after => format!("{field}: {}", value_words(after)),
        (Some(before), Some(after)) => format!("{field}: {} → {}", value_words(before), value_words(after)),
        (None, Some(after)) => format!("{field}: added {}", value_words(after)),
        (Some(before), None) => format!("{field}: removed {}", value_words(before)),
        (None, None) => format!("{field}: changed"),
    }
}

/// A text without its quotes if it is plain, anything else as JSON.
fn value_words(value: &Value) -> String {
    let words = match value {
        Value::String(text) if !text.is_empty() && !text.contains(char::is_whitespace) => escape(text).into_owned(),
        Value::String(text) if text.starts_with('(') => escape(text).into_owned(),
        other => compact_json(other),
    };
    shorten(&words, LONGEST_VALUE).into_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn change(field: &str, before: Option<Value>, after: Option<Value>) -> Change {
        Change {
            field: field.to_owned(),
            before,
            after,
        }
    }

    #[test]
    fn steps_say_what_happens_and_updates_say_what_changes() {
        let changes = [
            change("memory", Some(json!(128)), Some(json!(256))),
            change("description", Some(json!("old one")), Some(json!(""))),
            change("environment/KEY", Some(json!("(changed)")), Some(json!("(changed)"))),
            change("states/Open Case/Next", None, Some(json!("Close\u{1b}[2J"))),
            change("tags/team", Some(json!({"a": [1, 2]})), None),
            change("code", None, None),
        ];
        let text = |action| step_text(action, Kind::StateMachine, "cc-Main", &changes, Theme::PLAIN);
        assert_eq!(text(Action::Create), "+ create state machine cc-Main\n");
        assert_eq!(text(Action::Delete), "- delete state machine cc-Main\n");
        assert_eq!(
            text(Action::Update),
            "~ update state machine cc-Main\n    \
                 memory: 128 → 256\n    \
                 description: \"old one\" → \"\"\n    \
                 environment/KEY: (changed)\n    \
                 states/Open Case/Next: added Close\\u{1b}[2J\n    \
                 tags/team: removed {\"a\":[1,2]}\n    \
                 code: changed\n"
        );
    }

    #[test]
    fn creations_are_counted_by_kind() {
        let kinds = [
            Kind::Function,
            Kind::Role,
            Kind::Function,
            Kind::LogGroup,
            Kind::LogGroup,
        ];
        assert_eq!(
            created_text(kinds.into_iter(), Theme::PLAIN),
            "+ create 1 role, 2 log groups, 2 functions\n"
        );
        assert_eq!(created_text(std::iter::empty(), Theme::PLAIN), "");
    }

    #[test]
    fn long_values_are_cut() {
        let text = change_words(&change("definition", None, Some(json!("x".repeat(500)))));
        assert_eq!(text.chars().count(), "definition: added ".len() + LONGEST_VALUE);
    }

    #[test]
    fn the_closing_line_counts() {
        let counts = Counts {
            create: 3,
            update: 1,
            delete: 0,
        };
        assert_eq!(
            closing_line(counts, 4),
            "3 to create, 1 to update, 0 to delete, 4 unchanged\n"
        );
        assert_eq!(closing_line(Counts::default(), 9), "nothing to change, 9 unchanged\n");
    }
}
