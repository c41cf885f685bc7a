//! What the `Resource` of a Task state means.
//!
//! Source: <https://docs.aws.amazon.com/step-functions/latest/dg/integrate-services.html>

mod optimized;
mod sdk;

use crate::diagnostic::did_you_mean;

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

    /// Whether AWS has such a resource, as far as can be told without its list of every action: those of most services of
    /// the AWS SDK are not looked at.
    #[cfg(any(feature = "local", test))]
    pub(crate) fn is_recognized(&self) -> bool {
        self.unrecognized().is_none()
    }

    /// What AWS does not know of the resource; none if it has it, as far as can be told.
    pub(crate) fn unrecognized(&self) -> Option<Unrecognized> {
        match self {
            Self::Optimized {
                service,
                action,
                pattern,
            } => unrecognized_optimized(service, action, *pattern),
            Self::Sdk {
                service,
                action,
                pattern,
            } => unrecognized_sdk(service, action, *pattern),
            Self::Function(_) | Self::Activity(_) => None,
            Self::Unknown => Some(Unrecognized {
                why: "it is neither a function, an activity nor an integration".into(),
                hint: None,
            }),
        }
    }
}

/// Why AWS has no such resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unrecognized {
    /// A fragment that names the part which is not known.
    pub(crate) why: String,
    /// What may have been meant.
    pub(crate) hint: Option<String>,
}

/// Every optimized integration, as service and action.
#[cfg(test)]
pub(crate) fn optimized_calls() -> impl Iterator<Item = (&'static str, &'static str)> {
    optimized::services()
        .collect::<std::collections::BTreeSet<_>>()
        .into_iter()
        .flat_map(|service| optimized::actions(service).map(move |action| (service, action)))
}

fn unrecognized_optimized(service: &str, action: &str, pattern: Pattern) -> Option<Unrecognized> {
    let Some(patterns) = optimized::patterns(service, action) else {
        let is_service = optimized::services().any(|known| known == service);
        let near = match is_service {
            true => did_you_mean(action, optimized::actions(service)),
            false => did_you_mean(service, optimized::services()),
        };
        let sdk = || {
            let found = unrecognized_sdk(service, action, Pattern::RequestResponse).is_none();
            found.then(|| format!("AWS SDK integrations have `aws-sdk:{service}:{action}`"))
        };
        return Some(Unrecognized {
            why: match is_service {
                true => format!("`{service}` has no optimized integration `{action}`"),
                false => format!("there is no optimized integration of a service `{service}`"),
            },
            hint: near.or_else(sdk),
        });
    };
    if patterns.contains(&pattern) {
        return None;
    }
    let known: Vec<String> = patterns
        .iter()
        .map(|pattern| format!("`{service}:{action}{}`", pattern.suffix()))
        .collect();
    Some(Unrecognized {
        why: format!("`{service}:{action}` has no `{}`", pattern.suffix()),
        hint: Some(format!("there is {}", known.join(", "))),
    })
}

fn unrecognized_sdk(service: &str, action: &str, pattern: Pattern) -> Option<Unrecognized> {
    if !sdk::services().any(|known| known == service) {
        return Some(Unrecognized {
            why: format!("there is no service `{service}` in AWS SDK integrations"),
            hint: did_you_mean(service, sdk::services()),
        });
    }
    if let Some(actions) = sdk::actions(service) {
        let actions: Vec<&str> = actions.collect();
        if !actions.contains(&action) {
            return Some(Unrecognized {
                why: format!("`aws-sdk:{service}` has no action `{action}`"),
                hint: did_you_mean(action, actions),
            });
        }
    }
    let job = matches!(pattern, Pattern::Sync | Pattern::Sync2);
    job.then(|| Unrecognized {
        why: format!("AWS SDK integrations have no `{}`", pattern.suffix()),
        hint: None,
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
        let check = |call: &str, expected: Option<(&str, Option<&str>)>| {
            let found = Integration::parse(&format!("arn:aws:states:::{call}")).unrecognized();
            let found = found.as_ref().map(|found| (found.why.as_str(), found.hint.as_deref()));
            assert_eq!(found, expected, "{call}");
        };
        for known in [
            "dynamodb:putItem",
            "ecs:runTask.sync",
            "states:startExecution.sync:2",
            "http:invoke",
            "emr-serverless:startJobRun.sync",
            "aws-sdk:s3:listBuckets.waitForTaskToken",
            "aws-sdk:ec2:anyAction",
            "aws-sdk:cloudwatchevents:putRule",
        ] {
            check(known, None);
        }
        check(
            "dynamodb:query",
            Some((
                "`dynamodb` has no optimized integration `query`",
                Some("AWS SDK integrations have `aws-sdk:dynamodb:query`"),
            )),
        );
        check(
            "batch:submitjob.sync",
            Some((
                "`batch` has no optimized integration `submitjob`",
                Some("did you mean `submitJob`?"),
            )),
        );
        check(
            "nosuch:thing",
            Some(("there is no optimized integration of a service `nosuch`", None)),
        );
        check(
            "ecs:runTask.sync:2",
            Some((
                "`ecs:runTask` has no `.sync:2`",
                Some("there is `ecs:runTask`, `ecs:runTask.sync`, `ecs:runTask.waitForTaskToken`"),
            )),
        );
        check(
            "glue:startJobRun.waitForTaskToken",
            Some((
                "`glue:startJobRun` has no `.waitForTaskToken`",
                Some("there is `glue:startJobRun`, `glue:startJobRun.sync`"),
            )),
        );
        check(
            "aws-sdk:nosuch:thing",
            Some(("there is no service `nosuch` in AWS SDK integrations", None)),
        );
        check(
            "aws-sdk:dynamo:putItem",
            Some((
                "there is no service `dynamo` in AWS SDK integrations",
                Some("did you mean `dynamodb`?"),
            )),
        );
        check(
            "aws-sdk:sqs:sendMesage",
            Some((
                "`aws-sdk:sqs` has no action `sendMesage`",
                Some("did you mean `sendMessage`?"),
            )),
        );
        check(
            "aws-sdk:s3:listBuckets.sync",
            Some(("AWS SDK integrations have no `.sync`", None)),
        );
    }
}
