//! Operations that only read: get, list, and what Terraform asks of every function.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use super::create::{qualifier, query};
use super::function::Function;
use super::reference::Reference;
use super::validate::Violations;
use super::{Lambda, invalid_parameter, json as answer, reference, reply, service_exception, table};
use crate::local::api::{ApiError, Call, Reply};
use crate::local::store::StoreError;

impl Lambda {
    /// <https://docs.aws.amazon.com/lambda/latest/api/API_GetFunction.html>
    pub(super) fn get_function(&self, call: &Call, name: &str) -> Result<Reply, ApiError> {
        let function = self.find(&reference::parse(name, qualifier(call), &call.region)?)?;
        let mut found = json!({
            "Configuration": self.configuration(&function),
            "Code": { "RepositoryType": "S3", "Location": self.code_location(&function) },
        });
        if !function.tags.is_empty() {
            found["Tags"] = json!(function.tags);
        }
        if let Some(reserved) = function.reserved_concurrency {
            found["Concurrency"] = json!({ "ReservedConcurrentExecutions": reserved });
        }
        answer(200, &found)
    }

    /// <https://docs.aws.amazon.com/lambda/latest/api/API_GetFunctionConfiguration.html>
    pub(super) fn get_function_configuration(&self, call: &Call, name: &str) -> Result<Reply, ApiError> {
        let function = self.find(&reference::parse(name, qualifier(call), &call.region)?)?;
        answer(200, &self.configuration(&function))
    }

    /// <https://docs.aws.amazon.com/lambda/latest/api/API_ListFunctions.html>: pages of 50 by name.
    pub(super) fn list_functions(&self, call: &Call) -> Result<Reply, ApiError> {
        let most = page_size(call, 50)?;
        let after = query(call, "Marker").unwrap_or_default();
        let mut functions = self
            .inner
            .store
            .read(|at| table::functions(at, &call.region, after, most + 1))?;
        let more = functions.len() > most;
        functions.truncate(most);
        let marker = functions.last().filter(|_| more).map(|last| last.name.clone());
        let listed: Vec<Value> = functions.iter().map(|function| self.listed(function)).collect();
        answer(200, &page("Functions", listed, marker))
    }

    /// Only `$LATEST`: <https://docs.aws.amazon.com/lambda/latest/api/API_ListVersionsByFunction.html>
    pub(super) fn list_versions(&self, call: &Call, name: &str) -> Result<Reply, ApiError> {
        let function = self.find(&reference::parse(name, None, &call.region)?)?;
        page_size(call, 50)?;
        let mut latest = self.listed(&function);
        latest["FunctionArn"] = Value::from(format!("{}:$LATEST", function.arn()));
        answer(200, &page("Versions", vec![latest], None))
    }

    /// Code is never signed here.
    pub(super) fn get_code_signing_config(&self, call: &Call, name: &str) -> Result<Reply, ApiError> {
        let function = self.find(&reference::parse(name, None, &call.region)?)?;
        answer(
            200,
            &json!({ "CodeSigningConfigArn": "", "FunctionName": function.name }),
        )
    }

    /// The zip. Downloads are not signed: the region is the ARN's.
    pub(super) fn get_code(&self, call: &Call, arn: &str) -> Result<Reply, ApiError> {
        let region = arn.split(':').nth(3).unwrap_or(&call.region);
        let function = self.find(&reference::parse(arn, None, region)?)?;
        let zip = self
            .inner
            .store
            .read(|at| table::code(at, &function.region, &function.name))?
            .ok_or_else(|| service_exception(format!("the code of {arn} is missing")))?;
        let response = http::Response::builder().header(http::header::CONTENT_TYPE, "application/zip");
        reply(response, zip.into())
    }

    pub(super) fn find(&self, reference: &Reference) -> Result<Function, ApiError> {
        self.inner
            .store
            .read(|at| table::function(at, &reference.region, &reference.name))
            .map_err(|problem: StoreError| ApiError::from(problem))?
            .filter(|_| reference.qualifier.is_none())
            .ok_or_else(|| reference.not_found())
    }

    fn configuration(&self, function: &Function) -> Value {
        function.configuration(&self.inner.preparations.phase(function))
    }

    /// Lists leave out the states.
    fn listed(&self, function: &Function) -> Value {
        let mut configuration = self.configuration(function);
        if let Some(members) = configuration.as_object_mut() {
            members.retain(|name, _| !name.starts_with("State") && !name.starts_with("LastUpdateStatus"));
        }
        configuration
    }

    fn code_location(&self, function: &Function) -> String {
        let endpoint = self.inner.surroundings.endpoint();
        let arn = function.arn();
        let arn = utf8_percent_encode(&arn, NON_ALPHANUMERIC);
        format!("{}/2015-03-31/functions/{arn}/code", endpoint.trim_end_matches('/'))
    }
}

fn page(member: &str, entries: Vec<Value>, marker: Option<String>) -> Value {
    let mut page = json!({ member: entries });
    if let Some(marker) = marker {
        page["NextMarker"] = Value::from(marker);
    }
    page
}

fn page_size(call: &Call, most: usize) -> Result<usize, ApiError> {
    let Some(given) = query(call, "MaxItems") else {
        return Ok(most);
    };
    let given: i64 = given
        .parse()
        .map_err(|_| invalid_parameter(format!("MaxItems must be an integer, but is {given}")))?;
    let mut violations = Violations::default();
    violations.range(Some(given), "maxItems", 1, 10_000);
    violations.result()?;
    Ok(usize::try_from(given).unwrap_or(most).min(most))
}
