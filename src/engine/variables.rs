//! Variables: what `Assign` sets and which of them a line of control sees
//! ([variables](https://docs.aws.amazon.com/step-functions/latest/dg/workflow-variables.html)).

use serde_json::{Map, Value};

use super::errors::Failure;
use super::execution::{BranchId, Execution};

/// The most bytes a variable may have as UTF-8 text, and all variables together that one `Assign` sets
/// ([limits](https://docs.aws.amazon.com/step-functions/latest/dg/workflow-variables.html#variable-limits)).
pub(super) const MAX_VARIABLE_BYTES: usize = 262_144;
/// The most bytes of all variables that a line of control sees.
pub(super) const MAX_TOTAL_BYTES: usize = 10_485_760;

/// The variables of one scope.
#[derive(Clone, Debug, Default)]
pub(super) struct Variables {
    values: Map<String, Value>,
    bytes: usize,
}

/// Variables with new values, in the order written.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Assigned(Vec<(String, Value, usize)>);

impl Assigned {
    /// What a filled `Assign` sets; the error is a failure of the state. The limit of one variable is the limit of all that
    /// are set at once, too.
    pub(super) fn new(filled: &Value) -> Result<Self, Failure> {
        let Value::Object(members) = filled else {
            return Err(Failure::runtime("The field 'Assign' does not hold an object."));
        };
        let mut assigned = Vec::with_capacity(members.len());
        let mut total = 0;
        for (name, value) in members {
            let bytes = value.to_string().len();
            if bytes > MAX_VARIABLE_BYTES {
                return Err(Failure::variable_too_large(name));
            }
            total += bytes;
            if total > MAX_VARIABLE_BYTES {
                return Err(Failure::variables_too_large());
            }
            assigned.push((name.clone(), value.clone(), bytes));
        }
        Ok(Self(assigned))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Names and JSON texts, as events have them.
    pub(super) fn texts(&self) -> Map<String, Value> {
        self.0
            .iter()
            .map(|(name, value, _)| (name.clone(), value.to_string().into()))
            .collect()
    }
}

impl Variables {
    pub(super) fn get(&self, name: &str) -> Option<&Value> {
        self.values.get(name)
    }

    fn set(&mut self, assigned: Assigned) {
        for (name, value, bytes) in assigned.0 {
            self.bytes += bytes;
            if let Some(old) = self.values.insert(name, value) {
                self.bytes -= old.to_string().len();
            }
        }
    }
}

impl Execution {
    /// The value of a variable, looked for from the inside out.
    pub(super) fn variable(&self, branch: BranchId, name: &str) -> Option<&Value> {
        self.scopes(branch).find_map(|variables| variables.get(name))
    }

    /// The variables a branch sees, of those that are wanted; what is nearest hides what is farther.
    pub(super) fn visible_variables(&self, branch: BranchId, wanted: impl Fn(&str) -> bool) -> Map<String, Value> {
        let mut visible = Map::new();
        for variables in self.scopes(branch) {
            for (name, value) in variables.values.iter().filter(|(name, _)| wanted(name)) {
                visible.entry(name.as_str()).or_insert_with(|| value.clone());
            }
        }
        visible
    }

    /// Sets variables of a branch. Inner branches read the variables of outer ones but never set them.
    pub(super) fn assign(&mut self, branch: BranchId, assigned: Assigned) {
        if let Some(branch) = self.branches.get_mut(&branch) {
            branch.variables.set(assigned);
        }
    }

    /// Whether there is room for new values.
    pub(super) fn can_assign(&self, branch: BranchId, assigned: &Assigned) -> bool {
        let new: usize = assigned.0.iter().map(|(_, _, bytes)| bytes).sum();
        let total = new + self.scopes(branch).map(|variables| variables.bytes).sum::<usize>();
        // What is replaced is only looked at when it matters.
        total <= MAX_TOTAL_BYTES || total - self.replaced(branch, assigned) <= MAX_TOTAL_BYTES
    }

    fn replaced(&self, branch: BranchId, assigned: &Assigned) -> usize {
        let Some(branch) = self.branches.get(&branch) else {
            return 0;
        };
        let old = |name: &str| branch.variables.get(name).map_or(0, |value| value.to_string().len());
        assigned.0.iter().map(|(name, ..)| old(name)).sum()
    }

    /// The scopes a branch sees, from the inside out.
    fn scopes(&self, branch: BranchId) -> impl Iterator<Item = &Variables> {
        let mut next = self.branches.get(&branch);
        std::iter::from_fn(move || {
            let branch = next?;
            next = branch.parent.and_then(|parent| self.branches.get(&parent.branch));
            Some(&branch.variables)
        })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::engine::execution::{Branch, Parent, ROOT};
    use crate::engine::testing;
    use serde_json::json;

    fn nested() -> Execution {
        let mut execution = Execution::new(testing::start("{}"));
        execution.branches.insert(ROOT, Branch::default());
        let inner = Branch {
            parent: Some(Parent { branch: ROOT, index: 0 }),
            ..Branch::default()
        };
        execution.branches.insert(1, inner);
        execution
    }

    /// Assigns if there is room.
    fn assign(execution: &mut Execution, branch: BranchId, values: Value) -> bool {
        let assigned = Assigned::new(&values).unwrap();
        let can = execution.can_assign(branch, &assigned);
        if can {
            execution.assign(branch, assigned);
        }
        can
    }

    #[test]
    fn inner_scopes_read_outer_ones_and_keep_their_own() {
        let mut execution = nested();
        assert!(assign(&mut execution, ROOT, json!({ "a": 1, "b": 2 })));
        assert!(assign(&mut execution, 1, json!({ "b": 3, "c": 4 })));
        assert_eq!(execution.variable(1, "a"), Some(&json!(1)));
        assert_eq!(execution.variable(1, "b"), Some(&json!(3)));
        assert_eq!(execution.variable(ROOT, "b"), Some(&json!(2)));
        assert_eq!(execution.variable(ROOT, "c"), None);
        assert_eq!(
            Value::from(execution.visible_variables(1, |_| true)),
            json!({ "a": 1, "b": 3, "c": 4 })
        );
    }

    #[test]
    fn variables_have_a_size() {
        let mut execution = nested();
        let text = |bytes: usize| "x".repeat(bytes - 2);
        for (values, fits) in [
            (json!({ "v": text(MAX_VARIABLE_BYTES + 1) }), false),
            (json!({ "v": text(MAX_VARIABLE_BYTES), "w": 1 }), false),
            (
                json!({ "v": text(MAX_VARIABLE_BYTES / 2), "w": text(MAX_VARIABLE_BYTES / 2) }),
                true,
            ),
        ] {
            let error = Assigned::new(&values).err().and_then(|failure| failure.error);
            assert_eq!(error.as_deref(), (!fits).then_some("States.DataLimitExceeded"));
        }
        for at in 0..40 {
            assert!(assign(
                &mut execution,
                ROOT,
                json!({ format!("v{at}"): text(MAX_VARIABLE_BYTES) })
            ));
        }
        // Replacing is no growth, one byte more is, also in an inner scope.
        assert!(assign(&mut execution, ROOT, json!({ "v7": text(MAX_VARIABLE_BYTES) })));
        assert!(!assign(&mut execution, ROOT, json!({ "w": 1 })));
        assert!(!assign(&mut execution, 1, json!({ "w": 1 })));
        assert!(assign(&mut execution, ROOT, json!({ "v7": 1 })));
        assert!(assign(&mut execution, 1, json!({ "w": 1 })));
    }
}
