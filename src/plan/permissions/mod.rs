//! What a state machine's role must be allowed, read from its definition, and no more.
//! Source: [IAM policies for integrated services](https://docs.aws.amazon.com/step-functions/latest/dg/service-integration-iam-templates.html).

mod optimized;
mod table;

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::Identity;
use super::policy::Grants;
use crate::asl::integration::{Integration, Pattern};
use crate::asl::model::{self, StateKind};
use optimized::Call;

/// What the role of a state machine needs.
pub(super) struct Inference<'a> {
    identity: &'a Identity,
    /// The permissions so far.
    pub(super) grants: Grants,
    /// Permissions that are wider than one would wish, and those that cannot be inferred.
    pub(super) notes: BTreeSet<String>,
}

impl<'a> Inference<'a> {
    pub(super) fn new(identity: &'a Identity) -> Self {
        Self {
            identity,
            grants: Grants::default(),
            notes: BTreeSet::new(),
        }
    }

    /// Adds what a state machine of that name needs.
    pub(super) fn machine(&mut self, name: &str, machine: &model::StateMachine) {
        for state in machine.states.values() {
            match &state.kind {
                StateKind::Task(task) => self.task(&state.name, task),
                StateKind::Parallel(parallel) => {
                    parallel.branches.iter().for_each(|branch| self.machine(name, branch));
                }
                StateKind::Map(map) => {
                    self.machine(name, &map.processor);
                    self.map(name, &state.name, map);
                }
                _ => {}
            }
        }
    }

    /// Delivery of a state machine's logs to CloudWatch Logs, which has no finer resources:
    /// <https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html>.
    pub(super) fn logging(&mut self) {
        for action in [
            "CreateLogDelivery",
            "DeleteLogDelivery",
            "DescribeLogGroups",
            "DescribeResourcePolicies",
            "GetLogDelivery",
            "ListLogDeliveries",
            "PutResourcePolicy",
            "UpdateLogDelivery",
        ] {
            self.grants.allow(&format!("logs:{action}"), "*");
        }
    }

    /// X-Ray: <https://docs.aws.amazon.com/step-functions/latest/dg/xray-iam.html>.
    pub(super) fn tracing(&mut self) {
        for action in [
            "GetSamplingRules",
            "GetSamplingTargets",
            "PutTelemetryRecords",
            "PutTraceSegments",
        ] {
            self.grants.allow(&format!("xray:{action}"), "*");
        }
    }

    fn task(&mut self, state: &str, task: &model::Task) {
        let arguments = task.work.parameters.as_ref().or(task.work.arguments.as_ref());
        if let Some(credentials) = &task.credentials {
            let role = self.one(state, Some(credentials), "RoleArn", "sts:AssumeRole", str::to_owned);
            self.grants.allow("sts:AssumeRole", role);
        }
        self.call(state, &task.resource, arguments);
    }

    /// <https://docs.aws.amazon.com/step-functions/latest/dg/iam-policies-eg-dist-map.html>.
    fn map(&mut self, machine: &str, state: &str, map: &model::Map) {
        let mode = map.processor_config.as_ref().and_then(|config| config.get("Mode"));
        if mode != Some(&json!("DISTRIBUTED")) {
            return;
        }
        let executions = |form: &str| self.identity.regional("states", &format!("execution:{machine}{form}"));
        let (plain, redriven) = (executions(":*"), executions("/*:*"));
        self.grants
            .allow("states:StartExecution", self.identity.machine_arn(machine));
        self.grants.allow("states:DescribeExecution", plain.clone());
        self.grants.allow("states:StopExecution", plain);
        self.grants.allow("states:RedriveExecution", redriven);
        for part in [&map.item_reader, &map.result_writer].into_iter().flatten() {
            if let Some(resource) = part.get("Resource").and_then(Value::as_str) {
                self.call(state, resource, part.get("Parameters").or(part.get("Arguments")));
            }
        }
    }

    fn call(&mut self, state: &str, resource: &str, arguments: Option<&Value>) {
        match Integration::parse(resource) {
            Integration::Function(function) => {
                let bare = function.qualifier.is_none();
                self.invoke(resource, bare);
            }
            Integration::Optimized {
                service,
                action,
                pattern,
            } => match service.as_str() {
                "lambda" | "sns" | "sqs" | "dynamodb" | "states" | "s3" => {
                    self.service(state, &service, &action, pattern, arguments);
                }
                _ => {
                    let known = self.optimized(&Call {
                        state,
                        service: &service,
                        action: &action,
                        pattern,
                        arguments,
                    });
                    if !known {
                        self.notes.insert(format!(
                            "state `{state}`: the permissions of `{resource}` are not inferred; add them as `statements` \
                             of the role"
                        ));
                    }
                }
            },
            Integration::Sdk {
                service,
                action,
                pattern,
            } => self.service(state, &service, &action, pattern, arguments),
            // Workers of an activity call Step Functions with permissions of their own.
            Integration::Activity(_) | Integration::Unknown => {}
        }
    }

    fn service(&mut self, state: &str, service: &str, action: &str, pattern: Pattern, arguments: Option<&Value>) {
        let permission = permission(service, action);
        let identity = self.identity;
        let with_default = |kind: &'static str, service: &'static str| {
            move |name: &str| match name.starts_with("arn:") {
                true => name.to_owned(),
                false => identity.regional(service, &format!("{kind}{name}")),
            }
        };
        let has = |name: &str| {
            arguments.is_some_and(|given| given.get(name).is_some() || given.get(format!("{name}.$")).is_some())
        };
        let resource = match service {
            "lambda" if has("FunctionName") => {
                let name = |name: &str| function_arn(identity, name);
                let arn = self.one(state, arguments, "FunctionName", &permission, name);
                if permission == "lambda:InvokeFunction" {
                    let bare = arn.split(':').count() == 7;
                    return self.invoke(&arn, bare);
                }
                arn
            }
            "sns" if has("TopicArn") => self.one(state, arguments, "TopicArn", &permission, str::to_owned),
            "sqs" if has("QueueUrl") => self.one(state, arguments, "QueueUrl", &permission, |url| {
                queue_arn(identity, url)
            }),
            "dynamodb" if has("TableName") => {
                let arn = self.one(
                    state,
                    arguments,
                    "TableName",
                    &permission,
                    with_default("table/", "dynamodb"),
                );
                if arn != "*" && matches!(action, "query" | "scan") {
                    self.grants.allow(&permission, format!("{arn}/index/*"));
                }
                arn
            }
            "s3" if has("Bucket") => {
                let object = if permission == "s3:ListBucket" { "" } else { "/*" };
                let arn = |bucket: &str| format!("arn:{}:s3:::{bucket}{object}", identity.partition);
                self.one(state, arguments, "Bucket", &permission, arn)
            }
            "states" | "sfn" if has("StateMachineArn") => {
                let arn = self.one(state, arguments, "StateMachineArn", &permission, str::to_owned);
                if matches!(pattern, Pattern::Sync | Pattern::Sync2) {
                    self.follow(&arn);
                }
                arn
            }
            "states" | "sfn" if has("ExecutionArn") => {
                self.one(state, arguments, "ExecutionArn", &permission, str::to_owned)
            }
            _ => {
                self.wide(state, &permission, "its resource is not known to the planner");
                "*".to_owned()
            }
        };
        self.grants.allow(&permission, resource);
    }

    /// A function, and all its versions and aliases unless one is named.
    fn invoke(&mut self, arn: &str, bare: bool) {
        self.grants.allow("lambda:InvokeFunction", arn);
        if bare && arn != "*" {
            self.grants.allow("lambda:InvokeFunction", format!("{arn}:*"));
        }
    }

    /// `.sync`: Step Functions watches the nested execution, and stops it with its own:
    /// <https://docs.aws.amazon.com/step-functions/latest/dg/connect-stepfunctions.html>.
    fn follow(&mut self, machine: &str) {
        let executions = match machine {
            "*" => "*".to_owned(),
            arn => format!("{}:*", arn.replacen(":stateMachine:", ":execution:", 1)),
        };
        self.grants.allow("states:DescribeExecution", executions.clone());
        self.grants.allow("states:StopExecution", executions);
        self.rule("StepFunctionsGetEventsForStepFunctionsExecutionRule");
    }

    /// The resource that an argument names, or every resource if it is computed at run time.
    fn one(
        &mut self,
        state: &str,
        arguments: Option<&Value>,
        argument: &str,
        permission: &str,
        arn: impl Fn(&str) -> String,
    ) -> String {
        match arguments.and_then(|given| given.get(argument)).and_then(Value::as_str) {
            Some(text) if !text.trim_start().starts_with("{%") => arn(text),
            _ => {
                self.wide(state, permission, &format!("`{argument}` is computed at run time"));
                "*".to_owned()
            }
        }
    }

    fn wide(&mut self, state: &str, permission: &str, why: &str) {
        self.notes.insert(format!(
            "state `{state}`: the role is allowed `{permission}` on every resource, because {why}"
        ));
    }
}

/// The IAM action of an API action: mostly its name with a capital.
fn permission(service: &str, action: &str) -> String {
    let prefix = match service {
        "sfn" => "states",
        "cloudwatchlogs" => "logs",
        "eventbridge" | "cloudwatchevents" => "events",
        "sesv2" => "ses",
        "elasticloadbalancingv2" => "elasticloadbalancing",
        "applicationautoscaling" => "application-autoscaling",
        "bedrockruntime" => "bedrock",
        other => other,
    };
    let mut letters = action.chars();
    let name: String = letters
        .next()
        .into_iter()
        .flat_map(char::to_uppercase)
        .chain(letters)
        .collect();
    let name = match (prefix, name.as_str()) {
        ("lambda", "Invoke" | "InvokeAsync") => "InvokeFunction",
        ("s3", "ListObjects" | "ListObjectsV2" | "HeadBucket") => "ListBucket",
        ("s3", "HeadObject") => "GetObject",
        ("bedrock", "Converse") => "InvokeModel",
        _ => &name,
    };
    format!("{prefix}:{name}")
}

/// A function by ARN, partial ARN (`ACCOUNT:function:NAME`) or name, each with or without a qualifier.
fn function_arn(identity: &Identity, name: &str) -> String {
    match name.split(':').collect::<Vec<_>>().as_slice() {
        ["arn", ..] => name.to_owned(),
        [account, "function", rest @ ..] => {
            let own = identity.function_arn(&rest.join(":"));
            own.replacen(&identity.account, account, 1)
        }
        _ => identity.function_arn(name),
    }
}

/// `https://sqs.REGION.amazonaws.com/ACCOUNT/NAME`; other hosts are taken to be the stack's own region.
fn queue_arn(identity: &Identity, url: &str) -> String {
    let mut parts = url.rsplit('/');
    let (name, account) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let host = parts.next().unwrap_or_default();
    let region = match host.split('.').collect::<Vec<_>>().as_slice() {
        ["sqs", region, "amazonaws", ..] => *region,
        _ => identity.region.as_str(),
    };
    format!("arn:{}:sqs:{region}:{account}:{name}", identity.partition)
}

/// Who may assume a role.
#[derive(Clone, Debug, Default)]
pub(super) struct Users {
    /// Whether functions have it.
    pub(super) functions: bool,
    /// ARNs of the state machines that have it, sorted.
    pub(super) machines: BTreeSet<String>,
}

/// The trust policy. For Step Functions it holds for executions of this account's machines only
/// ([confused deputy](https://docs.aws.amazon.com/step-functions/latest/dg/procedure-create-iam-role.html)).
pub(super) fn trust(users: &Users, identity: &Identity) -> Value {
    let mut statements = Vec::new();
    if users.functions {
        statements.push(json!({
            "Effect": "Allow",
            "Principal": { "Service": "lambda.amazonaws.com" },
            "Action": "sts:AssumeRole",
        }));
    }
    if !users.machines.is_empty() || !users.functions {
        let mut condition = json!({ "StringEquals": { "aws:SourceAccount": identity.account } });
        if !users.machines.is_empty() {
            let machines = super::policy::one_or_many(users.machines.iter().collect());
            condition["ArnLike"] = json!({ "aws:SourceArn": machines });
        }
        statements.push(json!({
            "Effect": "Allow",
            "Principal": { "Service": "states.amazonaws.com" },
            "Action": "sts:AssumeRole",
            "Condition": condition,
        }));
    }
    super::policy::document(statements)
}
