//! The roles of a stack: the named ones and those made for functions and state machines, each with what its users need.

use indexmap::IndexMap;
use serde_json::{Value, json};

use super::desired::{Desired, DesiredFunction, DesiredRole, Tags};
use super::permissions::{Inference, Users, trust};
use super::phases::INLINE_POLICY_MAX;
use super::policy::{self, Grants};
use super::resolve::Resolver;
use super::{REGION_TAG, names};
use crate::asl::substitute;
use crate::diagnostic::{Diagnostic, Span, has_errors};
use crate::stack::model::Role;
use crate::tree;

/// IAM's quota of a trust policy.
const TRUST_MAX: usize = 2048;

impl Resolver<'_> {
    /// Every role of the stack: the named ones and those made for functions and state machines.
    pub(super) fn roles(&mut self, desired: &Desired) -> IndexMap<String, DesiredRole> {
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
                INLINE_POLICY_MAX,
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
            tags: self.role_tags(role),
            arn,
        }
    }

    fn role_tags(&self, role: &Role) -> Tags {
        let mut tags = self.tags(&role.tags);
        tags.insert(REGION_TAG.to_owned(), self.identity.region.clone());
        tags
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
}
