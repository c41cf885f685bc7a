//! Kills the local cloud again and again while a case runs.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::sleep;

use super::answer::final_status;
use super::case::Case;
use super::cloud::Cloud;
use super::replay::Started;

/// So often a case is killed at most.
const MOST: usize = 6;
/// Between looks.
const LOOK: Duration = Duration::from_millis(2);

/// Whether an execution of the case has moments at which it can be killed: what needs no task and no timer is done in one go.
/// A function that is called again may come too late for the timeout of its task, rightly. A task that received messages when the
/// cloud was killed is done again, and they come back after 30 s; where messages are received and never deleted, those that were
/// done with come back as well by then, with task tokens that are used up, and fail what receives them: that is the definition's
/// own doing, on AWS too.
pub fn has_moments(case: &Case) -> bool {
    let calls = |name: &str| case.steps.iter().any(|step| step.call.as_deref() == Some(name));
    let text: String = case.steps.iter().map(|step| step.params.to_string()).collect();
    calls("stepfunctions.StartExecution")
        && !text.contains("EXPRESS")
        && !(text.contains("TimeoutSeconds") && case.services.iter().any(|service| service == "lambda"))
        && (!text.contains("sqs:receiveMessage") || text.contains("sqs:deleteMessage"))
        && (text.contains(r#""Type":"Task""#) || text.contains(r#""Type":"Wait""#))
}

/// Kills the local cloud each time the executions have got further, until that happened [`MOST`] times.
pub async fn kill(cloud: Arc<Cloud>, started: Started) {
    let mut seen = 0;
    while cloud.kills() < MOST {
        let executions = started.lock().unwrap().clone();
        let (mut events, mut running) = (0, false);
        for arn in executions {
            let params = json!({"executionArn": arn, "maxResults": 1000});
            let Ok(history) = cloud.call("stepfunctions.GetExecutionHistory", &params).await else {
                return;
            };
            let history = history["events"].as_array().map_or(&[][..], Vec::as_slice);
            events += history.len();
            running |= final_status(history.last().unwrap_or(&Value::Null)).is_none();
        }
        if running && events > seen {
            seen = events;
            cloud.kill_and_reopen().await;
        }
        sleep(LOOK).await;
    }
}
