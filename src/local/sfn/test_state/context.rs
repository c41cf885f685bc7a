//! The context object of a state that is tried: given with the request, or made up.
//! See <https://docs.aws.amazon.com/step-functions/latest/dg/input-output-contextobject.html>.

use serde_json::{Map, Value, json};

use super::asked::Asked;
use super::invalid;
use crate::engine::single::STATE_NAME;
use crate::engine::{Millis, Start};
use crate::expr::timestamp;
use crate::local::api::{ACCOUNT, ApiError};
use crate::local::random;
use crate::local::sfn::names::machine_arn;

/// The Express execution that the state is said to be in.
pub(super) fn start(asked: &Asked<'_>, region: &str, now: Millis) -> Start {
    let (machine, name) = (random::uuid(), random::uuid());
    Start {
        execution_arn: format!("arn:aws:states:{region}:{ACCOUNT}:express:{machine}:{name}"),
        execution_name: name,
        state_machine_arn: machine_arn(region, &machine),
        state_machine_name: machine,
        role_arn: asked.role_arn.unwrap_or_default().to_owned(),
        input: asked.input.to_owned(),
        started_at: now,
    }
}

/// The context object of that execution.
pub(super) fn made(start: &Start, asked: &Asked<'_>, retries: bool) -> Value {
    let time = timestamp::format_millis(start.started_at);
    let mut state = json!({ "Name": STATE_NAME, "EnteredTime": time });
    if retries {
        state["RetryCount"] = asked.retries.unwrap_or_default().into();
    }
    json!({
        "Execution": {
            "Id": start.execution_arn,
            "Input": serde_json::from_str(&start.input).unwrap_or(Value::Null),
            "Name": start.execution_name,
            "RoleArn": asked.role_arn,
            "StartTime": time,
        },
        "StateMachine": { "Id": start.state_machine_arn, "Name": start.state_machine_name },
        "State": state,
    })
}

/// Reads a context object: only what AWS puts there may be in it, and nothing must.
pub(super) fn given(text: &str) -> Result<Value, ApiError> {
    let Ok(Value::Object(context)) = serde_json::from_str(text) else {
        return Err(refused("must be a valid JSON object"));
    };
    check(&context, "", CONTEXT)?;
    Ok(Value::Object(context))
}

/// What a member may be.
enum Kind {
    Text,
    Number,
    Any,
    Object(&'static [(&'static str, Kind)]),
}

/// Every member of a context object.
const CONTEXT: &[(&str, Kind)] = &[
    (
        "Execution",
        Kind::Object(&[
            ("Id", Kind::Text),
            ("Input", Kind::Any),
            ("Name", Kind::Text),
            ("RoleArn", Kind::Text),
            ("StartTime", Kind::Text),
            ("RedriveCount", Kind::Number),
            ("RedriveTime", Kind::Text),
        ]),
    ),
    (
        "State",
        Kind::Object(&[
            ("EnteredTime", Kind::Text),
            ("Name", Kind::Text),
            ("RetryCount", Kind::Number),
        ]),
    ),
    (
        "StateMachine",
        Kind::Object(&[("Id", Kind::Text), ("Name", Kind::Text)]),
    ),
    ("Task", Kind::Object(&[("Token", Kind::Text)])),
    (
        "Map",
        Kind::Object(&[(
            "Item",
            Kind::Object(&[
                ("Index", Kind::Number),
                ("Key", Kind::Text),
                ("Source", Kind::Text),
                ("Value", Kind::Any),
            ]),
        )]),
    ),
];

/// Recurses as deep as the table.
fn check(members: &Map<String, Value>, path: &str, allowed: &[(&str, Kind)]) -> Result<(), ApiError> {
    for (name, value) in members {
        let Some((_, kind)) = allowed.iter().find(|(known, _)| known == name) else {
            return Err(refused(&format!("Field '{name}' is not allowed")));
        };
        let path = if path.is_empty() {
            name.clone()
        } else {
            format!("{path}.{name}")
        };
        let wanted = match (kind, value) {
            (Kind::Any, _) | (Kind::Text, Value::String(_)) | (Kind::Number, Value::Number(_)) => continue,
            (Kind::Object(allowed), Value::Object(members)) => {
                check(members, &path, allowed)?;
                continue;
            }
            (Kind::Text, _) => "a string",
            (Kind::Number, _) => "a number",
            (Kind::Object(_), _) => "an object",
        };
        return Err(refused(&format!("{path} must be {wanted}")));
    }
    Ok(())
}

fn refused(why: &str) -> ApiError {
    invalid(format!("Invalid Context object provided: {why}"))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_context_object_has_may_be_given() {
        let check = |context: &str, expected: &str| {
            let got = given(context).map_or_else(|error| error.message, |_| "ok".to_owned());
            let got = got
                .strip_prefix("Invalid Context object provided: ")
                .unwrap_or(&got)
                .to_owned();
            assert_eq!(got, expected, "{context}");
        };
        check("{}", "ok");
        check(
            r#"{"Execution": {}, "State": {"RetryCount": 1}, "Map": {"Item": {"Index": 0, "Value": [1]}}}"#,
            "ok",
        );
        check(r#"{"Pokedex": {}}"#, "Field 'Pokedex' is not allowed");
        check(r#"{"Execution": {"pokemon": 1}}"#, "Field 'pokemon' is not allowed");
        check(r#"{"Execution": {"Id": 1}}"#, "Execution.Id must be a string");
        check(
            r#"{"Map": {"Item": {"Index": "0"}}}"#,
            "Map.Item.Index must be a number",
        );
        check(r#"{"State": []}"#, "State must be an object");
        check("[]", "must be a valid JSON object");
        check("{", "must be a valid JSON object");
    }
}
