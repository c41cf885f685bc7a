//! Permissions of the optimized integrations that are not like an action of the AWS SDK.

use serde_json::{Value, json};

use super::{Inference, table};
use crate::asl::integration::Pattern;

/// A part of what an integration needs.
///
/// Resources are `*`, `arn:…` without the partition, or `SERVICE:REST` of this account and region. In `REST`, `{Argument}`
/// is the argument's value if that is written in the definition, `*` if it is not; `{Argument=value}` is the value if it is
/// not given. An argument that is an ARN stands for all before it.
pub(super) enum Need {
    /// Actions on resources.
    Now(&'static [&'static str], &'static [&'static str]),
    /// The same, if the task waits for the job.
    Sync(&'static [&'static str], &'static [&'static str]),
    /// The rule by which Step Functions hears of the job, if the task waits for it.
    Rule(&'static str),
    /// The role of that argument is passed to that service.
    Pass(&'static str, &'static str),
    /// The same for an argument that may be left out.
    PassIfGiven(&'static str, &'static str),
    /// A service and the role that it makes for itself when it is first used.
    Linked(&'static str, &'static str),
    /// What cannot be allowed by a policy.
    Note(&'static str),
}

/// A call of an optimized integration.
pub(super) struct Call<'c> {
    pub(super) state: &'c str,
    pub(super) service: &'c str,
    pub(super) action: &'c str,
    pub(super) pattern: Pattern,
    pub(super) arguments: Option<&'c Value>,
}

impl Call<'_> {
    /// An argument, by the names of the members that lead to it, with `.` between them.
    fn argument(&self, path: &str) -> Option<&Value> {
        path.split('.')
            .try_fold(self.arguments?, |value, member| value.get(member))
    }

    /// An argument that the definition shows.
    fn text(&self, path: &str) -> Option<&str> {
        let text = self.argument(path)?.as_str()?;
        (!text.trim_start().starts_with("{%")).then_some(text)
    }

    /// Whether an argument is there, if only as an expression or a path.
    fn has(&self, path: &str) -> bool {
        self.argument(path).is_some() || self.argument(&format!("{path}.$")).is_some() || {
            let (parent, member) = path.rsplit_once('.').unwrap_or(("", path));
            let parent = if parent.is_empty() {
                self.arguments
            } else {
                self.argument(parent)
            };
            parent.is_some_and(|parent| parent.get(format!("{member}.$")).is_some())
        }
    }
}

impl Inference<'_> {
    /// What an optimized integration needs; whether that is known.
    pub(super) fn optimized(&mut self, call: &Call<'_>) -> bool {
        match (call.service, call.action) {
            ("apigateway", "invoke") => self.api(call),
            ("bedrock", "invokeModel") => self.model(call),
            ("ecs", "runTask") => self.container(call),
            ("events", "putEvents") => self.events(call),
            ("http", "invoke") => self.http(call),
            (service, action) => {
                let Some(needs) = table::needs(service, action) else {
                    return false;
                };
                needs.iter().for_each(|need| self.need(call, need));
            }
        }
        true
    }

    fn need(&mut self, call: &Call<'_>, need: &Need) {
        let waits = matches!(call.pattern, Pattern::Sync | Pattern::Sync2);
        match need {
            Need::Sync(..) | Need::Rule(_) if !waits => {}
            Need::Now(actions, resources) | Need::Sync(actions, resources) => {
                for resource in *resources {
                    self.allow(call, actions, resource);
                }
            }
            Need::Rule(rule) => self.rule(rule),
            Need::PassIfGiven(argument, _) if !call.has(argument) => {}
            Need::Pass(argument, service) | Need::PassIfGiven(argument, service) => self.pass(call, argument, service),
            Need::Linked(service, role) => {
                let role = self
                    .fill(&format!("iam:role/aws-service-role/{service}/{role}*"), call)
                    .0;
                let condition = json!({ "StringLike": { "iam:AWSServiceName": service } });
                self.grants.allow_if("iam:CreateServiceLinkedRole", role, &condition);
            }
            Need::Note(note) => {
                self.notes.insert(format!("state `{}` {note}", call.state));
            }
        }
    }

    /// Actions on a resource of the table, with a note if that is wide.
    fn allow(&mut self, call: &Call<'_>, actions: &[&str], resource: &str) {
        let (resource, unknown) = self.fill(resource, call);
        for action in actions {
            self.grants.allow(action, resource.clone());
        }
        let actions = actions.join("`, `");
        if let Some(argument) = unknown {
            self.wide(call.state, &actions, &format!("`{argument}` is computed at run time"));
        } else if resource == "*" {
            self.wide(call.state, &actions, "AWS names no narrower ones for this integration");
        }
    }

    /// The ARN of a resource of the table, and an argument that is not known.
    fn fill(&self, resource: &str, call: &Call<'_>) -> (String, Option<String>) {
        let Some((service, mut rest)) = resource.split_once(':') else {
            return (resource.to_owned(), None);
        };
        let identity = self.identity;
        let mut arn = match service {
            "arn" => format!("arn:{}:", identity.partition),
            "iam" => format!("arn:{}:iam::{}:", identity.partition, identity.account),
            service => identity.regional(service, ""),
        };
        let mut unknown = None;
        while let Some((before, after)) = rest.split_once('{') {
            let (argument, after) = after.split_once('}').unwrap_or((after, ""));
            let (argument, default) = argument.split_once('=').unwrap_or((argument, "*"));
            arn.push_str(before);
            match call.text(argument) {
                Some(value) if value.starts_with("arn:") => value.clone_into(&mut arn),
                Some(value) => arn.push_str(value),
                None if default != "*" && !call.has(argument) => arn.push_str(default),
                None => {
                    arn.push('*');
                    unknown.get_or_insert_with(|| argument.to_owned());
                }
            }
            rest = after;
        }
        arn.push_str(rest);
        (arn.replace("**", "*"), unknown)
    }

    /// <https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html>.
    fn pass(&mut self, call: &Call<'_>, argument: &str, service: &str) {
        let (role, unknown) = self.fill(&format!("iam:role/{{{argument}}}"), call);
        if unknown.is_some() {
            self.wide(
                call.state,
                "iam:PassRole",
                &format!("`{argument}` is computed at run time"),
            );
        }
        self.pass_role(role, service);
    }

    fn pass_role(&mut self, role: String, service: &str) {
        let condition = json!({ "StringEquals": { "iam:PassedToService": service } });
        self.grants.allow_if("iam:PassRole", role, &condition);
    }

    /// Step Functions makes the rule itself.
    pub(super) fn rule(&mut self, rule: &str) {
        let rule = self.identity.regional("events", &format!("rule/{rule}"));
        for action in ["events:DescribeRule", "events:PutRule", "events:PutTargets"] {
            self.grants.allow(action, rule.clone());
        }
    }

    /// <https://docs.aws.amazon.com/step-functions/latest/dg/ecs-iam.html>.
    fn container(&mut self, call: &Call<'_>) {
        let any_revision = call.text("TaskDefinition").is_some_and(|definition| {
            let name = definition.rsplit('/').next().unwrap_or_default();
            !name.contains(':')
        });
        let revision = if any_revision { ":*" } else { "" };
        let definition = format!("ecs:task-definition/{{TaskDefinition}}{revision}");
        self.allow(call, &["ecs:RunTask"], &definition);
        if matches!(call.pattern, Pattern::Sync | Pattern::Sync2) {
            self.allow(call, &["ecs:DescribeTasks", "ecs:StopTask"], "*");
            self.rule("StepFunctionsGetEventsForECSTaskRule");
        }
        let role = self.fill("iam:role/*", call).0;
        self.pass_role(role, "ecs-tasks.amazonaws.com");
        let why = "those of the task definition are not known to the planner";
        self.wide(call.state, "iam:PassRole", why);
    }

    /// <https://docs.aws.amazon.com/step-functions/latest/dg/eventbridge-iam.html>.
    fn events(&mut self, call: &Call<'_>) {
        let entries = call.argument("Entries").and_then(Value::as_array);
        let Some(entries) = entries else {
            return self.allow(call, &["events:PutEvents"], "events:event-bus/{Entries}");
        };
        for entry in entries {
            let arguments = entry.is_object().then_some(entry);
            let entry = Call { arguments, ..*call };
            let bus = match arguments {
                Some(_) => "events:event-bus/{EventBusName=default}",
                None => "events:event-bus/{Entries}",
            };
            self.allow(&entry, &["events:PutEvents"], bus);
        }
    }

    /// Only calls that are signed need permissions:
    /// <https://docs.aws.amazon.com/step-functions/latest/dg/connect-api-gateway.html>.
    fn api(&mut self, call: &Call<'_>) {
        if !call.has("AuthType") || call.text("AuthType") == Some("NO_AUTH") {
            return;
        }
        let part = |name: &str, default: &str| match call.text(name) {
            Some(text) => text.trim_matches('/').to_owned(),
            None if call.has(name) => "*".to_owned(),
            None => default.to_owned(),
        };
        let endpoint = part("ApiEndpoint", "*");
        let api = endpoint.split('.').next().unwrap_or("*");
        let (stage, method, path) = (part("Stage", "*"), part("Method", "*"), part("Path", ""));
        let resource = format!("execute-api:{api}/{stage}/{method}/{path}");
        self.allow(call, &["execute-api:Invoke"], &resource);
        if api == "*" {
            self.wide(
                call.state,
                "execute-api:Invoke",
                "`ApiEndpoint` is computed at run time",
            );
        }
    }

    /// <https://docs.aws.amazon.com/step-functions/latest/dg/connect-bedrock.html>; a model by its ARN or identifier, or an
    /// inference profile, which begins with a part of the world and stands for the model in several regions.
    fn model(&mut self, call: &Call<'_>) {
        let identity = self.identity;
        let model = call.text("ModelId").unwrap_or_default();
        let worldwide = ["us.", "eu.", "apac.", "global.", "us-gov.", "jp.", "au.", "ca."];
        let profile = worldwide.iter().find_map(|part| model.strip_prefix(part));
        if let Some(model) = profile {
            self.allow(call, &["bedrock:InvokeModel"], "bedrock:inference-profile/{ModelId}");
            let everywhere = format!("arn:bedrock:*::foundation-model/{model}");
            self.allow(call, &["bedrock:InvokeModel"], &everywhere);
        } else {
            let resource = format!("arn:bedrock:{}::foundation-model/{{ModelId}}", identity.region);
            self.allow(call, &["bedrock:InvokeModel"], &resource);
        }
        for (argument, action) in [("Input.S3Uri", "s3:GetObject"), ("Output.S3Uri", "s3:PutObject")] {
            match call.text(argument).and_then(|uri| uri.strip_prefix("s3://")) {
                Some(object) => self.allow(call, &[action], &format!("arn:s3:::{object}")),
                None if call.has(argument) => self.allow(call, &[action], &format!("arn:s3:::{{{argument}}}")),
                None => {}
            }
        }
    }

    /// <https://docs.aws.amazon.com/step-functions/latest/dg/call-https-apis.html>.
    fn http(&mut self, call: &Call<'_>) {
        let mut condition = json!({});
        for (argument, operator, key) in [
            ("Method", "StringEquals", "states:HTTPMethod"),
            ("ApiEndpoint", "StringLike", "states:HTTPEndpoint"),
        ] {
            match call.text(argument) {
                Some(value) => condition[operator] = json!({ key: value }),
                None => self.wide(
                    call.state,
                    "states:InvokeHTTPEndpoint",
                    &format!("`{argument}` is computed at run time"),
                ),
            }
        }
        let machines = self.identity.regional("states", "stateMachine:*");
        self.grants.allow_if("states:InvokeHTTPEndpoint", machines, &condition);
        let connection = match call.has("InvocationConfig.ConnectionArn") {
            true => "events:connection/{InvocationConfig.ConnectionArn}",
            false => "events:connection/{Authentication.ConnectionArn}",
        };
        self.allow(call, &["events:RetrieveConnectionCredentials"], connection);
        let secrets = "arn:secretsmanager:*:*:secret:events!connection/*";
        self.allow(
            call,
            &["secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"],
            secrets,
        );
    }
}
