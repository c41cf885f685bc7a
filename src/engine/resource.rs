//! What the `Resource` of a Task names, which decides the events of its history.

/// A resource, by the family of history events it has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Resource {
    /// A function's ARN: events `LambdaFunction…`.
    Lambda,
    /// An activity's ARN: events `Activity…`.
    Activity,
    /// A service integration: events `Task…`, which name the service (`lambda`, `aws-sdk:dynamodb`) and what is called
    /// (`invoke`, `sendMessage.waitForTaskToken`).
    Service { service: String, action: String },
}

impl Resource {
    /// Reads an ARN; none if it is nothing a Task can name.
    pub(super) fn parse(arn: &str) -> Option<Self> {
        let mut parts = arn.splitn(6, ':');
        if parts.next()? != "arn" {
            return None;
        }
        let (service, rest) = (parts.nth(1)?, parts.nth(2)?);
        match service {
            "lambda" => Some(Self::Lambda),
            "states" if rest.starts_with("activity:") => Some(Self::Activity),
            "states" => Self::integration(rest),
            _ => None,
        }
    }

    fn integration(text: &str) -> Option<Self> {
        let sdk = text.strip_prefix("aws-sdk:");
        let (service, action) = sdk.unwrap_or(text).split_once(':')?;
        let prefix = if sdk.is_some() { "aws-sdk:" } else { "" };
        Some(Self::Service {
            service: format!("{prefix}{service}"),
            action: action.to_owned(),
        })
    }

    /// Whether its result comes later, under a task token, which the context object then holds.
    pub(super) fn has_token(&self) -> bool {
        match self {
            Self::Lambda | Self::Activity => false,
            Self::Service { action, .. } => action.contains(".waitForTaskToken") || action.contains(".sync"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resources_are_told_apart() {
        let service = |service: &str, action: &str| {
            Some(Resource::Service {
                service: service.into(),
                action: action.into(),
            })
        };
        for (arn, resource) in [
            (
                "arn:aws:lambda:us-east-1:000000000000:function:f:$LATEST",
                Some(Resource::Lambda),
            ),
            (
                "arn:aws:states:us-east-1:000000000000:activity:a",
                Some(Resource::Activity),
            ),
            ("arn:aws:states:::lambda:invoke", service("lambda", "invoke")),
            (
                "arn:aws-cn:states:::sqs:sendMessage.waitForTaskToken",
                service("sqs", "sendMessage.waitForTaskToken"),
            ),
            (
                "arn:aws:states:::aws-sdk:dynamodb:putItem",
                service("aws-sdk:dynamodb", "putItem"),
            ),
            (
                "arn:aws:states:::states:startExecution.sync:2",
                service("states", "startExecution.sync:2"),
            ),
            ("arn:aws:states:::aws-sdk:s3", None),
            ("arn:aws:sqs:us-east-1:000000000000:queue", None),
            ("lambda:invoke", None),
        ] {
            assert_eq!(Resource::parse(arn), resource, "{arn}");
        }
    }
}
