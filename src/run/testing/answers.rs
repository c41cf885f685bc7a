//! Which answer a task token gets. Pure.

use std::collections::{BTreeMap, BTreeSet};

use indexmap::IndexMap;

use crate::cloud::{CloudError, ErrorKind};
use crate::run::Waiting;
use crate::stack::cases::Answer;

/// What is sent for a token.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Reply {
    /// SendTaskSuccess: token and output.
    Success(String, String),
    /// SendTaskFailure: token, error and cause.
    Failure(String, String, Option<String>),
    /// Nothing.
    Nothing,
}

/// The answers of a case, and how many of them were given.
pub(super) struct Answers<'a> {
    by_state: &'a IndexMap<String, Vec<Answer>>,
    given: BTreeMap<String, usize>,
    unanswered: BTreeSet<String>,
}

impl<'a> Answers<'a> {
    pub(super) fn new(by_state: &'a IndexMap<String, Vec<Answer>>) -> Self {
        Self {
            by_state,
            given: BTreeMap::new(),
            unanswered: BTreeSet::new(),
        }
    }

    /// The answer to what waits: the first one to the first token of a state, the last one to all that follow.
    ///
    /// # Errors
    /// If there is an answer, and no token to send it with.
    pub(super) fn to(&mut self, waiting: &Waiting) -> Result<Reply, CloudError> {
        let Some(answers) = self.by_state.get(&waiting.state) else {
            self.unanswered.insert(waiting.state.clone());
            return Ok(Reply::Nothing);
        };
        let given = self.given.entry(waiting.state.clone()).or_default();
        let answer = answers.get(*given).or(answers.last());
        *given += 1;
        let token = || waiting.token.clone().ok_or_else(|| no_token(&waiting.state));
        Ok(match answer {
            Some(Answer::Success(output)) => Reply::Success(token()?, output.to_string()),
            Some(Answer::Failure { error, cause }) => Reply::Failure(token()?, error.clone(), cause.clone()),
            Some(Answer::TimeOut) | None => Reply::Nothing,
        })
    }

    /// States that waited for a token, and for which there is no answer.
    pub(super) fn unanswered(&self) -> impl Iterator<Item = &String> {
        self.unanswered.iter()
    }
}

fn no_token(state: &str) -> CloudError {
    CloudError {
        message: format!("`{state}` waits for a task token, and the history of the execution does not hold it"),
        kind: ErrorKind::NotFound,
        hints: vec!["pass it on in the state's parameters: `$$.Task.Token`".to_owned()],
        source: None,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn tokens_are_answered_in_turn() {
        let failure = Answer::Failure {
            error: "No".to_owned(),
            cause: Some("why".to_owned()),
        };
        let by_state = IndexMap::from([
            ("Ask".to_owned(), vec![failure, Answer::Success(json!({"a": 1}))]),
            ("Late".to_owned(), vec![Answer::TimeOut]),
        ]);
        let mut answers = Answers::new(&by_state);
        let mut to = |state: &str, token: Option<&str>| {
            answers.to(&Waiting {
                execution: "e".to_owned(),
                state: state.to_owned(),
                token: token.map(str::to_owned),
            })
        };
        let failed = Reply::Failure("1".to_owned(), "No".to_owned(), Some("why".to_owned()));
        assert_eq!(to("Ask", Some("1")).unwrap(), failed);
        for token in ["2", "3"] {
            let succeeded = Reply::Success(token.to_owned(), r#"{"a":1}"#.to_owned());
            assert_eq!(to("Ask", Some(token)).unwrap(), succeeded);
        }
        assert_eq!(to("Late", None).unwrap(), Reply::Nothing);
        assert_eq!(to("Other", Some("4")).unwrap(), Reply::Nothing);
        assert!(to("Ask", None).unwrap_err().message.contains("`Ask` waits"));
        assert_eq!(answers.unanswered().collect::<Vec<_>>(), ["Other"]);
    }
}
