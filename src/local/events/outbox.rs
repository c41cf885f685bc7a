//! The way to the targets: kept in the store until it has arrived or was given up.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::json;

use super::Inner;
use super::table::{self, Delivery};
use crate::local::api::ACCOUNT;
use crate::local::store::StoreError;

/// How often a delivery is tried. AWS goes on for a day, with growing pauses, which on one machine would only be waiting.
const MOST_ATTEMPTS: u32 = 5;
/// Between attempts.
const PAUSE: Duration = Duration::from_secs(1);

/// Makes a delivery until it is made or given up.
pub(super) fn follow(inner: &Arc<Inner>, id: i64) {
    // Weak, so that a delivery that waits for its next attempt does not keep a closed cloud open.
    let inner = Arc::downgrade(inner);
    tokio::spawn(async move {
        loop {
            let Some(inner) = inner.upgrade() else { return };
            // What could not be written is still there for the next process.
            match attempt(&inner, id).await {
                Ok(true) | Err(_) => return,
                Ok(false) => {}
            }
            drop(inner);
            tokio::time::sleep(PAUSE).await;
        }
    });
}

/// Whether nothing is left to be done.
async fn attempt(inner: &Inner, id: i64) -> Result<bool, StoreError> {
    let Ok(_turn) = inner.turns.acquire().await else {
        return Err(StoreError::Closed);
    };
    let Some(delivery) = inner.store.read(|db| table::delivery(db, id))? else {
        return Ok(true);
    };
    let status = match request(&delivery) {
        Some(request) => inner.services.send(request).await.status(),
        None => http::StatusCode::BAD_REQUEST,
    };
    let may_pass = status.is_server_error() && status != http::StatusCode::NOT_IMPLEMENTED || status.as_u16() == 429;
    let over = !may_pass || delivery.attempts + 1 >= MOST_ATTEMPTS;
    inner.store.write(|db| match over {
        true => table::done(db, id),
        false => table::attempted(db, id),
    })?;
    Ok(over)
}

/// The call of the target's service.
fn request(delivery: &Delivery) -> Option<Request<Bytes>> {
    let arn = delivery.target["Arn"].as_str()?;
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    let [_, _, service, region, _, resource] = parts.as_slice() else {
        return None;
    };
    let region = if region.is_empty() {
        delivery.region.as_str()
    } else {
        *region
    };
    let input = delivery.input.as_str();
    let request = match *service {
        "sqs" => {
            let mut body =
                json!({ "QueueUrl": format!("http://localhost/{ACCOUNT}/{resource}"), "MessageBody": input });
            if let Some(group) = delivery.target["SqsParameters"]["MessageGroupId"].as_str() {
                body["MessageGroupId"] = group.into();
            }
            Request::post("/")
                .header("x-amz-target", "AmazonSQS.SendMessage")
                .header("content-type", "application/x-amz-json-1.0")
                .body(body.to_string().into())
        }
        "lambda" => {
            let name = utf8_percent_encode(arn, NON_ALPHANUMERIC);
            Request::post(format!("/2015-03-31/functions/{name}/invocations"))
                .header("x-amz-invocation-type", "Event")
                .body(input.to_owned().into())
        }
        "states" => Request::post("/")
            .header("x-amz-target", "AWSStepFunctions.StartExecution")
            .header("content-type", "application/x-amz-json-1.0")
            .body(json!({ "stateMachineArn": arn, "input": input }).to_string().into()),
        _ => return None,
    };
    let mut request = request.ok()?;
    let scope = format!(
        "AWS4-HMAC-SHA256 Credential=events/20200101/{region}/{service}/aws4_request, SignedHeaders=host, Signature=0"
    );
    request
        .headers_mut()
        .insert(http::header::AUTHORIZATION, scope.parse().ok()?);
    Some(request)
}
