//! How much one path may look at and copy. The largest data are 256 KiB, but filters inside filters and chains such as
//! `$..*..*` go over them again and again.

use std::cell::Cell;

use serde_json::Value;

/// What one evaluation may spend: a unit is a value that is looked at, or some bytes of a text.
const UNITS: usize = 30_000_000;
/// Bytes of text that cost one unit.
const BYTES: usize = 16;
/// What a copy of a value costs, in units: it takes memory too.
const COPY: usize = 16;

/// What is left to be spent.
#[derive(Debug)]
pub(super) struct Budget(Cell<usize>);

impl Default for Budget {
    fn default() -> Self {
        Self(Cell::new(UNITS))
    }
}

impl Budget {
    /// Spends so much, if it is there; otherwise everything is gone.
    pub(super) fn spend(&self, units: usize) -> bool {
        let left = self.0.get().checked_sub(units);
        self.0.set(left.unwrap_or(0));
        left.is_some_and(|left| left > 0)
    }

    /// Spends what a look at all of a value costs.
    pub(super) fn look_at(&self, value: &Value) -> bool {
        self.go_over(value, 1)
    }

    /// Spends what a copy of a value costs.
    pub(super) fn copy(&self, value: &Value) -> bool {
        self.go_over(value, COPY)
    }

    /// Stops when nothing is left; recurses as deep as data nest, which their readers limit.
    fn go_over(&self, value: &Value, price: usize) -> bool {
        match value {
            Value::Array(items) => self.spend(price) && items.iter().all(|item| self.go_over(item, price)),
            Value::Object(members) => self.spend(price) && members.values().all(|member| self.go_over(member, price)),
            Value::String(text) => self.spend((1 + text.len() / BYTES) * price),
            _ => self.spend(price),
        }
    }

    /// Whether too much was asked.
    pub(super) fn is_gone(&self) -> bool {
        self.0.get() == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_gone_stays_gone() {
        let budget = Budget(Cell::new(8));
        assert!(budget.look_at(&json!([1, { "a": "0123456789abcdef" }])));
        assert!(!budget.is_gone());
        assert!(!budget.look_at(&json!([1, 2, 3])));
        assert!(budget.is_gone());
        assert!(!budget.spend(1));
    }
}
