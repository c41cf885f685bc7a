//! `ItemBatcher`: several items for one child execution
//! ([ItemBatcher](https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itembatcher.html)).

use serde_json::Value;

use super::ChildInput;
use crate::engine::data::MAX_BYTES;

/// How items are put together.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::engine) struct Batches {
    /// `MaxItemsPerBatch`.
    pub(in crate::engine) max_items: Option<u64>,
    /// `MaxInputBytesPerBatch`.
    pub(in crate::engine) max_bytes: Option<u64>,
    /// `BatchInput`, the same for all.
    pub(in crate::engine) input: Option<Value>,
}

/// The input of a child execution would be larger than it may be; with its size in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::engine) struct TooLarge(pub(in crate::engine) usize);

/// One child execution for each item.
pub(in crate::engine) fn one_each(items: impl Iterator<Item = String>) -> Result<Vec<ChildInput>, TooLarge> {
    items
        .map(|input| match input.len() {
            size if size > MAX_BYTES => Err(TooLarge(size)),
            _ => Ok(ChildInput { input, items: 1 }),
        })
        .collect()
}

impl Batches {
    /// Puts items, given as JSON texts, together, as many in each batch as fit.
    pub(in crate::engine) fn fill(&self, items: impl Iterator<Item = String>) -> Result<Vec<ChildInput>, TooLarge> {
        let head = match &self.input {
            Some(input) => format!("{{\"BatchInput\":{input},\"Items\":["),
            None => "{\"Items\":[".to_owned(),
        };
        let most_items = self.max_items.unwrap_or(u64::MAX);
        let most_bytes = self
            .max_bytes
            .and_then(|bytes| usize::try_from(bytes).ok())
            .map_or(MAX_BYTES, |bytes| bytes.min(MAX_BYTES));
        let mut batches: Vec<ChildInput> = Vec::new();
        let mut open: Option<ChildInput> = None;
        for item in items {
            // With a comma before it and the brackets at the end.
            let fits = |batch: &ChildInput| {
                batch.items < most_items && batch.input.len() + 1 + item.len() + TAIL.len() <= most_bytes
            };
            match open.as_mut().filter(|batch| fits(batch)) {
                Some(batch) => {
                    batch.input.push(',');
                    batch.input.push_str(&item);
                    batch.items += 1;
                }
                None => {
                    let size = head.len() + item.len() + TAIL.len();
                    if size > most_bytes {
                        return Err(TooLarge(size));
                    }
                    let next = ChildInput {
                        input: format!("{head}{item}"),
                        items: 1,
                    };
                    batches.extend(open.replace(next));
                }
            }
        }
        batches.extend(open);
        for batch in &mut batches {
            batch.input.push_str(TAIL);
        }
        Ok(batches)
    }
}

/// Closes the list of items and the batch.
const TAIL: &str = "]}";

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(batches: &Batches, items: &[&str], expected: &[(&str, u64)]) {
        let filled = batches.fill(items.iter().map(|item| (*item).to_owned())).expect("fits");
        let filled: Vec<(&str, u64)> = filled.iter().map(|batch| (batch.input.as_str(), batch.items)).collect();
        assert_eq!(filled, expected);
    }

    #[test]
    fn by_number() {
        let two = Batches {
            max_items: Some(2),
            ..Batches::default()
        };
        check(&two, &[], &[]);
        check(
            &two,
            &["1", "2", "3"],
            &[(r#"{"Items":[1,2]}"#, 2), (r#"{"Items":[3]}"#, 1)],
        );
        let with_input = Batches {
            input: Some(json!({"k": "v"})),
            ..two
        };
        check(
            &with_input,
            &["1", "2"],
            &[(r#"{"BatchInput":{"k":"v"},"Items":[1,2]}"#, 2)],
        );
    }

    #[test]
    fn by_size() {
        // `{"Items":[1,2]}` has 15 bytes.
        let sized = |bytes| Batches {
            max_bytes: Some(bytes),
            ..Batches::default()
        };
        check(
            &sized(15),
            &["1", "2", "3"],
            &[(r#"{"Items":[1,2]}"#, 2), (r#"{"Items":[3]}"#, 1)],
        );
        check(
            &sized(14),
            &["1", "2"],
            &[(r#"{"Items":[1]}"#, 1), (r#"{"Items":[2]}"#, 1)],
        );
        let failed = sized(12).fill(["1".to_owned()].into_iter());
        assert_eq!(failed, Err(TooLarge(13)));
    }

    #[test]
    fn no_input_is_larger_than_an_execution_takes() {
        let item = format!("\"{}\"", "x".repeat(MAX_BYTES / 2));
        let filled = Batches::default().fill([item.clone(), item].into_iter()).expect("fits");
        assert_eq!(filled.len(), 2);
        let large = format!("\"{}\"", "x".repeat(MAX_BYTES));
        assert!(Batches::default().fill([large.clone()].into_iter()).is_err());
        assert!(one_each([large].into_iter()).is_err());
    }
}
