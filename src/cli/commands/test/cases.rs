//! Which cases of a stack are run.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use regex::Regex;

use super::suite::Suite;
use crate::cli::error::CommandError;
use crate::stack::cases::{Case, Expect, TIMEOUT};
use crate::stack::model::Stack;
use crate::tree::Node;

/// The name of the case that is made of `start`.
const SMOKE: &str = "start succeeds";

/// So many names are told to who has chosen none.
const MOST_NAMES: usize = 10;

/// Chooses cases by name.
pub(super) struct Filter {
    text: String,
    /// None if the text is none.
    pattern: Option<Regex>,
}

impl Filter {
    pub(super) fn new(text: &str) -> Self {
        Self {
            text: text.to_owned(),
            pattern: Regex::new(text).ok(),
        }
    }

    fn takes(&self, name: &str) -> bool {
        name.contains(&self.text) || self.pattern.as_ref().is_some_and(|pattern| pattern.is_match(name))
    }
}

/// The cases of a stack that are chosen; if the stack has none, one that starts what `start` says.
pub(super) fn of(stack: &Stack, filter: Option<&Filter>) -> Vec<Case> {
    let written = stack.tests.clone();
    let cases = if written.is_empty() {
        smoke(stack).into_iter().collect()
    } else {
        written
    };
    let takes = |case: &Case| filter.is_none_or(|filter| filter.takes(&case.name));
    cases.into_iter().filter(takes).collect()
}

fn smoke(stack: &Stack) -> Option<Case> {
    let start = stack.start.as_ref()?;
    Some(Case {
        span: None,
        name: SMOKE.to_owned(),
        state_machine: start.state_machine.clone(),
        input: Node::from_json(&start.input),
        mocks: None,
        callbacks: IndexMap::new(),
        virtual_time: false,
        timeout: TIMEOUT,
        skip_on: BTreeMap::new(),
        expect: Expect::success(),
    })
}

/// A run without cases tests nothing, and must not look like one that passed.
pub(super) fn some_are_chosen(suites: &[Suite<'_>], filter: Option<&str>) -> Result<(), CommandError> {
    if suites.iter().any(|suite| !suite.cases.is_empty()) {
        return Ok(());
    }
    let names = suites.iter().flat_map(|suite| &suite.stack().tests);
    let mut names: Vec<String> = names.map(|case| format!("`{}`", case.name)).collect();
    let more = names.len().saturating_sub(MOST_NAMES);
    if more > 0 {
        names.truncate(MOST_NAMES);
        names.push(format!("and {more} more"));
    }
    Err(match filter {
        Some(filter) => {
            let error = CommandError::wrong(format!("no case has a name that fits `{filter}`"));
            match names.as_slice() {
                [] => error,
                names => error.hint(format!("the cases are {}", names.join(", "))),
            }
        }
        None => CommandError::wrong("there is no case to run").hint("write some under `tests` in the stack file"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_chosen_by_text_or_pattern() {
        for (filter, name, expected) in [
            ("closed", "a resolved case is closed", true),
            ("^closed", "a resolved case is closed", false),
            ("^a .* closed$", "a resolved case is closed", true),
            ("(approved", "it is asked (approved)", true),
            ("(approved", "it is asked", false),
            ("a|b", "b", true),
            ("50%", "50% off", true),
        ] {
            assert_eq!(Filter::new(filter).takes(name), expected, "{filter} {name}");
        }
    }
}
