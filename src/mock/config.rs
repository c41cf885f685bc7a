//! The mock configuration file of AWS Step Functions Local, `MockConfigFile.json`
//! ([its structure](https://docs.aws.amazon.com/step-functions/latest/dg/sfn-local-mock-cfg-file.html)).

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{Mock, MockError, Mocks, Response, known, object, text};

/// The test cases of a mock configuration file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MockConfig {
    /// By the name of the state machine and that of the test case.
    cases: BTreeMap<String, BTreeMap<String, Mocks>>,
}

/// What is wrong with a mock configuration file.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "the members are what the messages say")]
pub enum ConfigError {
    #[error("the mock configuration is not JSON: {0}")]
    NotJson(#[from] serde_json::Error),
    #[error("the mock configuration: {0}")]
    Mock(#[from] MockError),
    #[error(
        "the mock configuration: `{key}` of `{response}` is neither the number of an invocation nor a range like `1-2`"
    )]
    Range { response: String, key: String },
    #[error("the mock configuration: `{response}` must have one of `Return` and `Throw` for invocation {key}")]
    OneResponse { response: String, key: String },
    #[error(
        "the mock configuration: test case `{case}` of state machine `{machine}` names the mocked response `{response}`, which there is not"
    )]
    NoResponse {
        machine: String,
        case: String,
        response: String,
    },
    #[error("the mock configuration has no state machine `{machine}`")]
    NoMachine { machine: String },
    #[error("the mock configuration has no test case `{case}` of state machine `{machine}`")]
    NoCase { machine: String, case: String },
}

impl ConfigError {
    /// The name in the file that is about what is wrong, if one is.
    pub fn culprit(&self) -> Option<&str> {
        match self {
            Self::Range { response, .. } | Self::OneResponse { response, .. } | Self::NoResponse { response, .. } => {
                Some(response)
            }
            Self::NoCase { machine, .. } => Some(machine),
            Self::NotJson(_) | Self::Mock(_) | Self::NoMachine { .. } => None,
        }
    }
}

impl MockConfig {
    /// Reads the text of a file, wholly: also what no test case uses has to be right.
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        Self::from_json(&serde_json::from_str(text)?)
    }

    /// The same of what was read already.
    pub fn from_json(value: &Value) -> Result<Self, ConfigError> {
        let members = object(value, "it")?;
        known(members, &["StateMachines", "MockedResponses"], "it")?;
        let responses = entries(members, "MockedResponses", "it")?
            .map(|(name, given)| Ok((name.as_str(), responses(name, given)?)))
            .collect::<Result<BTreeMap<_, _>, ConfigError>>()?;
        let mut cases = BTreeMap::new();
        for (machine, given) in entries(members, "StateMachines", "it")? {
            let place = format!("state machine `{machine}`");
            let given = object(given, &place)?;
            known(given, &["TestCases"], &place)?;
            let of_machine = entries(given, "TestCases", &place)?
                .map(|(case, states)| Ok((case.clone(), mocks(machine, case, states, &responses)?)))
                .collect::<Result<BTreeMap<_, _>, ConfigError>>()?;
            cases.insert(machine.clone(), of_machine);
        }
        Ok(Self { cases })
    }

    /// The mocks of a test case of a state machine.
    pub fn mocks(&self, machine: &str, case: &str) -> Result<&Mocks, ConfigError> {
        let cases = self.cases.get(machine).ok_or_else(|| ConfigError::NoMachine {
            machine: machine.to_owned(),
        })?;
        cases.get(case).ok_or_else(|| ConfigError::NoCase {
            machine: machine.to_owned(),
            case: case.to_owned(),
        })
    }
}

fn mocks(
    machine: &str,
    case: &str,
    states: &Value,
    responses: &BTreeMap<&str, Vec<Mock>>,
) -> Result<Mocks, ConfigError> {
    let place = format!("test case `{case}` of state machine `{machine}`");
    let states = object(states, &place)?;
    let mut mocks = Mocks::new();
    for state in states.keys() {
        let response = text(states, state, &place)?;
        let Some(found) = responses.get(response.as_str()) else {
            return Err(ConfigError::NoResponse {
                machine: machine.to_owned(),
                case: case.to_owned(),
                response,
            });
        };
        mocks.insert(state, found.clone())?;
    }
    Ok(mocks)
}

/// What a mocked response is to which invocations.
fn responses(name: &str, given: &Value) -> Result<Vec<Mock>, ConfigError> {
    let place = format!("the mocked response `{name}`");
    let mut responses = Vec::new();
    for (key, given) in object(given, &place)? {
        let (from, to) = range(key).ok_or_else(|| ConfigError::Range {
            response: name.to_owned(),
            key: key.clone(),
        })?;
        let place = format!("invocation {key} of {place}");
        let given = object(given, &place)?;
        known(given, &["Return", "Throw"], &place)?;
        let response = match (given.get("Return"), given.get("Throw")) {
            (Some(result), None) => Response::Return(result.clone()),
            (None, Some(thrown)) => throw(thrown, &format!("`Throw` of {place}"))?,
            _ => {
                return Err(ConfigError::OneResponse {
                    response: name.to_owned(),
                    key: key.clone(),
                });
            }
        };
        responses.push(Mock {
            from,
            to: Some(to),
            response,
        });
    }
    // What overlaps is found even if no test case uses it.
    Mocks::new().insert(name, responses.clone())?;
    Ok(responses)
}

/// `0`, or `1-2`.
fn range(key: &str) -> Option<(u64, u64)> {
    let number = |text: &str| {
        text.bytes()
            .all(|byte| byte.is_ascii_digit())
            .then(|| text.parse().ok())?
    };
    match key.split_once('-') {
        None => number(key).map(|at| (at, at)),
        Some((from, to)) => Some((number(from)?, number(to)?)).filter(|(from, to)| from <= to),
    }
}

fn throw(value: &Value, place: &str) -> Result<Response, MockError> {
    let members = object(value, place)?;
    known(members, &["Error", "Cause"], place)?;
    let cause = members.get("Cause").map(|_| text(members, "Cause", place));
    Ok(Response::Throw {
        error: text(members, "Error", place)?,
        cause: cause.transpose()?,
    })
}

/// The entries of a member that is an object; there are none if it is not there.
fn entries<'a>(
    members: &'a Map<String, Value>,
    member: &str,
    place: &str,
) -> Result<impl Iterator<Item = (&'a String, &'a Value)>, MockError> {
    let given = members
        .get(member)
        .map(|given| object(given, &format!("`{member}` of {place}")))
        .transpose()?;
    Ok(given.into_iter().flatten())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_test_case_becomes_mocks() {
        let config = MockConfig::from_json(&json!({
            "StateMachines": {"Orders": {"TestCases": {
                "Retry": {"Charge": "Busy twice", "Ship": "Shipped"},
                "Happy": {},
            }}},
            "MockedResponses": {
                "Busy twice": {
                    "0-1": {"Throw": {"Error": "Busy", "Cause": "later"}},
                    "2": {"Return": {"Payload": 7}},
                },
                "Shipped": {"0": {"Return": null}},
            },
        }))
        .unwrap();
        let expected = json!({
            "Charge": [
                {"from": 0, "to": 1, "throw": {"error": "Busy", "cause": "later"}},
                {"from": 2, "to": 2, "return": {"Payload": 7}},
            ],
            "Ship": [{"from": 0, "to": 0, "return": null}],
        });
        assert_eq!(config.mocks("Orders", "Retry").unwrap().to_json(), expected);
        assert!(config.mocks("Orders", "Happy").unwrap().is_empty());
        for (machine, case, problem) in [
            ("Order", "Happy", "the mock configuration has no state machine `Order`"),
            (
                "Orders",
                "Sad",
                "the mock configuration has no test case `Sad` of state machine `Orders`",
            ),
        ] {
            assert_eq!(config.mocks(machine, case).unwrap_err().to_string(), problem);
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        let case = |response: Value| json!({"MockedResponses": {"R": response}});
        for (given, expected) in [
            (json!({"Machines": {}}), "it has the unknown member `Machines`"),
            (json!({"StateMachines": []}), "`StateMachines` of it must be an object"),
            (
                json!({"StateMachines": {"M": {"TestCases": {"C": {"S": "R"}}}}}),
                "test case `C` of state machine `M` names the mocked response `R`, which there is not",
            ),
            (
                json!({"StateMachines": {"M": {"TestCases": {"C": {"S": 1}}}}}),
                "`S` of test case `C` of state machine `M` must be a string",
            ),
            (
                case(json!({"first": {"Return": 1}})),
                "`first` of `R` is neither the number of an invocation nor a range like `1-2`",
            ),
            (
                case(json!({"2-1": {"Return": 1}})),
                "`2-1` of `R` is neither the number of an invocation nor a range like `1-2`",
            ),
            (
                case(json!({"0": {}})),
                "`R` must have one of `Return` and `Throw` for invocation 0",
            ),
            (
                case(json!({"0-2": {"Return": 1}, "2": {"Return": 2}})),
                "two responses of the mock of state `R` are for invocation 2",
            ),
            (
                case(json!({"0": {"Throw": {"Cause": "x"}}})),
                "`Error` of `Throw` of invocation 0 of the mocked response `R` must be a string",
            ),
        ] {
            let error = MockConfig::from_json(&given).unwrap_err().to_string();
            assert!(error.ends_with(expected), "{given}: {error}");
        }
    }
}
