//! From the stack to what is wanted: ARNs predicted, references put in, definitions checked, roles and policies made up.

use std::collections::{BTreeMap, BTreeSet};

use indexmap::IndexMap;
use serde_json::Value;

use super::desired::{Desired, DesiredFunction, DesiredLogGroup, DesiredMachine, Environment, LogSettings, Tags};
use super::{Identity, OWNER_TAG, Package, names, resolve_data};
use crate::asl::{self, substitute};
use crate::diagnostic::{Diagnostic, Span, has_errors};
use crate::stack::model::{Function, Stack, StateMachine};
use crate::tree;

/// Step Functions' quota: <https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html>.
const DEFINITION_MAX: usize = 1024 * 1024;

/// Lambda's quota for all variables together: <https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>.
const ENVIRONMENT_MAX: usize = 4096;

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
        topics: IndexMap::new(),
        subscriptions: Vec::new(),
        queues: IndexMap::new(),
        tables: IndexMap::new(),
        outputs: IndexMap::new(),
        notes: Vec::new(),
    };
    resolver.data(&mut desired);
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
    desired.outputs = resolver.outputs();
    // Only for what is wrong with them, and the parameters that they use.
    let _ = resolver.cases();
    resolver.unused_parameters();
    desired.notes = resolver.notes;
    let wanted = (!has_errors(&resolver.found)).then_some(desired);
    (wanted, resolver.found)
}

/// What `${…}` can name in a stack's file, and what it stands for at the place of deployment.
fn names_in(stack: &Stack, identity: &Identity) -> substitute::Names {
    let mut names = substitute::Names::new(&*identity.partition, &*identity.region, &*identity.account);
    for (name, parameter) in &stack.parameters {
        names.parameter(name, parameter.value.clone());
    }
    for (logical_id, function) in &stack.functions {
        names.function(logical_id, &function.name, &identity.function_arn(&function.name));
    }
    for (logical_id, written) in stack.isolation.iter().flat_map(|isolation| &isolation.functions) {
        names.written(logical_id, written);
    }
    for (logical_id, machine) in &stack.state_machines {
        names.attribute(logical_id, "Arn", identity.machine_arn(&machine.name));
        names.attribute(logical_id, "Name", machine.name.clone());
    }
    for (logical_id, role) in &stack.roles {
        names.attribute(logical_id, "Arn", identity.role_arn(&role.path, &role.name));
        names.attribute(logical_id, "Name", role.name.clone());
    }
    resolve_data::name_attributes(&mut names, stack, identity);
    names
}

pub(super) struct Resolver<'a> {
    pub(super) stack: &'a Stack,
    pub(super) identity: &'a Identity,
    pub(super) names: substitute::Names,
    pub(super) used: BTreeSet<String>,
    pub(super) notes: Vec<String>,
    pub(super) found: Vec<Diagnostic>,
}

impl<'a> Resolver<'a> {
    pub(super) fn new(stack: &'a Stack, identity: &'a Identity) -> Self {
        Self {
            stack,
            identity,
            names: names_in(stack, identity),
            used: BTreeSet::new(),
            notes: Vec::new(),
            found: Vec::new(),
        }
    }

    pub(super) fn tags(&self, own: &IndexMap<String, String>) -> Tags {
        let mut tags: Tags = self.stack.tags.clone().into_iter().collect();
        tags.extend(own.clone());
        tags.extend(self.stack.isolation.iter().flat_map(|isolation| isolation.tags.clone()));
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
            self.note_use(logical_id, function, &substituted.used);
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

    fn unused_parameters(&mut self) {
        for name in self.stack.parameters.keys().filter(|name| !self.used.contains(*name)) {
            let message = format!("the parameter `{name}` is not used");
            self.found.push(Diagnostic::warning("unused-parameter", message));
        }
    }
}
