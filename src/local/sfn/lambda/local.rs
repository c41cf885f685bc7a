//! Tasks on the Lambda of the local cloud.

use super::{Invocation, Invoker};
use crate::local::api::{ApiError, Pending};
use crate::local::lambda::{Invoked, Lambda};

impl Invoker for Lambda {
    fn invoke<'a>(&'a self, region: &'a str, invocation: Invocation) -> Pending<'a, Result<Invoked, ApiError>> {
        Box::pin(async move {
            let Invocation {
                function,
                qualifier,
                payload,
                asynchronous,
            } = invocation;
            if asynchronous {
                let request_id = self
                    .invoke_event(region, &function, qualifier.as_deref(), payload)
                    .await?;
                return Ok(queued(request_id));
            }
            Lambda::invoke(self, region, &function, qualifier.as_deref(), payload).await
        })
    }
}

/// The answer to an asynchronous call: accepted, without a body.
fn queued(request_id: String) -> Invoked {
    Invoked {
        status: 202,
        payload: bytes::Bytes::new(),
        function_error: None,
        executed_version: String::new(),
        trace_id: format!("Root={request_id}"),
        request_id,
        log_tail: None,
    }
}
