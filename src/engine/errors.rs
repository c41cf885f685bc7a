//! What can go wrong while a state runs, the texts AWS reports it with, and which retriers and catchers it concerns
//! ([error names](https://states-language.net/spec.html#appendix-a)).

use serde_json::{Value, json};

/// The execution is over: nothing more of this step may happen.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ended;

/// Why a state did not get on.
#[derive(Debug)]
pub(super) enum Interrupt {
    /// The execution is over.
    Ended,
    /// The state failed.
    Failed(Failure),
}

impl From<Ended> for Interrupt {
    fn from(_: Ended) -> Self {
        Self::Ended
    }
}

impl From<Failure> for Interrupt {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

/// What a piece of work in a state comes to.
pub(super) type Turned<T> = Result<T, Interrupt>;

/// A failed state.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Failure {
    pub(super) error: Option<String>,
    pub(super) cause: Option<String>,
    /// Whether the cause still lacks the words that name the state.
    in_state: bool,
    /// Whether retriers and catchers are asked.
    pub(super) catchable: bool,
    heartbeat: bool,
    /// Set if an expression failed, which has an event of its own.
    pub(super) evaluation: Option<Evaluation>,
}

/// Which evaluation failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Evaluation {
    /// The field, as events name it; none if it was the input of the state.
    pub(super) location: Option<String>,
}

pub(super) const TIMEOUT: &str = "States.Timeout";
pub(super) const RUNTIME: &str = "States.Runtime";
const QUERY_EVALUATION: &str = "States.QueryEvaluationError";
const DATA_LIMIT: &str = "States.DataLimitExceeded";

/// Characters of an error.
const ERROR_MAX: usize = 256;

/// Characters of a cause.
const CAUSE_MAX: usize = 32_768;

fn cut(mut text: String, characters: usize) -> String {
    if let Some((end, _)) = text.char_indices().nth(characters) {
        text.truncate(end);
    }
    text
}

impl Failure {
    /// What the work of a Task reported, or a Fail state says.
    ///
    /// Longer ones than Step Functions keeps are cut:
    /// <https://docs.aws.amazon.com/step-functions/latest/apireference/API_LambdaFunctionFailedEventDetails.html>.
    pub(super) fn reported(error: Option<String>, cause: Option<String>) -> Self {
        Self {
            error: error.map(|error| cut(error, ERROR_MAX)),
            cause: cause.map(|cause| cut(cause, CAUSE_MAX)),
            in_state: false,
            catchable: true,
            heartbeat: false,
            evaluation: None,
        }
    }

    /// `TimeoutSeconds` or `HeartbeatSeconds` went by. AWS writes `States.Timeout` for both; only catchers and retriers
    /// can tell them apart.
    pub(super) fn timeout(heartbeat: bool) -> Self {
        Self {
            heartbeat,
            ..Self::reported(Some(TIMEOUT.to_owned()), None)
        }
    }

    /// A mistake in the definition or data that shows only now; no retrier or catcher takes it.
    pub(super) fn runtime(text: impl Into<String>) -> Self {
        Self {
            catchable: false,
            ..Self::interpreter(RUNTIME, text)
        }
    }

    /// A JSONata expression failed, or gave what its field cannot take. Retriers and catchers are asked.
    pub(super) fn evaluation(location: Option<&str>, text: impl Into<String>) -> Self {
        Self {
            evaluation: Some(Evaluation {
                location: location.map(str::to_owned),
            }),
            ..Self::interpreter(QUERY_EVALUATION, text)
        }
    }

    /// A path of a payload template, `ErrorPath` or `CausePath` found nothing.
    pub(super) fn path_not_found(path: &str, field: &str, input: &str) -> Self {
        Self::runtime(format!(
            "The JSONPath '{path}' specified for the field '{field}' could not be found in the input '{input}'"
        ))
    }

    /// A path among the arguments of an intrinsic function found nothing.
    pub(super) fn argument_not_found(call: &str, path: &str, input: &str) -> Self {
        Self::runtime(format!(
            "The function '{call}' had the following error: The JsonPath argument for the field '{path}' could not be found \
             in the input '{input}'"
        ))
    }

    /// An intrinsic function does not take its arguments.
    pub(super) fn intrinsic(problem: String) -> Self {
        Self::interpreter("States.IntrinsicFailure", problem)
    }

    /// `ResultPath` points where the input has no place.
    pub(super) fn result_path(path: &str, input: &str) -> Self {
        Self::interpreter(
            "States.ResultPathMatchFailure",
            format!("Unable to apply ReferencePath {path} to input {input}"),
        )
    }

    /// No rule of a Choice state holds and it has no default. A Parallel or Map state around it may catch this.
    pub(super) fn no_choice_matched() -> Self {
        Self::interpreter(
            "States.NoChoiceMatched",
            "Failed to transition out of the state. The state does not point to a next state.",
        )
    }

    /// The result of a task is too large. `task` is what did the work: an ARN or the name of a service.
    ///
    /// AWS's guide calls `States.DataLimitExceeded` an error that `States.ALL` cannot catch
    /// ([error names](https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html)). What AWS does is
    /// that the event of the task reports it like any failure of the task, and a catcher of `States.ALL` takes it. So it is
    /// terminal only where the interpreter itself finds it: in the input of the work, in the output of a state, in variables.
    pub(super) fn task_result_too_large(task: &str) -> Self {
        Self::reported(Some(DATA_LIMIT.to_owned()), Some(too_large(task)))
    }

    /// What a state gives its work, after `Parameters` or `Arguments`, is too large; no retrier or catcher takes it.
    pub(super) fn state_input_too_large() -> Self {
        Self {
            catchable: false,
            ..Self::interpreter(
                DATA_LIMIT,
                "The size of the input after its Parameters or Arguments exceeds the maximum number of bytes service limit.",
            )
        }
    }

    /// The input of a child execution is too large; no retrier or catcher takes it.
    pub(super) fn child_input_too_large(bytes: usize, most: usize) -> Self {
        Self {
            catchable: false,
            ..Self::reported(
                Some(DATA_LIMIT.to_owned()),
                Some(format!(
                    "The input of a child execution would have {bytes} bytes, more than the {most} bytes or the size of a \
                     batch that it may have."
                )),
            )
        }
    }

    /// The output of a state is too large; no retrier or catcher takes it.
    pub(super) fn state_output_too_large(state: &str) -> Self {
        Self {
            catchable: false,
            ..Self::task_result_too_large(state)
        }
    }

    /// A variable is too large; no retrier or catcher takes it.
    pub(super) fn variable_too_large(name: &str) -> Self {
        Self {
            catchable: false,
            ..Self::interpreter(
                DATA_LIMIT,
                format!("The size of the variable '{name}' exceeds the maximum number of bytes service limit."),
            )
        }
    }

    /// All variables together are too large; no retrier or catcher takes it.
    pub(super) fn variables_too_large() -> Self {
        Self {
            catchable: false,
            ..Self::interpreter(
                DATA_LIMIT,
                "The total size of the variables exceeds the maximum number of bytes service limit.",
            )
        }
    }

    fn interpreter(error: &str, text: impl Into<String>) -> Self {
        Self {
            in_state: true,
            ..Self::reported(Some(error.to_owned()), Some(text.into()))
        }
    }

    /// Names the state in the cause of what the interpreter itself found.
    pub(super) fn named(mut self, state: &str, entered_event: u64) -> Self {
        if self.in_state {
            let text = self.cause.unwrap_or_default();
            let text = format!(
                "An error occurred while executing the state '{state}' (entered at the event id #{entered_event}). {text}"
            );
            self.cause = Some(cut(text, CAUSE_MAX));
            self.in_state = false;
        }
        self
    }

    /// Whether a retrier or catcher with these `ErrorEquals` takes it.
    pub(super) fn matches(&self, error_equals: &[String]) -> bool {
        error_equals.iter().any(|name| match name.as_str() {
            "States.ALL" => true,
            "States.TaskFailed" => self.error.as_deref() != Some(TIMEOUT),
            "States.HeartbeatTimeout" if self.heartbeat => true,
            name => self.error.as_deref() == Some(name),
        })
    }

    /// The error output that a catcher passes on.
    pub(super) fn output(&self) -> Value {
        json!({
            "Error": self.error.as_deref().unwrap_or_default(),
            "Cause": self.cause.as_deref().unwrap_or_default(),
        })
    }
}

fn too_large(name: &str) -> String {
    format!(
        "The state/task '{name}' returned a result with a size exceeding the maximum number of bytes service limit."
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_matched_by_name() {
        let plain = Failure::reported(Some("Boom".into()), None);
        let nameless = Failure::reported(None, None);
        for (failure, equals, matches) in [
            (&plain, "Boom", true),
            (&plain, "Bo", false),
            (&plain, "States.ALL", true),
            (&plain, "States.TaskFailed", true),
            (&plain, "States.Timeout", false),
            (&nameless, "States.TaskFailed", true),
            (&nameless, "Boom", false),
            (&Failure::timeout(false), "States.Timeout", true),
            (&Failure::timeout(false), "States.ALL", true),
            (&Failure::timeout(false), "States.TaskFailed", false),
            (&Failure::timeout(false), "States.HeartbeatTimeout", false),
            (&Failure::timeout(true), "States.HeartbeatTimeout", true),
            (&Failure::timeout(true), "States.Timeout", true),
        ] {
            assert_eq!(failure.matches(&[equals.to_owned()]), matches, "{failure:?} {equals}");
        }
    }
}
