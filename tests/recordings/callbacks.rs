//! Answers the task tokens that come through a queue, as the recorded test did.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::answer::find_token;
use super::case::Callbacks;
use super::client::{error_text, is_error};
use super::cloud::Cloud;

/// How often to look for messages.
const LOOK: Duration = Duration::from_millis(50);
/// Between heartbeats.
const BEAT: Duration = Duration::from_millis(500);

/// What went wrong while answering.
pub type Notes = Arc<Mutex<Vec<String>>>;

/// Serves a queue until `end`, or until the local cloud is closed.
pub async fn answer(cloud: Arc<Cloud>, spec: Callbacks, queue: String, end: Instant, notes: Notes) {
    while Instant::now() < end {
        let params = json!({"QueueUrl": queue, "MaxNumberOfMessages": 10, "WaitTimeSeconds": 0});
        let Ok(received) = cloud.call("sqs.ReceiveMessage", &params).await else {
            return;
        };
        for message in received["Messages"].as_array().into_iter().flatten() {
            let params = json!({"QueueUrl": queue, "ReceiptHandle": message["ReceiptHandle"]});
            let _ = cloud.call("sqs.DeleteMessage", &params).await;
            tokio::spawn(serve(
                cloud.clone(),
                spec.clone(),
                message["Body"].clone(),
                notes.clone(),
            ));
        }
        sleep(LOOK).await;
    }
}

async fn serve(cloud: Arc<Cloud>, spec: Callbacks, body: Value, notes: Notes) {
    let Some(token) = find_token(&body) else {
        return;
    };
    let call = async |operation: &str, params: Value| {
        let name = format!("stepfunctions.{operation}");
        match cloud.call(&name, &params).await {
            Ok(reply) if !is_error(&reply) => true,
            Ok(reply) => {
                let note = format!("callback: {}", error_text(&name, &reply));
                notes.lock().unwrap().push(note);
                false
            }
            Err(_) => false,
        }
    };
    for _ in 0..spec.heartbeats {
        if !call("SendTaskHeartbeat", json!({"taskToken": token})).await {
            return;
        }
        sleep(BEAT).await;
    }
    let mut params = Value::from(spec.params);
    params["taskToken"] = token.into();
    if spec.then == "SendTaskSuccess" {
        params["output"] = match spec.output.as_deref() {
            Some("the message body") | None => body,
            Some(output) => output.into(),
        };
    }
    call(&spec.then, params).await;
}
