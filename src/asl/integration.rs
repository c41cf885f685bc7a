//! What the `Resource` of a Task state means.
//!
//! Source: <https://docs.aws.amazon.com/step-functions/latest/dg/integrate-services.html>

/// What a task calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Integration {
    /// A Lambda function by its own ARN: the effective input is the payload.
    Function(FunctionArn),
    /// An activity, by its ARN.
    Activity(String),
    /// An optimized integration: `arn:aws:states:::lambda:invoke`.
    Optimized {
        /// `lambda`, `sns`, `states` …
        service: String,
        /// `invoke`, `publish` …
        action: String,
        /// How the task ends.
        pattern: Pattern,
    },
    /// An AWS SDK integration: `arn:aws:states:::aws-sdk:dynamodb:scan`.
    Sdk {
        /// The SDK's name of the service, `dynamodb`, `sfn` …
        service: String,
        /// The API action with a small first letter.
        action: String,
        /// How the task ends.
        pattern: Pattern,
    },
    /// Nothing of the above.
    Unknown,
}

/// When a task is done.
///
/// Source: <https://docs.aws.amazon.com/step-functions/latest/dg/connect-to-resource.html>
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pattern {
    /// As soon as the call is answered.
    RequestResponse,
    /// `.sync`: when the job is done.
    Sync,
    /// `.sync:2`: when the job is done, its output parsed.
    Sync2,
    /// `.waitForTaskToken`: when somebody returns the task token.
    WaitForTaskToken,
}

impl Pattern {
    /// The suffix of the resource: empty, `.sync`, `.sync:2` or `.waitForTaskToken`.
    pub fn suffix(self) -> &'static str {
        match self {
            Self::RequestResponse => "",
            Self::Sync => ".sync",
            Self::Sync2 => ".sync:2",
            Self::WaitForTaskToken => ".waitForTaskToken",
        }
    }
}

/// The ARN of a Lambda function, in its parts, which are not checked: each may be a placeholder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FunctionArn {
    /// `aws`, `aws-cn` …
    pub partition: String,
    /// E.g. `us-east-1`.
    pub region: String,
    /// Twelve digits.
    pub account: String,
    /// The name of the function.
    pub name: String,
    /// A version or alias, if given.
    pub qualifier: Option<String>,
}

impl FunctionArn {
    /// Takes `arn:PARTITION:lambda:REGION:ACCOUNT:function:NAME[:QUALIFIER]` apart.
    pub fn parse(arn: &str) -> Option<Self> {
        let parts: Vec<&str> = arn.split(':').collect();
        let (partition, region, account, name, qualifier) = match parts[..] {
            ["arn", partition, "lambda", region, account, "function", name] => (partition, region, account, name, None),
            ["arn", partition, "lambda", region, account, "function", name, qualifier] => {
                (partition, region, account, name, Some(qualifier))
            }
            _ => return None,
        };
        Some(Self {
            partition: partition.into(),
            region: region.into(),
            account: account.into(),
            name: name.into(),
            qualifier: qualifier.map(str::to_owned),
        })
    }
}

impl Integration {
    /// Reads a `Resource`.
    pub fn parse(resource: &str) -> Self {
        if let Some(function) = FunctionArn::parse(resource) {
            return Self::Function(function);
        }
        let parts: Vec<&str> = resource.splitn(6, ':').collect();
        let ["arn", _, "states", region, account, rest] = parts[..] else {
            return Self::Unknown;
        };
        if rest.starts_with("activity:") {
            return Self::Activity(resource.to_owned());
        }
        if !region.is_empty() || !account.is_empty() {
            return Self::Unknown;
        }
        let (call, pattern) = split_pattern(rest);
        match call.split(':').collect::<Vec<_>>()[..] {
            ["aws-sdk", service, action] if is_word(service) && is_word(action) => Self::Sdk {
                service: service.into(),
                action: action.into(),
                pattern,
            },
            [service, action] if service != "aws-sdk" && is_word(service) && is_word(action) => Self::Optimized {
                service: service.into(),
                action: action.into(),
                pattern,
            },
            _ => Self::Unknown,
        }
    }

    /// How the task ends; tasks of functions and activities end with their answer.
    pub fn pattern(&self) -> Pattern {
        match self {
            Self::Optimized { pattern, .. } | Self::Sdk { pattern, .. } => *pattern,
            Self::Function(_) | Self::Activity(_) | Self::Unknown => Pattern::RequestResponse,
        }
    }

    /// Whether AWS has such a resource, as far as can be told without its list of every service: SDK calls and optimized
    /// integrations of services that are not known here count as recognized.
    pub(crate) fn is_recognized(&self) -> bool {
        match self {
            Self::Optimized {
                service,
                action,
                pattern,
            } => optimized_actions(service).is_none_or(|known| known.contains(&(action.as_str(), *pattern))),
            Self::Sdk { pattern, .. } => matches!(pattern, Pattern::RequestResponse | Pattern::WaitForTaskToken),
            Self::Function(_) | Self::Activity(_) => true,
            Self::Unknown => false,
        }
    }
}

/// Every call of an optimized integration, for the services whose calls are few.
///
/// Source: <https://docs.aws.amazon.com/step-functions/latest/dg/integrate-optimized.html>
fn optimized_actions(service: &str) -> Option<&'static [(&'static str, Pattern)]> {
    use Pattern::{RequestResponse as Now, Sync, Sync2, WaitForTaskToken as Token};
    Some(match service {
        "apigateway" => &[("invoke", Now), ("invoke", Token)],
        "dynamodb" => &[
            ("getItem", Now),
            ("putItem", Now),
            ("updateItem", Now),
            ("deleteItem", Now),
        ],
        "events" => &[("putEvents", Now), ("putEvents", Token)],
        "lambda" => &[("invoke", Now), ("invoke", Token)],
        "sns" => &[("publish", Now), ("publish", Token)],
        "sqs" => &[("sendMessage", Now), ("sendMessage", Token)],
        "states" => &[
            ("startExecution", Now),
            ("startExecution", Sync),
            ("startExecution", Sync2),
            ("startExecution", Token),
        ],
        _ => return None,
    })
}

fn split_pattern(call: &str) -> (&str, Pattern) {
    [Pattern::Sync2, Pattern::Sync, Pattern::WaitForTaskToken]
        .into_iter()
        .find_map(|pattern| call.strip_suffix(pattern.suffix()).map(|rest| (rest, pattern)))
        .unwrap_or((call, Pattern::RequestResponse))
}

fn is_word(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn optimized(service: &str, action: &str, pattern: Pattern) -> Integration {
        Integration::Optimized {
            service: service.into(),
            action: action.into(),
            pattern,
        }
    }

    #[test]
    fn resources_are_told_apart() {
        let check = |resource: &str, expected: Integration| {
            assert_eq!(Integration::parse(resource), expected, "{resource}");
        };
        check(
            "arn:aws:states:::lambda:invoke",
            optimized("lambda", "invoke", Pattern::RequestResponse),
        );
        check(
            "arn:aws:states:::lambda:invoke.waitForTaskToken",
            optimized("lambda", "invoke", Pattern::WaitForTaskToken),
        );
        check(
            "arn:aws-cn:states:::states:startExecution.sync:2",
            optimized("states", "startExecution", Pattern::Sync2),
        );
        check(
            "arn:aws:states:::states:startExecution.sync",
            optimized("states", "startExecution", Pattern::Sync),
        );
        check(
            "arn:aws:states:::aws-sdk:dynamodb:scan",
            Integration::Sdk {
                service: "dynamodb".into(),
                action: "scan".into(),
                pattern: Pattern::RequestResponse,
            },
        );
        let activity = "arn:aws:states:us-east-1:111122223333:activity:review";
        check(activity, Integration::Activity(activity.into()));
        check(
            "arn:aws:lambda:us-east-1:111122223333:function:Open:live",
            Integration::Function(FunctionArn {
                partition: "aws".into(),
                region: "us-east-1".into(),
                account: "111122223333".into(),
                name: "Open".into(),
                qualifier: Some("live".into()),
            }),
        );
        for unknown in [
            "",
            "create",
            "arn:aws:states:::lambda",
            "arn:aws:states:::aws-sdk:x",
            "arn:aws:states:us-east-1::lambda:invoke",
            "arn:aws:sns:us-east-1:111122223333:topic",
        ] {
            check(unknown, Integration::Unknown);
        }
    }

    #[test]
    fn calls_that_no_integration_has_are_not_recognized() {
        let check = |resource: &str, expected: bool| {
            assert_eq!(Integration::parse(resource).is_recognized(), expected, "{resource}");
        };
        check("arn:aws:states:::dynamodb:putItem", true);
        check("arn:aws:states:::dynamodb:query", false);
        check("arn:aws:states:::lambda:invoke.sync", false);
        check("arn:aws:states:::ecs:runTask.sync", true);
        check("arn:aws:states:::aws-sdk:s3:listBuckets.waitForTaskToken", true);
        check("arn:aws:states:::aws-sdk:s3:listBuckets.sync", false);
    }
}
