//! What the `Resource` of a Task names, which decides the events of its history.

use crate::asl::integration::{Integration, Pattern};

/// A resource, by the family of history events it has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Resource {
    /// A function's ARN: events `LambdaFunction…`.
    Lambda,
    /// An activity's ARN: events `Activity…`.
    Activity,
    /// A service integration: events `Task…`.
    Service {
        /// As the events write it: `lambda`, `aws-sdk:dynamodb`.
        service: String,
        /// As the events write it: `invoke`, `sendMessage.waitForTaskToken`.
        action: String,
        /// Whether its result comes later, under a task token, which the context object then holds.
        has_token: bool,
    },
}

impl Resource {
    /// Reads an ARN; none if it is nothing a Task can name.
    pub(super) fn parse(arn: &str) -> Option<Self> {
        let (service, action, pattern) = match Integration::parse(arn) {
            Integration::Function(_) => return Some(Self::Lambda),
            Integration::Activity(_) => return Some(Self::Activity),
            Integration::Unknown => return None,
            Integration::Optimized {
                service,
                action,
                pattern,
            } => (service, action, pattern),
            Integration::Sdk {
                service,
                action,
                pattern,
            } => (format!("aws-sdk:{service}"), action, pattern),
        };
        Some(Self::Service {
            service,
            action: format!("{action}{}", pattern.suffix()),
            has_token: pattern != Pattern::RequestResponse,
        })
    }

    /// Whether the context object holds a task token.
    pub(super) fn has_token(&self) -> bool {
        matches!(self, Self::Service { has_token: true, .. })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn services_are_named_as_in_events() {
        for (arn, service, action, has_token) in [
            ("arn:aws:states:::lambda:invoke", "lambda", "invoke", false),
            (
                "arn:aws-cn:states:::sqs:sendMessage.waitForTaskToken",
                "sqs",
                "sendMessage.waitForTaskToken",
                true,
            ),
            (
                "arn:aws:states:::aws-sdk:dynamodb:putItem",
                "aws-sdk:dynamodb",
                "putItem",
                false,
            ),
            (
                "arn:aws:states:::states:startExecution.sync:2",
                "states",
                "startExecution.sync:2",
                true,
            ),
        ] {
            let expected = Resource::Service {
                service: service.into(),
                action: action.into(),
                has_token,
            };
            assert_eq!(Resource::parse(arn), Some(expected), "{arn}");
        }
    }

    #[test]
    fn what_no_task_can_use_is_nothing() {
        assert_eq!(Resource::parse("arn:aws:sqs:us-east-1:000000000000:queue"), None);
        assert_eq!(Resource::parse("lambda:invoke"), None);
    }
}
