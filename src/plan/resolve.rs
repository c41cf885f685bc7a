//! From the stack to what is wanted: ARNs predicted, references put in, definitions checked, roles and policies made up.

use std::collections::{BTreeMap, BTreeSet};

use indexmap::IndexMap;
use serde_json::{Value, json};

use super::desired::{
    Desired, DesiredFunction, DesiredLogGroup, DesiredMachine, DesiredRole, Environment, LogSettings, Tags,
};
use super::permissions::{Inference, Users, trust};
use super::policy::{self, Grants};
use super::{Identity, OWNER_TAG, Package, deploy, names};
use crate::asl::{self, substitute};
use crate::diagnostic::{Diagnostic, Span, has_errors};
use crate::stack::model::{Function, Role, Stack, StateMachine};
use crate::tree;

/// Step Functions' quota: <https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html>.
const DEFINITION_MAX: usize = 1024 * 1024;

/// Lambda's quota for all variables together: <https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>.
const ENVIRONMENT_MAX: usize = 4096;

/// IAM's quota of a trust policy.
const TRUST_MAX: usize = 2048;

/// Resolves the stack for an identity: predicts ARNs, substitutes and relinks definitions, infers policies, and
/// validates the definitions. `packages` are by the logical id of their function. All findings at once; the value only
/// if none is an error.
pub fn resolve(
    stack: &Stack,
    packages: &BTreeMap<String, Package>,
    identity: &Identity,
) -> (Option<Desired>, Vec<Diagnostic>) {
    let mut resolver = Resolver::new(stack, identity);
    let mut desired = Desired {
        stack: stack.name.clone(),
        identity: identity.clone(),
        roles: IndexMap::new(),
        log_groups: IndexMap::new(),
        functions: IndexMap::new(),
        state_machines: IndexMap::new(),
        notes: Vec::new(),
    };
    for (logical_id, function) in &stack.functions {
        let group = resolver.function_logs(logical_id, function);
        desired.log_groups.insert(group.name.clone(), group);
        desired.functions.extend(
            resolver
                .function(logical_id, function, packages)
                .map(|made| (logical_id.clone(), made)),
        );
    }
    for (logical_id, machine) in &stack.state_machines {
        if let Some(made) = resolver.machine(logical_id, machine) {
            let group = resolver.machine_logs(machine, &made);
            desired
                .log_groups
                .extend(group.map(|group| (group.name.clone(), group)));
            desired.state_machines.insert(logical_id.clone(), made);
        }
    }
    desired.roles = resolver.roles(&desired);
    resolver.unused_parameters();
    desired.notes = resolver.notes;
    let wanted = (!has_errors(&resolver.found)).then_some(desired);
    (wanted, resolver.found)
}

struct Resolver<'a> {
    stack: &'a Stack,
    identity: &'a Identity,
    names: substitute::Names,
    used: BTreeSet<String>,
    notes: Vec<String>,
    found: Vec<Diagnostic>,
}

impl<'a> Resolver<'a> {
    fn new(stack: &'a Stack, identity: &'a Identity) -> Self {
        let mut names = substitute::Names::new(&*identity.partition, &*identity.region, &*identity.account);
        for (name, parameter) in &stack.parameters {
            names.parameter(name, parameter.value.clone());
        }
        for (logical_id, function) in &stack.functions {
            names.function(logical_id, &function.name, &identity.function_arn(&function.name));
        }
        for (logical_id, machine) in &stack.state_machines {
            names.attribute(logical_id, "Arn", identity.machine_arn(&machine.name));
            names.attribute(logical_id, "Name", machine.name.clone());
        }
        for (logical_id, role) in &stack.roles {
            names.attribute(logical_id, "Arn", identity.role_arn(&role.path, &role.name));
            names.attribute(logical_id, "Name", role.name.clone());
        }
        Self {
            stack,
            identity,
            names,
            used: BTreeSet::new(),
            notes: Vec::new(),
            found: Vec::new(),
        }
    }

    fn tags(&self, own: &IndexMap<String, String>) -> Tags {
        let mut tags: Tags = self.stack.tags.clone().into_iter().collect();
        tags.extend(own.clone());
        tags.insert(OWNER_TAG.to_owned(), self.stack.name.clone());
        tags
    }

    fn function_logs(&self, logical_id: &str, function: &Function) -> DesiredLogGroup {
        let name = names::function_log_group(&function.name);
        DesiredLogGroup {
            logical_id: Some(logical_id.to_owned()),
            arn: self.identity.log_group_arn(&name),
            name,
            retention: function.log_retention,
            tags: self.tags(&function.tags),
        }
    }

    fn function(
        &mut self,
        logical_id: &str,
        function: &Function,
        packages: &BTreeMap<String, Package>,
    ) -> Option<DesiredFunction> {
        let environment = self.environment(logical_id, function);
        let role = self.role_arn(function.role.as_deref(), &function.name, function.span.as_ref());
        let Some(package) = packages.get(logical_id) else {
            let message = format!("the code of the function `{logical_id}` was not packed");
            self.found
                .push(Diagnostic::error("no-package", message).at(function.span.as_ref()));
            return None;
        };
        Some(DesiredFunction {
            logical_id: logical_id.to_owned(),
            arn: self.identity.function_arn(&function.name),
            name: function.name.clone(),
            role: role?,
            runtime: function.runtime.clone(),
            handler: function.handler.clone(),
            timeout: function.timeout,
            memory: function.memory,
            environment,
            description: function.description.clone().unwrap_or_default(),
            architecture: function.architecture.clone().unwrap_or_else(|| "x86_64".to_owned()),
            layers: function.layers.clone(),
            tags: self.tags(&function.tags),
            package: package.clone(),
        })
    }

    fn environment(&mut self, logical_id: &str, function: &Function) -> Environment {
        let mut variables = BTreeMap::new();
        for (key, value) in &function.environment {
            let node = tree::Node {
                span: function.span.clone(),
                value: tree::Value::String(value.clone()),
            };
            let substituted = substitute::references(&node, &self.names);
            self.used.extend(substituted.used);
            self.found.extend(substituted.diagnostics);
            let value = match substituted.definition.to_json() {
                Value::String(text) => text,
                other => other.to_string(),
            };
            variables.insert(key.clone(), value);
        }
        let size: usize = variables.iter().map(|(key, value)| key.len() + value.len()).sum();
        if size > ENVIRONMENT_MAX {
            self.found.push(
                Diagnostic::error(
                    "environment-too-large",
                    format!(
                        "the environment of `{logical_id}` has {size} bytes, Lambda takes {ENVIRONMENT_MAX} in all"
                    ),
                )
                .at(function.span.as_ref()),
            );
        }
        Environment(variables)
    }

    fn machine(&mut self, logical_id: &str, machine: &StateMachine) -> Option<DesiredMachine> {
        let role = self.role_arn(machine.role.as_deref(), &machine.name, machine.span.as_ref());
        let prepared = asl::prepare(&machine.definition, &self.names);
        self.used.extend(prepared.used);
        self.found.extend(prepared.diagnostics);
        for link in &prepared.relinked {
            self.notes.push(format!(
                "state machine `{logical_id}`, {}: `{}` is linked to `{}` of this stack",
                link.pointer, link.from, link.to
            ));
        }
        let definition = prepared.definition.to_json();
        let size = definition.to_string().len();
        if size > DEFINITION_MAX {
            let message =
                format!("the definition of `{logical_id}` has {size} bytes, Step Functions takes {DEFINITION_MAX}");
            self.found
                .push(Diagnostic::error("definition-too-large", message).at(machine.span.as_ref()));
        }
        let logging = machine.logging.as_ref().filter(|logging| logging.level != "OFF");
        Some(DesiredMachine {
            logical_id: logical_id.to_owned(),
            arn: self.identity.machine_arn(&machine.name),
            name: machine.name.clone(),
            definition,
            model: prepared.machine?,
            kind: machine.kind,
            role: role?,
            logging: logging.map(|logging| LogSettings {
                level: logging.level.clone(),
                include_execution_data: logging.include_execution_data,
                destination: format!(
                    "{}:*",
                    self.identity.log_group_arn(&names::machine_log_group(&machine.name))
                ),
            }),
            tracing: machine.tracing,
            tags: self.tags(&machine.tags),
        })
    }

    fn machine_logs(&self, machine: &StateMachine, made: &DesiredMachine) -> Option<DesiredLogGroup> {
        made.logging.as_ref()?;
        let name = names::machine_log_group(&machine.name);
        Some(DesiredLogGroup {
            logical_id: Some(made.logical_id.clone()),
            arn: self.identity.log_group_arn(&name),
            name,
            retention: None,
            tags: made.tags.clone(),
        })
    }

    /// The ARN of the role that a function or state machine names, or of the one that is made for it.
    fn role_arn(&mut self, named: Option<&str>, user: &str, span: Option<&Span>) -> Option<String> {
        match named {
            None => Some(self.identity.role_arn("/", &names::own_role(user))),
            Some(arn) if arn.starts_with("arn:") => Some(arn.to_owned()),
            Some(logical_id) => {
                let role = self.stack.roles.get(logical_id);
                if role.is_none() {
                    let known = self.stack.roles.keys().map(String::as_str);
                    let mut problem = Diagnostic::error(
                        "unknown-role",
                        format!("`{logical_id}` is neither a role of the stack nor an ARN"),
                    )
                    .at(span);
                    problem.hints.extend(crate::diagnostic::did_you_mean(logical_id, known));
                    self.found.push(problem);
                }
                role.map(|role| self.identity.role_arn(&role.path, &role.name))
            }
        }
    }

    /// Every role of the stack: the named ones and those made for functions and state machines.
    fn roles(&mut self, desired: &Desired) -> IndexMap<String, DesiredRole> {
        let mut roles = IndexMap::new();
        for (logical_id, role) in &self.stack.roles {
            let made = self.role(Some(logical_id), role, desired);
            self.add(&mut roles, made, role.span.as_ref());
        }
        let functions = self.stack.functions.values();
        let functions = functions.map(|made| (&made.role, &made.name, &made.tags, made.span.as_ref(), "function"));
        let machines = self.stack.state_machines.values();
        let machines = machines.map(|made| (&made.role, &made.name, &made.tags, made.span.as_ref(), "state machine"));
        for (role, user, tags, span, kind) in functions.chain(machines) {
            if role.is_some() {
                continue;
            }
            let own = Role {
                span: span.cloned(),
                name: names::own_role(user),
                path: "/".to_owned(),
                description: Some(format!("Role of the {kind} {user}")),
                managed_policies: Vec::new(),
                statements: Vec::new(),
                tags: tags.clone(),
            };
            let made = self.role(None, &own, desired);
            self.add(&mut roles, made, span);
        }
        roles
    }

    fn add(&mut self, roles: &mut IndexMap<String, DesiredRole>, role: DesiredRole, span: Option<&Span>) {
        // IAM tells names apart without regard to case.
        let same = roles.keys().find(|known| known.eq_ignore_ascii_case(&role.name));
        if let Some(known) = same {
            let message = format!("the role `{}` would have the name of another, `{known}`", role.name);
            let problem = Diagnostic::error("duplicate-name", message).at(span);
            self.found
                .push(problem.hint("give one of them, or what it is made for, another `name`"));
        }
        let length = role.name.chars().count();
        if length > names::ROLE_NAME_MAX {
            let message = format!(
                "the name of the role `{}` has {length} characters, IAM takes {}",
                role.name,
                names::ROLE_NAME_MAX
            );
            let problem = Diagnostic::error("name-too-long", message).at(span);
            self.found
                .push(problem.hint("give a shorter `name`, or name a `role` of the stack"));
        }
        let sizes = [
            (
                "policy",
                role.policy.as_ref().map_or(0, policy::size),
                deploy::INLINE_POLICY_MAX,
            ),
            ("trust policy", policy::size(&role.trust), TRUST_MAX),
        ];
        for (what, size, most) in sizes {
            if size > most {
                let message = format!(
                    "the {what} of the role `{}` has {size} characters, IAM takes {most}",
                    role.name
                );
                let problem = Diagnostic::error("policy-too-large", message).at(span);
                self.found.push(problem.hint("spread what uses it over several roles"));
            }
        }
        roles.insert(role.name.clone(), role);
    }

    /// A role with what all who use it need.
    fn role(&mut self, logical_id: Option<&str>, role: &Role, desired: &Desired) -> DesiredRole {
        let arn = self.identity.role_arn(&role.path, &role.name);
        let functions = || desired.functions.values().filter(|function| function.role == arn);
        let machines = || desired.state_machines.values().filter(|machine| machine.role == arn);
        let mut inference = Inference::new(self.identity);
        for function in functions() {
            self.logs_of(function, &mut inference.grants);
        }
        for machine in machines() {
            inference.machine(&machine.name, &machine.model);
            if machine.logging.is_some() {
                inference.logging();
            }
            if machine.tracing {
                inference.tracing();
            }
        }
        let users = Users {
            functions: functions().next().is_some(),
            machines: machines().map(|machine| machine.arn.clone()).collect(),
        };
        // With errors elsewhere a user may be missing: then nothing is known.
        if !users.functions && users.machines.is_empty() && !has_errors(&self.found) {
            let message = format!("the role `{}` is used by no function or state machine", role.name);
            self.found
                .push(Diagnostic::warning("unused-role", message).at(role.span.as_ref()));
        }
        self.notes.extend(inference.notes);
        let mut statements = inference.grants.statements();
        statements.extend(self.statements(role));
        let mut managed_policies = role.managed_policies.clone();
        managed_policies.sort();
        managed_policies.dedup();
        DesiredRole {
            logical_id: logical_id.map(str::to_owned),
            name: role.name.clone(),
            path: role.path.clone(),
            description: role.description.clone().unwrap_or_default(),
            trust: trust(&users, self.identity),
            policy: (!statements.is_empty()).then(|| policy::document(statements)),
            managed_policies,
            tags: self.tags(&role.tags),
            arn,
        }
    }

    /// A function writes to its own log group, which is there before it.
    fn logs_of(&self, function: &DesiredFunction, grants: &mut Grants) {
        let group = self.identity.log_group_arn(&names::function_log_group(&function.name));
        for action in ["logs:CreateLogStream", "logs:PutLogEvents"] {
            grants.allow(action, format!("{group}:*"));
        }
    }

    /// The user's own statements, in which references may stand too.
    fn statements(&mut self, role: &Role) -> Vec<Value> {
        let mut node = tree::Node::from_json(&json!(role.statements));
        node.span.clone_from(&role.span);
        let substituted = substitute::references(&node, &self.names);
        self.used.extend(substituted.used);
        let at = |problem: Diagnostic| match problem.span {
            Some(_) => problem,
            None => problem.at(role.span.as_ref()),
        };
        self.found.extend(substituted.diagnostics.into_iter().map(at));
        match substituted.definition.to_json() {
            Value::Array(statements) => statements,
            _ => Vec::new(),
        }
    }

    fn unused_parameters(&mut self) {
        for name in self.stack.parameters.keys().filter(|name| !self.used.contains(*name)) {
            let message = format!("the parameter `{name}` is not used");
            self.found.push(Diagnostic::warning("unused-parameter", message));
        }
    }
}
