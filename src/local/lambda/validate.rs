//! AWS's constraints on the members of requests, in AWS's words.
//!
//! Patterns, lengths and ranges: <https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html>; environment:
//! <https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html>.

use indexmap::IndexMap;
use serde_json::json;

use super::invalid_parameter;
use crate::local::api::ApiError;

const NAME_PATTERN: &str = r"(arn:(aws[a-zA-Z-]*)?:lambda:)?([a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:)?(\d{12}:)?(function:)?([a-zA-Z0-9-_]+)(:(\$LATEST|[a-zA-Z0-9-_]+))?";
const ROLE_PATTERN: &str = r"arn:(aws[a-zA-Z-]*)?:iam::\d{12}:role/?[a-zA-Z_0-9+=,.@\-_/]+";

/// AWS's runtimes: those that it takes now, and those that older stacks still name.
const RUNTIMES: &[&str] = &[
    "nodejs18.x",
    "nodejs20.x",
    "nodejs22.x",
    "nodejs24.x",
    "python3.8",
    "python3.9",
    "python3.10",
    "python3.11",
    "python3.12",
    "python3.13",
    "python3.14",
    "java8.al2",
    "java11",
    "java17",
    "java21",
    "java25",
    "dotnet6",
    "dotnet8",
    "dotnet10",
    "ruby3.2",
    "ruby3.3",
    "ruby3.4",
    "provided",
    "provided.al2",
    "provided.al2023",
];

/// Constraints that a request breaks; AWS reports all of them in one ValidationException.
#[derive(Default)]
pub(super) struct Violations(Vec<String>);

impl Violations {
    pub(super) fn add(&mut self, value: impl std::fmt::Display, member: &str, constraint: impl std::fmt::Display) {
        self.0.push(format!(
            "Value {value} at '{member}' failed to satisfy constraint: {constraint}"
        ));
    }

    pub(super) fn range(&mut self, value: Option<i64>, member: &str, least: i64, most: i64) {
        match value {
            Some(value) if value < least => self.add(
                format!("'{value}'"),
                member,
                format!("Member must have value greater than or equal to {least}"),
            ),
            Some(value) if value > most => self.add(
                format!("'{value}'"),
                member,
                format!("Member must have value less than or equal to {most}"),
            ),
            _ => {}
        }
    }

    pub(super) fn longest(&mut self, value: Option<&str>, member: &str, most: usize) {
        if let Some(value) = value.filter(|value| value.chars().count() > most) {
            self.add(
                format!("'{value}'"),
                member,
                format!("Member must have length less than or equal to {most}"),
            );
        }
    }

    pub(super) fn one_of(&mut self, value: Option<&str>, member: &str, choices: &[&str]) {
        if let Some(value) = value.filter(|value| !choices.contains(value)) {
            self.add(
                format!("'{value}'"),
                member,
                format!("Member must satisfy enum value set: [{}]", choices.join(", ")),
            );
        }
    }

    pub(super) fn handler(&mut self, value: Option<&str>) {
        self.longest(value, "handler", 128);
        if let Some(value) = value.filter(|value| value.is_empty() || value.contains(char::is_whitespace)) {
            self.add(
                format!("'{value}'"),
                "handler",
                r"Member must satisfy regular expression pattern: [^\s]+",
            );
        }
    }

    pub(super) fn role(&mut self, value: Option<&str>) {
        if let Some(value) = value.filter(|value| !is_role_arn(value)) {
            self.add(
                format!("'{value}'"),
                "role",
                format!("Member must satisfy regular expression pattern: {ROLE_PATTERN}"),
            );
        }
    }

    pub(super) fn required<T>(&mut self, value: Option<&T>, member: &str)
    where
        T: ?Sized,
    {
        if value.is_none() {
            self.add("null", member, "Member must not be null");
        }
    }

    pub(super) fn environment(&mut self, variables: Option<&IndexMap<String, String>>) {
        for key in variables.into_iter().flat_map(IndexMap::keys) {
            let mut letters = key.chars();
            let well = letters.next().is_some_and(|first| first.is_ascii_alphabetic())
                && key.len() > 1
                && letters.all(|letter| letter.is_ascii_alphanumeric() || letter == '_');
            // `_HANDLER` and the like get the message on reserved keys.
            if !well && !is_reserved(key) {
                self.add(
                    format!("'{{{key}=***}}'"),
                    "environment.variables",
                    "Map keys must satisfy constraint: [Member must satisfy regular expression pattern: [a-zA-Z]([a-zA-Z0-9_])+]",
                );
            }
        }
    }

    /// All of them as one error.
    pub(super) fn result(self) -> Result<(), ApiError> {
        match self.0.len() {
            0 => Ok(()),
            count => Err(ApiError::new(
                "ValidationException",
                format!(
                    "{count} validation error{} detected: {}",
                    if count == 1 { "" } else { "s" },
                    self.0.join("; ")
                ),
            )),
        }
    }
}

pub(super) fn is_function_name(name: &str) -> bool {
    name.chars()
        .all(|letter| letter.is_ascii_alphanumeric() || letter == '-' || letter == '_')
}

pub(super) fn bad_function_name(given: &str) -> ApiError {
    violation(
        given,
        "functionName",
        &format!("Member must satisfy regular expression pattern: {NAME_PATTERN}"),
    )
}

pub(super) fn name_too_long(name: &str) -> ApiError {
    violation(name, "functionName", "Member must have length less than or equal to 64")
}

fn violation(value: &str, member: &str, constraint: &str) -> ApiError {
    ApiError::new(
        "ValidationException",
        format!(
            "1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: {constraint}"
        ),
    )
}

/// That the runtime is one of AWS's and one that this machine can run.
pub(super) fn runtime(runtime: &str) -> Result<(), ApiError> {
    if !RUNTIMES.contains(&runtime) {
        return Err(invalid_parameter(format!(
            "Value {runtime} at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: [{}] or be a valid ARN",
            RUNTIMES.join(", ")
        )));
    }
    super::runtime_problem(runtime).map_or(Ok(()), |problem| Err(invalid_parameter(problem)))
}

/// Reserved keys and the limit of 4 KB.
pub(super) fn environment(variables: &IndexMap<String, String>) -> Result<(), ApiError> {
    const START: &str =
        "Lambda was unable to configure your environment variables because the environment variables you have provided";
    let reserved: Vec<&str> = variables
        .keys()
        .map(String::as_str)
        .filter(|key| is_reserved(key))
        .collect();
    if !reserved.is_empty() {
        return Err(invalid_parameter(format!(
            "{START} contains reserved keys that are currently not supported for modification. Reserved keys used in this request: {}",
            reserved.join(", ")
        )));
    }
    let measured = json!(variables).to_string();
    if measured.len() > 4096 {
        return Err(invalid_parameter(format!(
            "{START} exceeded the 4KB limit. String measured: {measured}"
        )));
    }
    Ok(())
}

fn is_reserved(key: &str) -> bool {
    matches!(
        key,
        "_HANDLER"
            | "_X_AMZN_TRACE_ID"
            | "AWS_DEFAULT_REGION"
            | "AWS_REGION"
            | "AWS_EXECUTION_ENV"
            | "AWS_LAMBDA_FUNCTION_NAME"
            | "AWS_LAMBDA_FUNCTION_MEMORY_SIZE"
            | "AWS_LAMBDA_FUNCTION_VERSION"
            | "AWS_LAMBDA_INITIALIZATION_TYPE"
            | "AWS_LAMBDA_LOG_GROUP_NAME"
            | "AWS_LAMBDA_LOG_STREAM_NAME"
            | "AWS_LAMBDA_RUNTIME_API"
            | "AWS_ACCESS_KEY"
            | "AWS_ACCESS_KEY_ID"
            | "AWS_SECRET_ACCESS_KEY"
            | "AWS_SESSION_TOKEN"
            | "LAMBDA_TASK_ROOT"
            | "LAMBDA_RUNTIME_DIR"
    )
}

fn is_role_arn(arn: &str) -> bool {
    let Some((account, name)) = arn
        .strip_prefix("arn:")
        .and_then(|rest| rest.split_once(":iam::"))
        .and_then(|(_, rest)| rest.split_once(":role/"))
    else {
        return false;
    };
    account.len() == 12
        && account.chars().all(|digit| digit.is_ascii_digit())
        && !name.is_empty()
        && name
            .chars()
            .all(|letter| letter.is_ascii_alphanumeric() || "_+=,.@-/".contains(letter))
}
