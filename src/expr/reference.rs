//! Writing through a reference path: what `ResultPath` does.

use serde_json::{Map, Value};
use thiserror::Error;

use super::path::{Path, Segment};

/// A value could not be put where a reference path points.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("nothing can be put at `{0}`")]
pub struct CannotSet(pub String);

/// Puts a value where a reference path points. Missing objects on the way are made; array elements must exist; anything
/// else on the way that is not a container is an error.
pub fn set(path: &Path, target: &mut Value, value: Value) -> Result<(), CannotSet> {
    let cannot = || CannotSet(path.to_string());
    let mut place = target;
    for segment in path.segments() {
        place = match (segment, place) {
            (Segment::Name(name), Value::Object(members)) => members
                .entry(name.as_str())
                .or_insert_with(|| Value::Object(Map::new())),
            (Segment::Index(index), Value::Array(items)) => {
                let index = usize::try_from(*index).map_err(|_| cannot())?;
                items.get_mut(index).ok_or_else(cannot)?
            }
            _ => return Err(cannot()),
        };
    }
    *place = value;
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::expr::path_eval::evaluate;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn values_are_put_in_place() {
        for (path, before, after) in [
            ("$", json!({"a": 1}), Some(json!(9))),
            ("$.b", json!({"a": 1}), Some(json!({"a": 1, "b": 9}))),
            ("$.a", json!({"a": 1}), Some(json!({"a": 9}))),
            ("$.x.y.z", json!({}), Some(json!({"x": {"y": {"z": 9}}}))),
            ("$.l[1]", json!({"l": [1, 2]}), Some(json!({"l": [1, 9]}))),
            ("$.l[1].x", json!({"l": [1, {}]}), Some(json!({"l": [1, {"x": 9}]}))),
            ("$.l[2]", json!({"l": [1, 2]}), None),
            ("$.a.b", json!({"a": 1}), None),
            ("$.a.b", json!({"a": null}), None),
            ("$.a", json!([1]), None),
            ("$[0]", json!({}), None),
            ("$[*]", json!([1]), None),
        ] {
            let mut target = before;
            let set = set(&Path::parse(path).unwrap(), &mut target, json!(9));
            assert_eq!(set.ok().map(|()| target), after, "{path}");
        }
    }

    proptest! {
        #[test]
        fn what_is_set_is_found(names in proptest::collection::vec("[a-z]{1,3}", 1..6)) {
            let path = Path::parse(&format!("$.{}", names.join("."))).unwrap();
            let mut target = json!({});
            set(&path, &mut target, json!("here")).unwrap();
            prop_assert_eq!(evaluate(&path, &target).unwrap().into_owned(), json!("here"));
        }
    }
}
