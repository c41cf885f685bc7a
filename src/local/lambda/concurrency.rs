//! Reserved concurrency: at most so many invocations of a function at once, zero for none at all.

use serde_json::json;

use super::members::Members;
use super::validate::Violations;
use super::{Lambda, invalid_parameter, json as answer, no_content, reference, table};
use crate::local::api::{ApiError, Call, Reply};

/// AWS's quota of an account, and what of it must stay unreserved.
const ACCOUNT_CONCURRENCY: u64 = 1000;
const LEAST_UNRESERVED: u64 = 100;

impl Lambda {
    /// <https://docs.aws.amazon.com/lambda/latest/api/API_PutFunctionConcurrency.html>
    pub(super) fn put_concurrency(&self, call: &Call, name: &str) -> Result<Reply, ApiError> {
        let wanted = Members::of(&call.input)?.integer("ReservedConcurrentExecutions")?;
        let mut violations = Violations::default();
        violations.required(wanted.as_ref(), "reservedConcurrentExecutions");
        violations.range(wanted, "reservedConcurrentExecutions", 0, i64::MAX);
        violations.result()?;
        let wanted = wanted.unwrap_or_default().unsigned_abs();
        self.set_concurrency(call, name, Some(wanted))?;
        answer(200, &json!({ "ReservedConcurrentExecutions": wanted }))
    }

    /// <https://docs.aws.amazon.com/lambda/latest/api/API_GetFunctionConcurrency.html>
    pub(super) fn get_concurrency(&self, call: &Call, name: &str) -> Result<Reply, ApiError> {
        let function = self.find(&reference::parse(name, None, &call.region)?)?;
        match function.reserved_concurrency {
            Some(reserved) => answer(200, &json!({ "ReservedConcurrentExecutions": reserved })),
            None => answer(200, &json!({})),
        }
    }

    /// <https://docs.aws.amazon.com/lambda/latest/api/API_DeleteFunctionConcurrency.html>
    pub(super) fn delete_concurrency(&self, call: &Call, name: &str) -> Result<Reply, ApiError> {
        self.set_concurrency(call, name, None)?;
        no_content()
    }

    fn set_concurrency(&self, call: &Call, name: &str, wanted: Option<u64>) -> Result<(), ApiError> {
        let reference = reference::parse(name, None, &call.region)?;
        self.inner.store.write(|at| {
            let mut function =
                table::function(at, &reference.region, &reference.name)?.ok_or_else(|| reference.not_found())?;
            let others: u64 = table::functions(at, &reference.region, "", usize::MAX)?
                .iter()
                .filter(|other| other.name != function.name)
                .filter_map(|other| other.reserved_concurrency)
                .sum();
            if wanted.unwrap_or_default().saturating_add(others) > ACCOUNT_CONCURRENCY - LEAST_UNRESERVED {
                return Err(invalid_parameter(format!(
                    "Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its minimum value of [{LEAST_UNRESERVED}]."
                )));
            }
            function.reserved_concurrency = wanted;
            table::put_function(at, &function)?;
            Ok::<_, ApiError>(())
        })
    }
}
