//! What cannot be looked at. Kinds of resources that an emulator cannot list, because it lacks the service: LocalStack without
//! DynamoDB Local, or with `SERVICES` set; or that an account does not let us list. A stack that has none of a kind can do without.
//! And resources that may be anybody's and may not be read.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use super::error::Fault;
use crate::event::{Event, Sink};
use crate::plan::Kind;

/// So much of what an emulator says is passed on: it may be a stack trace.
const LONGEST_REASON: usize = 160;

/// What was said of them, once for each.
#[derive(Clone, Default)]
pub(super) struct Unlisted {
    said: Arc<Mutex<BTreeSet<(Kind, String)>>>,
    sink: Option<Arc<dyn Sink>>,
}

impl fmt::Debug for Unlisted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Unlisted").field(&self.said).finish()
    }
}

impl Unlisted {
    pub(super) fn new(sink: Option<Arc<dyn Sink>>) -> Self {
        Self {
            said: Arc::default(),
            sink,
        }
    }

    /// Says that nothing of a kind is looked for.
    pub(super) fn say(&self, kind: Kind, fault: &Fault) {
        let label = kind.label();
        let message = format!("{label}s cannot be listed here ({}): none is looked for", reason(fault));
        self.once(kind, "", message);
    }

    /// Says that something may be a test run's, and nobody lets us know.
    pub(super) fn say_unread(&self, kind: Kind, name: &str, fault: &Fault) {
        let label = kind.label();
        let message = format!(
            "the {label} {name} looks like one of a test run, and may not be read ({}): it is left alone",
            reason(fault)
        );
        self.once(kind, name, message);
    }

    /// Says that logs came when their function was gone already, and stay.
    pub(super) fn say_late(&self, group: &str) {
        let message = format!(
            "the log group {group} has the name of one of a test run and carries no tags: its function is gone, and it stays; \
             `aws logs delete-log-group --log-group-name {group}` removes it"
        );
        self.once(Kind::LogGroup, group, message);
    }

    fn once(&self, kind: Kind, name: &str, message: String) {
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        if said.insert((kind, name.to_owned()))
            && let Some(sink) = &self.sink
        {
            sink.emit(Event::Note { message });
        }
    }
}

fn reason(fault: &Fault) -> String {
    let line = fault.said.lines().next().unwrap_or_default();
    let mut said: String = line.chars().take(LONGEST_REASON).collect();
    if said.len() < line.len() {
        said.push('…');
    }
    let status = fault.status.map(|status| format!("status {status}"));
    let words = [fault.code.clone(), said, status.unwrap_or_default()];
    // The status says nothing that the others do not.
    let words: Vec<String> = words.into_iter().filter(|word| !word.is_empty()).take(2).collect();
    words.join(": ")
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::cloud::ErrorKind;
    use crate::cloud::tests::{Reply, connected_as, error, nothing, tested_with};
    use crate::plan::Tested;

    #[derive(Default)]
    struct Said(Mutex<Vec<String>>);

    impl Sink for Said {
        fn emit(&self, event: Event) {
            if let Event::Note { message } = event {
                self.0.lock().unwrap().push(message);
            }
        }
    }

    /// Looks for a stack with these kinds twice, where one operation fails; what is noted.
    async fn look(
        target: &str,
        operation: &'static str,
        reply: Reply,
        kinds: &[Kind],
    ) -> Result<Vec<String>, ErrorKind> {
        let said = Arc::new(Said::default());
        let answer = move |asked: &str, _| match asked == operation {
            true => reply.clone(),
            false => nothing(asked),
        };
        let (cloud, _) = connected_as(target, Some(said.clone()), answer).await;
        let kinds: BTreeSet<Kind> = kinds.iter().copied().collect();
        let tested = Tested {
            stack: "s".to_owned(),
            kinds: kinds.clone(),
            ..Tested::default()
        };
        for observed in [
            cloud.observe_all("s", &kinds).await,
            cloud.observe_tests(&tested, false).await,
        ] {
            let observed = observed.map_err(|error| error.kind)?;
            assert!(observed.tables.is_empty());
        }
        let said = said.0.lock().unwrap().clone();
        Ok(said)
    }

    #[tokio::test(start_paused = true)]
    async fn a_service_that_is_not_there_and_not_needed_is_noted_once() {
        for (operation, reply, expected) in [
            (
                "ListTables",
                error(501, "InternalFailure", "Service 'dynamodb' is not enabled."),
                "tables cannot be listed here (InternalFailure: Service 'dynamodb' is not enabled.): none is looked for",
            ),
            (
                "ListTables",
                error(500, "InternalError", &"x".repeat(200)),
                &format!(
                    "tables cannot be listed here (InternalError: {}…): none is looked for",
                    "x".repeat(160)
                ),
            ),
            // MiniStack's.
            (
                "ListTables",
                Ok((400, r#"{"message": "Unsupported service: dynamodb"}"#.to_owned())),
                "tables cannot be listed here (status 400): none is looked for",
            ),
            (
                "ListQueues",
                error(400, "UnknownOperationException", ""),
                "queues cannot be listed here (UnknownOperationException: status 400): none is looked for",
            ),
            (
                "GET functions",
                error(503, "", ""),
                "functions cannot be listed here (status 503): none is looked for",
            ),
            (
                "DescribeLogGroups",
                error(501, "NotImplemented", "no"),
                "log groups cannot be listed here (NotImplemented: no): none is looked for",
            ),
        ] {
            let said = look("localstack", operation, reply, &[Kind::StateMachine])
                .await
                .unwrap();
            assert_eq!(said, [expected], "{operation}");
        }
    }

    #[tokio::test]
    async fn late_logs_are_told_where_they_stay() {
        let tested = tested_with(Kind::Function, "s-t00c0ffee-F");
        for (target, name, is_told, is_known) in [
            ("aws", "s-t12345678-F", true, false),
            ("aws", "s-t12345678-G", false, false),
            ("localstack", "s-t12345678-F", false, true),
            ("local", "s-t12345678-F", false, true),
        ] {
            let said = Arc::new(Said::default());
            let group = format!("/aws/lambda/{name}");
            let listed = format!(r#"{{"logGroups":[{{"logGroupName":"{group}","arn":"arn:{group}:*"}}]}}"#);
            let answer = move |operation: &str, before| match (operation, before) {
                ("DescribeLogGroups", 0) => Ok((200, listed.clone())),
                ("ListTagsForResource", _) => Ok((200, r#"{"tags":{}}"#.to_owned())),
                (other, _) => nothing(other),
            };
            let (mut cloud, _) = connected_as("localstack", Some(said.clone()), answer).await;
            Arc::make_mut(&mut cloud.identity).target = target.to_owned();
            let observed = cloud.observe_tests(&tested, false).await.unwrap();
            let told = said.0.lock().unwrap().join("\n");
            assert_eq!(
                told.contains(&format!("--log-group-name {group}`")),
                is_told,
                "{target} {name}: {told}"
            );
            assert_eq!(observed.untagged.len(), usize::from(is_known), "{target} {name}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_needed_or_refused_or_ours_is_an_error() {
        let broken = || error(501, "InternalFailure", "not enabled");
        for (target, operation, reply, kinds) in [
            ("localstack", "ListTables", broken(), &[Kind::Table][..]),
            ("localstack", "ListStateMachines", broken(), &[Kind::StateMachine]),
            ("localstack", "ListStateMachines", error(400, "InvalidToken", "no"), &[]),
            ("localstack", "ListTables", Err("gone".to_owned()), &[]),
            ("local", "ListTables", broken(), &[]),
        ] {
            let looked = look(target, operation, reply.clone(), kinds).await;
            assert!(looked.is_err(), "{target} {operation} {reply:?}: {looked:?}");
        }
    }
}
