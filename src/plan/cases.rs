//! Test cases with their references put in.

use serde_json::Value;

use super::Identity;
use super::resolve::Resolver;
use crate::asl::substitute;
use crate::diagnostic::Diagnostic;
use crate::mock::Mocks;
use crate::stack::cases::{Answer, Assertion, At, Case, Expected, Text};
use crate::stack::model::Stack;
use crate::tree::Node;

/// The cases of a stack as they are run where that identity says: `${…}` references in inputs, mocks, answers and what is
/// expected have their values. Findings: references without a value, at their places.
pub fn cases(stack: &Stack, identity: &Identity) -> (Vec<Case>, Vec<Diagnostic>) {
    let mut resolver = Resolver::new(stack, identity);
    let cases = resolver.cases();
    (cases, resolver.found)
}

impl Resolver<'_> {
    pub(super) fn cases(&mut self) -> Vec<Case> {
        self.stack.tests.iter().map(|case| self.case(case)).collect()
    }

    fn case(&mut self, case: &Case) -> Case {
        let mut case = case.clone();
        case.input = self.in_case(&case.input, &case.name);
        case.mocks = case.mocks.as_ref().map(|mocks| self.mocks(mocks, &case.name));
        for answer in case.callbacks.values_mut().flatten() {
            if let Answer::Success(output) = answer {
                *output = self.value_in_case(output, &case.name);
            }
        }
        for text in [&mut case.expect.error, &mut case.expect.cause].into_iter().flatten() {
            self.text_in_case(text, &case.name);
        }
        let states = case.expect.states.values_mut().flatten();
        let of_states = states.flat_map(|state| [&mut state.input, &mut state.output]);
        for expected in of_states.chain([&mut case.expect.output]).flatten() {
            self.expected(expected, &case.name);
        }
        case
    }

    fn expected(&mut self, expected: &mut Expected, case: &str) {
        for assertion in &mut expected.0 {
            match &mut assertion.value {
                Assertion::Subset(value) | Assertion::Exact(value) | Assertion::Path { is: value, .. } => {
                    *value = self.in_case(value, case);
                }
                Assertion::Jsonata(_) => {}
            }
        }
    }

    /// A pattern stays as it is: `$` and braces mean something else in it.
    fn text_in_case(&mut self, text: &mut At<Text>, case: &str) {
        let (Text::Is(words) | Text::Contains(words)) = &mut text.value else {
            return;
        };
        let node = Node {
            span: text.span.clone(),
            value: crate::tree::Value::String(words.clone()),
        };
        match self.in_case(&node, case).to_json() {
            Value::String(resolved) => *words = resolved,
            other => *words = other.to_string(),
        }
    }

    fn mocks(&mut self, mocks: &Mocks, case: &str) -> Mocks {
        let resolved = self.value_in_case(&mocks.to_json(), case);
        // Only values within the responses have changed.
        Mocks::from_json(&resolved).unwrap_or_else(|_| mocks.clone())
    }

    fn value_in_case(&mut self, value: &Value, case: &str) -> Value {
        self.in_case(&Node::from_json(value), case).to_json()
    }

    fn in_case(&mut self, node: &Node, case: &str) -> Node {
        let substituted = substitute::references(node, &self.names);
        self.used.extend(substituted.used);
        let own_span = self
            .stack
            .tests
            .iter()
            .find(|known| known.name == case)
            .and_then(|known| known.span.clone());
        self.found
            .extend(substituted.diagnostics.into_iter().map(|mut finding| {
                // It is no definition that it stands in.
                finding.pointer = None;
                finding.span = finding.span.or_else(|| own_span.clone());
                finding
            }));
        substituted.definition
    }
}
