//! What mocked states answer instead of doing their work: for each state, which invocation gets which response. The form
//! below travels in requests to the local cloud; [`config`] reads that of AWS Step Functions Local.
//!
//! ```json
//! {"Get price": [
//!   {"from": 0, "to": 1, "throw": {"error": "Busy", "cause": "try later"}},
//!   {"from": 2, "to": null, "return": {"price": 3}}
//! ]}
//! ```

pub mod config;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// The responses of mocked states, by the names of the states.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Value", into = "Value")]
pub struct Mocks(BTreeMap<String, Vec<Mock>>);

/// The response to some invocations of a state.
#[derive(Clone, Debug, PartialEq)]
pub struct Mock {
    /// The first invocation, counted from 0; retries, iterations and branches count.
    pub from: u64,
    /// The last one; none if it is also for all that follow.
    pub to: Option<u64>,
    /// What they get.
    pub response: Response,
}

/// What an invocation gets.
#[derive(Clone, Debug, PartialEq)]
pub enum Response {
    /// The raw result of the task, before `ResultSelector` and the like.
    Return(Value),
    /// The task fails.
    Throw {
        /// Its error name.
        error: String,
        /// Its cause.
        cause: Option<String>,
    },
}

/// What is wrong with mocks.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs, reason = "the members are what the messages say")]
pub enum MockError {
    #[error("{place} must be {expected}")]
    Type { place: String, expected: &'static str },
    #[error("{place} has the unknown member `{member}`")]
    Unknown { place: String, member: String },
    #[error("{place} must have one of `return` and `throw`")]
    OneResponse { place: String },
    #[error("{place} ends with invocation {to} before it begins with invocation {from}")]
    Backwards { place: String, from: u64, to: u64 },
    #[error("two responses of the mock of state `{state}` are for invocation {invocation}")]
    Overlap { state: String, invocation: u64 },
}

impl Mocks {
    /// No mocks.
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads the form of the module's documentation. Errors name the place.
    pub fn from_json(value: &Value) -> Result<Self, MockError> {
        let states = object(value, "`mocks`")?;
        let mut mocks = Self::new();
        for (state, responses) in states {
            let place = format!("the mock of state `{state}`");
            let responses = responses.as_array().ok_or_else(|| MockError::Type {
                place: place.clone(),
                expected: "a list of responses",
            })?;
            let responses = responses
                .iter()
                .enumerate()
                .map(|(index, response)| Mock::from_json(response, &format!("response {index} of {place}")))
                .collect::<Result<_, _>>()?;
            mocks.insert(state, responses)?;
        }
        Ok(mocks)
    }

    /// The form of the module's documentation.
    pub fn to_json(&self) -> Value {
        let states = self.0.iter().map(|(state, responses)| {
            let responses: Vec<Value> = responses.iter().map(Mock::to_json).collect();
            (state.clone(), responses.into())
        });
        Value::Object(states.collect())
    }

    /// Mocks a state, instead of what it had. Errors: a range that ends before it begins, or two for one invocation.
    pub fn insert(&mut self, state: &str, mut responses: Vec<Mock>) -> Result<(), MockError> {
        if let Some((mock, to)) = responses
            .iter()
            .find_map(|mock| mock.to.filter(|to| *to < mock.from).map(|to| (mock, to)))
        {
            let (place, from) = (format!("a response of the mock of state `{state}`"), mock.from);
            return Err(MockError::Backwards { place, from, to });
        }
        responses.sort_by_key(|mock| mock.from);
        for pair in responses.windows(2) {
            if let [before, after] = pair
                && before.to.is_none_or(|to| to >= after.from)
            {
                return Err(MockError::Overlap {
                    state: state.to_owned(),
                    invocation: after.from,
                });
            }
        }
        self.0.insert(state.to_owned(), responses);
        Ok(())
    }

    /// Mocks the states of others as well; their responses go before ours.
    pub fn extend(&mut self, others: Self) {
        self.0.extend(others.0);
    }

    /// Whether nothing is mocked.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The names of the mocked states, in alphabetical order.
    pub fn states(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Whether a state is mocked.
    pub fn has(&self, state: &str) -> bool {
        self.0.contains_key(state)
    }

    /// What an invocation of a state gets, counted from 0; none if the mock has no response for it, or there is no mock.
    pub fn response(&self, state: &str, invocation: u64) -> Option<&Response> {
        let mut responses = self.0.get(state)?.iter();
        responses
            .find(|mock| mock.from <= invocation && mock.to.is_none_or(|to| invocation <= to))
            .map(|mock| &mock.response)
    }
}

impl Mock {
    /// The same response to every invocation.
    pub fn always(response: Response) -> Self {
        Self {
            from: 0,
            to: None,
            response,
        }
    }

    fn from_json(value: &Value, place: &str) -> Result<Self, MockError> {
        let members = object(value, place)?;
        known(members, &["from", "to", "return", "throw"], place)?;
        let number = |member: &str| {
            members
                .get(member)
                .and_then(Value::as_u64)
                .ok_or_else(|| MockError::Type {
                    place: format!("`{member}` of {place}"),
                    expected: "the number of an invocation, counted from 0",
                })
        };
        let to = match members.get("to") {
            Some(Value::Null) => None,
            _ => Some(number("to")?),
        };
        let response = match (members.get("return"), members.get("throw")) {
            (Some(result), None) => Response::Return(result.clone()),
            (None, Some(thrown)) => thrown_from_json(thrown, &format!("`throw` of {place}"))?,
            _ => {
                return Err(MockError::OneResponse {
                    place: place.to_owned(),
                });
            }
        };
        Ok(Self {
            from: number("from")?,
            to,
            response,
        })
    }

    fn to_json(&self) -> Value {
        match &self.response {
            Response::Return(result) => json!({"from": self.from, "to": self.to, "return": result}),
            Response::Throw { error, cause: None } => {
                json!({"from": self.from, "to": self.to, "throw": {"error": error}})
            }
            Response::Throw {
                error,
                cause: Some(cause),
            } => json!({"from": self.from, "to": self.to, "throw": {"error": error, "cause": cause}}),
        }
    }
}

fn thrown_from_json(value: &Value, place: &str) -> Result<Response, MockError> {
    let members = object(value, place)?;
    known(members, &["error", "cause"], place)?;
    Ok(Response::Throw {
        error: text(members, "error", place)?,
        cause: match members.get("cause") {
            None | Some(Value::Null) => None,
            Some(_) => Some(text(members, "cause", place)?),
        },
    })
}

fn object<'a>(value: &'a Value, place: &str) -> Result<&'a Map<String, Value>, MockError> {
    value.as_object().ok_or_else(|| MockError::Type {
        place: place.to_owned(),
        expected: "an object",
    })
}

fn text(members: &Map<String, Value>, member: &str, place: &str) -> Result<String, MockError> {
    let text = members.get(member).and_then(Value::as_str);
    text.map(str::to_owned).ok_or_else(|| MockError::Type {
        place: format!("`{member}` of {place}"),
        expected: "a string",
    })
}

fn known(members: &Map<String, Value>, names: &[&str], place: &str) -> Result<(), MockError> {
    match members.keys().find(|member| !names.contains(&member.as_str())) {
        None => Ok(()),
        Some(member) => Err(MockError::Unknown {
            place: place.to_owned(),
            member: member.clone(),
        }),
    }
}

impl TryFrom<Value> for Mocks {
    type Error = MockError;

    fn try_from(value: Value) -> Result<Self, MockError> {
        Self::from_json(&value)
    }
}

impl From<Mocks> for Value {
    fn from(mocks: Mocks) -> Self {
        mocks.to_json()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    #[test]
    fn each_invocation_gets_its_response() {
        let given = json!({"A": [
            {"from": 2, "to": null, "return": null},
            {"from": 0, "to": 0, "throw": {"error": "Busy"}},
        ], "B": []});
        let mocks: Mocks = serde_json::from_value(given).unwrap();
        let busy = Response::Throw {
            error: "Busy".into(),
            cause: None,
        };
        assert_eq!(mocks.response("A", 0), Some(&busy));
        assert_eq!(mocks.response("A", 1), None);
        for invocation in [2, 3, u64::MAX] {
            assert_eq!(mocks.response("A", invocation), Some(&Response::Return(Value::Null)));
        }
        assert_eq!(
            (mocks.has("B"), mocks.response("B", 0), mocks.has("C")),
            (true, None, false)
        );
        let written = serde_json::to_string(&mocks).unwrap();
        assert_eq!(serde_json::from_str::<Mocks>(&written).unwrap(), mocks);
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (given, expected) in [
            (json!([]), "`mocks` must be an object"),
            (json!({"A": {}}), "the mock of state `A` must be a list of responses"),
            (
                json!({"A": [{"from": 0, "to": 0, "retrun": 1}]}),
                "response 0 of the mock of state `A` has the unknown member `retrun`",
            ),
            (
                json!({"A": [{"from": 0, "to": 0}]}),
                "response 0 of the mock of state `A` must have one of `return` and `throw`",
            ),
            (
                json!({"A": [{"to": 0, "return": 1}]}),
                "`from` of response 0 of the mock of state `A` must be the number of an invocation, counted from 0",
            ),
            (
                json!({"A": [{"from": 0, "to": -1, "return": 1}]}),
                "`to` of response 0 of the mock of state `A` must be the number of an invocation, counted from 0",
            ),
            (
                json!({"A": [{"from": 3, "to": 1, "return": 1}]}),
                "a response of the mock of state `A` ends with invocation 1 before it begins with invocation 3",
            ),
            (
                json!({"A": [{"from": 0, "to": null, "return": 1}, {"from": 4, "to": 4, "return": 1}]}),
                "two responses of the mock of state `A` are for invocation 4",
            ),
            (
                json!({"A": [{"from": 0, "to": 0, "throw": {"error": 1}}]}),
                "`error` of `throw` of response 0 of the mock of state `A` must be a string",
            ),
        ] {
            assert_eq!(Mocks::from_json(&given).unwrap_err().to_string(), expected, "{given}");
        }
    }
}
