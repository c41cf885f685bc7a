//! Task tokens sent back: what ends, or keeps alive, a task that waits for somebody outside.

use super::error::{Answer, IfThere, Tried};
use super::{Cloud, CloudError, ErrorKind};

/// Codes of tokens whose task is over.
const OVER: &[&str] = &["TaskTimedOut", "TaskDoesNotExist"];

impl Cloud {
    /// Ends the task of a token well; the output is JSON text.
    pub async fn send_task_success(&self, token: &str, output: &str) -> Result<(), CloudError> {
        Ok(self.success(token, output).await?)
    }

    /// Ends the task of a token badly.
    pub async fn send_task_failure(&self, token: &str, error: &str, cause: Option<&str>) -> Result<(), CloudError> {
        Ok(self.failure(token, error, cause).await?)
    }

    /// Ends the task of a token well, unless it is over; whether it was not.
    pub async fn succeed_if_waiting(&self, token: &str, output: &str) -> Result<bool, CloudError> {
        Ok(self.success(token, output).await.if_there(OVER)?.is_some())
    }

    /// Ends the task of a token badly, unless it is over; whether it was not.
    pub async fn fail_if_waiting(&self, token: &str, error: &str, cause: Option<&str>) -> Result<bool, CloudError> {
        Ok(self.failure(token, error, cause).await.if_there(OVER)?.is_some())
    }

    async fn success(&self, token: &str, output: &str) -> Answer<()> {
        let request = self.clients.sfn.send_task_success().task_token(token).output(output);
        told(request.send().await.tried(|| "send the success".to_owned()))
    }

    async fn failure(&self, token: &str, error: &str, cause: Option<&str>) -> Answer<()> {
        let request = self.clients.sfn.send_task_failure().task_token(token).error(error);
        let request = request.set_cause(cause.map(str::to_owned));
        told(request.send().await.tried(|| "send the failure".to_owned()))
    }

    /// Says that the task of a token is still worked on.
    pub async fn send_task_heartbeat(&self, token: &str) -> Result<(), CloudError> {
        let request = self.clients.sfn.send_task_heartbeat().task_token(token);
        Ok(told(request.send().await.tried(|| "send the heartbeat".to_owned()))?)
    }
}

/// What Step Functions says of tokens, in words that say what to do:
/// <https://docs.aws.amazon.com/step-functions/latest/apireference/API_SendTaskSuccess.html>.
fn told<T>(answer: Answer<T>) -> Answer<()> {
    let Err(mut fault) = answer else { return Ok(()) };
    let error = &mut fault.error;
    match fault.code.as_str() {
        "InvalidToken" => {
            error.kind = ErrorKind::NotFound;
            error.message = "this is no task token of this account and region".to_owned();
            error.hints = vec!["without `--token`, it is found by `--execution` and `--state`".to_owned()];
        }
        code if OVER.contains(&code) => {
            error.kind = ErrorKind::Failed;
            error.message =
                "nobody waits for this token any more: it was used already, its time is over, or its execution has ended"
                    .to_owned();
        }
        _ => {}
    }
    Err(fault)
}
