//! From method and path to operation: Lambda's API is REST.

use http::Method;
use percent_encoding::percent_decode_str;

use crate::local::api::{ApiError, Call};

/// An operation with the function (or ARN) that its path names.
#[derive(Debug, PartialEq)]
pub(super) enum Operation {
    CreateFunction,
    ListFunctions,
    GetFunction(String),
    GetFunctionConfiguration(String),
    UpdateFunctionCode(String),
    UpdateFunctionConfiguration(String),
    DeleteFunction(String),
    Invoke(String),
    ListVersionsByFunction(String),
    GetFunctionCodeSigningConfig(String),
    AddPermission(String),
    /// With the id of the statement.
    RemovePermission(String, String),
    GetPolicy(String),
    /// Not of AWS: the code behind `Code.Location` of GetFunction, of an ARN.
    GetCode(String),
    PutFunctionConcurrency(String),
    GetFunctionConcurrency(String),
    DeleteFunctionConcurrency(String),
    ListTags(String),
    TagResource(String),
    UntagResource(String),
}

/// The operation of a request, or that it is not implemented.
///
/// <https://docs.aws.amazon.com/lambda/latest/api/API_Operations.html>
pub(super) fn operation(call: &Call) -> Result<Operation, ApiError> {
    let parts: Vec<String> = call.path.trim_matches('/').split('/').map(decoded).collect();
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    let name = || parts.get(2).map(|name| (*name).to_owned()).unwrap_or_default();
    Ok(match (&call.method, parts.as_slice()) {
        (&Method::POST, ["2015-03-31", "functions"]) => Operation::CreateFunction,
        (&Method::GET, ["2015-03-31", "functions"]) => Operation::ListFunctions,
        (&Method::GET, ["2015-03-31", "functions", _]) => Operation::GetFunction(name()),
        (&Method::DELETE, ["2015-03-31", "functions", _]) => Operation::DeleteFunction(name()),
        (&Method::GET, ["2015-03-31", "functions", _, "configuration"]) => Operation::GetFunctionConfiguration(name()),
        (&Method::PUT, ["2015-03-31", "functions", _, "configuration"]) => {
            Operation::UpdateFunctionConfiguration(name())
        }
        (&Method::GET, ["2015-03-31", "functions", _, "code"]) => Operation::GetCode(name()),
        (&Method::PUT, ["2015-03-31", "functions", _, "code"]) => Operation::UpdateFunctionCode(name()),
        (&Method::POST, ["2015-03-31", "functions", _, "invocations"]) => Operation::Invoke(name()),
        (&Method::GET, ["2015-03-31", "functions", _, "versions"]) => Operation::ListVersionsByFunction(name()),
        (&Method::POST, ["2015-03-31", "functions", _, "policy"]) => Operation::AddPermission(name()),
        (&Method::DELETE, ["2015-03-31", "functions", _, "policy", id]) => {
            Operation::RemovePermission(name(), (*id).to_owned())
        }
        (&Method::GET, ["2015-03-31", "functions", _, "policy"]) => Operation::GetPolicy(name()),
        (&Method::GET, ["2020-06-30", "functions", _, "code-signing-config"]) => {
            Operation::GetFunctionCodeSigningConfig(name())
        }
        (&Method::PUT, ["2017-10-31", "functions", _, "concurrency"]) => Operation::PutFunctionConcurrency(name()),
        (&Method::GET, ["2019-09-30", "functions", _, "concurrency"]) => Operation::GetFunctionConcurrency(name()),
        (&Method::DELETE, ["2017-10-31", "functions", _, "concurrency"]) => {
            Operation::DeleteFunctionConcurrency(name())
        }
        (&Method::GET, ["2017-03-31", "tags", _]) => Operation::ListTags(name()),
        (&Method::POST, ["2017-03-31", "tags", _]) => Operation::TagResource(name()),
        (&Method::DELETE, ["2017-03-31", "tags", _]) => Operation::UntagResource(name()),
        (method, parts) => return Err(ApiError::not_implemented("lambda", &name_of(method, parts))),
    })
}

/// Whether the body is a payload for a function.
pub(super) fn is_invocation(call: &Call) -> bool {
    call.path.ends_with("/invocations")
}

/// AWS's name of an operation that is not there, where a user is likely to try it; else its method and path.
fn name_of(method: &Method, parts: &[&str]) -> String {
    match (method, parts) {
        (&Method::POST, [_, "functions", _, "versions"]) => "PublishVersion".to_owned(),
        (&Method::POST, [_, "functions", _, "invoke-async"]) => "InvokeAsync".to_owned(),
        (&Method::POST, [_, "functions", _, "response-streaming-invocations"]) => "InvokeWithResponseStream".to_owned(),
        (&Method::POST, [_, "functions", _, "aliases"]) => "CreateAlias".to_owned(),
        (&Method::GET, [_, "functions", _, "aliases"]) => "ListAliases".to_owned(),
        (&Method::POST, [_, "functions", _, "url"]) => "CreateFunctionUrlConfig".to_owned(),
        (&Method::POST, [_, "event-source-mappings"]) => "CreateEventSourceMapping".to_owned(),
        (&Method::GET, [_, "event-source-mappings"]) => "ListEventSourceMappings".to_owned(),
        (&Method::POST, [_, "layers", _, "versions"]) => "PublishLayerVersion".to_owned(),
        (&Method::GET, [_, "account-settings"]) => "GetAccountSettings".to_owned(),
        (&Method::GET, [_, "functions", _, "event-invoke-config"]) => "GetFunctionEventInvokeConfig".to_owned(),
        _ => format!("{method} /{}", parts.join("/")),
    }
}

fn decoded(part: &str) -> String {
    percent_decode_str(part).decode_utf8_lossy().into_owned()
}
