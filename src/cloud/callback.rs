//! Task tokens sent back: what ends, or keeps alive, a task that waits for somebody outside.

use super::error::{Answer, Tried};
use super::{Cloud, CloudError, ErrorKind};

impl Cloud {
    /// Ends the task of a token well; the output is JSON text.
    pub async fn send_task_success(&self, token: &str, output: &str) -> Result<(), CloudError> {
        let request = self.clients.sfn.send_task_success().task_token(token).output(output);
        told(request.send().await.tried(|| "send the success".to_owned()))
    }

    /// Ends the task of a token badly.
    pub async fn send_task_failure(&self, token: &str, error: &str, cause: Option<&str>) -> Result<(), CloudError> {
        let request = self.clients.sfn.send_task_failure().task_token(token).error(error);
        let request = request.set_cause(cause.map(str::to_owned));
        told(request.send().await.tried(|| "send the failure".to_owned()))
    }

    /// Says that the task of a token is still worked on.
    pub async fn send_task_heartbeat(&self, token: &str) -> Result<(), CloudError> {
        let request = self.clients.sfn.send_task_heartbeat().task_token(token);
        told(request.send().await.tried(|| "send the heartbeat".to_owned()))
    }
}

/// What Step Functions says of tokens, in words that say what to do:
/// <https://docs.aws.amazon.com/step-functions/latest/apireference/API_SendTaskSuccess.html>.
fn told<T>(answer: Answer<T>) -> Result<(), CloudError> {
    let Err(fault) = answer else { return Ok(()) };
    let mut error = fault.error;
    match fault.code.as_str() {
        "InvalidToken" => {
            error.kind = ErrorKind::NotFound;
            error.message = "this is no task token of this account and region".to_owned();
            error.hints = vec!["without `--token`, it is found by `--execution` and `--state`".to_owned()];
        }
        "TaskTimedOut" | "TaskDoesNotExist" => {
            error.kind = ErrorKind::Failed;
            error.message =
                "nobody waits for this token any more: it was used already, its time is over, or its execution has ended"
                    .to_owned();
        }
        _ => {}
    }
    Err(error)
}
