//! AWS's constraints on the members of requests, in AWS's words.
//!
//! Patterns, lengths and ranges: <https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html>; environment:
//! <https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html>.

use indexmap::IndexMap;
use serde_json::json;

use super::invalid_parameter;
use crate::local::api::ApiError;
use crate::local::constraint;

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

/// Constraints that a request breaks; members that are not given break none.
#[derive(Default)]
pub(super) struct Violations(constraint::Violations);

impl Violations {
    pub(super) fn required<T>(&mut self, value: Option<&T>, member: &str)
    where
        T: ?Sized,
    {
        if value.is_none() {
            self.0.missing(member);
        }
    }

    pub(super) fn range(&mut self, value: Option<i64>, member: &str, least: i64, most: i64) {
        if let Some(value) = value {
            self.0.range(member, value, least, most);
        }
    }

    pub(super) fn longest(&mut self, value: Option<&str>, member: &str, most: usize) {
        self.0.length(member, value.unwrap_or_default(), 0, most);
    }

    pub(super) fn one_of(&mut self, value: Option<&str>, member: &str, choices: &[&str]) {
        if let Some(value) = value {
            let constraint = format!("Member must satisfy enum value set: [{}]", choices.join(", "));
            self.0.check(choices.contains(&value), member, value, &constraint);
        }
    }

    pub(super) fn pattern(&mut self, holds: bool, value: &str, member: &str, pattern: &str) {
        let constraint = format!("Member must satisfy regular expression pattern: {pattern}");
        self.0.check(holds, member, value, &constraint);
    }

    pub(super) fn handler(&mut self, value: Option<&str>) {
        self.longest(value, "handler", 128);
        if let Some(value) = value {
            let well = !value.is_empty() && !value.contains(char::is_whitespace);
            self.pattern(well, value, "handler", r"[^\s]+");
        }
    }

    pub(super) fn role(&mut self, value: Option<&str>) {
        if let Some(value) = value {
            self.pattern(is_role_arn(value), value, "role", ROLE_PATTERN);
        }
    }

    pub(super) fn architectures(&mut self, given: &[String]) {
        let shown = format!("[{}]", given.join(", "));
        let well = given.iter().all(|one| ["x86_64", "arm64"].contains(&one.as_str()));
        let one = "Member must have length less than or equal to 1";
        let known = "Member must satisfy constraint: [Member must satisfy enum value set: [x86_64, arm64], Member must not be null]";
        self.0.check(given.len() <= 1, "architectures", &shown, one);
        self.0.check(well, "architectures", &shown, known);
    }

    pub(super) fn environment(&mut self, variables: Option<&IndexMap<String, String>>) {
        let constraint = "Map keys must satisfy constraint: [Member must satisfy regular expression pattern: [a-zA-Z]([a-zA-Z0-9_])+]";
        for key in variables.into_iter().flat_map(IndexMap::keys) {
            let mut letters = key.chars();
            let well = letters.next().is_some_and(|first| first.is_ascii_alphabetic())
                && key.len() > 1
                && letters.all(|letter| letter.is_ascii_alphanumeric() || letter == '_');
            // `_HANDLER` and the like get the message on reserved keys. Values may be secrets, and are not repeated.
            let shown = format!("{{{key}=***}}");
            self.0
                .check(well || is_reserved(key), "environment.variables", &shown, constraint);
        }
    }

    /// All of them as one error.
    pub(super) fn result(self) -> Result<(), ApiError> {
        self.0.done("ValidationException")
    }
}

/// The name without prefix and qualifier; `given` is what the caller wrote.
pub(super) fn function_name(name: &str, given: &str) -> Result<(), ApiError> {
    let mut violations = Violations::default();
    violations.pattern(
        !name.is_empty() && is_function_name(name),
        given,
        "functionName",
        NAME_PATTERN,
    );
    violations.longest(Some(name), "functionName", 64);
    violations.result()
}

fn is_function_name(name: &str) -> bool {
    name.chars()
        .all(|letter| letter.is_ascii_alphanumeric() || letter == '-' || letter == '_')
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
