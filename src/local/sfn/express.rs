//! Express state machines: executions of at most five minutes of which only logs remain
//! ([Express workflows](https://docs.aws.amazon.com/step-functions/latest/dg/choosing-workflow-type.html)).

use serde_json::{Value, json};

use super::journal::status_name;
use super::names::type_not_supported;
use super::request::Request;
use super::start::Asked;
use super::{States, seconds};
use crate::local::api::{ApiError, Call};

/// Durations are billed in steps of so many milliseconds.
const BILLED_STEP: u64 = 100;
/// The smallest amount of memory that is billed; what an execution really needs here says nothing of what it needs on AWS.
const BILLED_MEGABYTES: u64 = 64;

impl States {
    /// StartSyncExecution: answered when the execution has ended. It goes on if the client goes away.
    pub(super) async fn start_sync_execution(&self, call: &Call) -> Result<Value, ApiError> {
        let mut request = Request::new(&call.input);
        let all = request.one_of("includedData", &["ALL_DATA", "METADATA_ONLY"]) != Some("METADATA_ONLY");
        let asked = Asked::read(request)?;
        let target = self.active_target(asked.machine_arn)?;
        if !target.machine.current.content.express {
            return Err(type_not_supported());
        }
        let rehearsal = self.rehearsal(&target, &asked)?;
        let start = self.new_start(&target, &asked);
        let end = self.shared.end_of(&start.execution_arn);
        if let Err(error) = self.begin(&target, &start, asked.trace_header, rehearsal, None) {
            self.shared.await_no_more(&start.execution_arn);
            return Err(error);
        }
        let outcome = tokio::select! {
            outcome = end => {
                outcome.map_err(|_| ApiError::with_status(500, "InternalFailure", "the local cloud is closing"))?
            }
            stuck = self.shared.until_stuck(&start.execution_arn) => return Err(stuck),
        };

        let duration = outcome.at.saturating_sub(start.started_at).max(1);
        let mut out = json!({
            "executionArn": start.execution_arn,
            "stateMachineArn": asked.machine_arn,
            "name": start.execution_name,
            "startDate": seconds(start.started_at),
            "stopDate": seconds(outcome.at),
            "status": status_name(outcome.status),
            "inputDetails": {"included": all},
            "billingDetails": {
                "billedMemoryUsedInMB": BILLED_MEGABYTES,
                "billedDurationInMilliseconds": duration.div_ceil(BILLED_STEP) * BILLED_STEP,
            },
        });
        if outcome.output.is_some() {
            out["outputDetails"] = json!({"included": all});
        }
        for (member, value) in [
            ("input", Some(start.input).filter(|_| all)),
            ("output", outcome.output.filter(|_| all)),
            ("error", outcome.error),
            ("cause", outcome.cause),
            ("traceHeader", asked.trace_header.map(str::to_owned)),
        ] {
            if let Some(value) = value {
                out[member] = value.into();
            }
        }
        Ok(out)
    }
}
