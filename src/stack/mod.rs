//! The stack file: model, loader, validation.

mod environment;
mod fields;
mod files;
mod functions;
mod machines;
pub mod model;
mod names;
mod parameters;
mod roles;
mod runtimes;
mod tags;

use std::path::Path;

use indexmap::IndexMap;

use crate::diagnostic::Diagnostic;
use crate::tree::{self, Entry, Node};
use fields::Fields;
use model::Stack;
pub use names::name_problem;
use names::{Context, Name};

/// Reads and checks a stack file and every file that it names. All findings at once; the value only if it could be
/// built at all (it may still have errors).
///
/// `set` gives parameters their values, as `--set` does. State machines whose definition could not be read are left
/// out of the value.
pub fn load(file: &Path, set: &[(String, String)]) -> (Option<Stack>, Vec<Diagnostic>) {
    let source = match files::read(file, "the stack file", None) {
        Ok(source) => source,
        Err(wrong) => return (None, vec![wrong]),
    };
    let (tree, mut found) = tree::parse(&source);
    if let Some(tree) = &tree {
        environment::hide(tree, &source);
    }
    let stack = tree.map(|tree| read(&tree, file, set, &mut found));
    (stack, found)
}

fn read(tree: &Node, file: &Path, set: &[(String, String)], found: &mut Vec<Diagnostic>) -> Stack {
    let mut fields = Fields::new(tree, None, "the stack file");
    fields.place = tree.span.as_ref();
    let name = fields.required_text("name");
    let is_good_name = name.is_some_and(|name| names::check_stack_name(name, &mut fields.found));
    let description = fields.description("description", 1024);
    let tags = tags::read(&mut fields);
    let parameters = parameters::read(fields.map("parameters"), set, &mut fields.found);
    let functions = fields.map("functions");
    let roles = fields.map("roles");
    let machines = fields.map("stateMachines");
    let sections = [("function", functions), ("role", roles), ("state machine", machines)];
    names::check_ids(&sections, &mut fields.found);
    let context = Context {
        stack: name.map(|(name, _)| name.to_owned()).unwrap_or_default(),
        is_good_name,
        folder: file.parent().unwrap_or(Path::new("")).to_path_buf(),
        roles: roles.iter().map(|role| role.key.as_str()).collect(),
    };
    let mut stack = Stack {
        name: context.stack.clone(),
        description,
        file: files::shown(file).into(),
        parameters,
        functions: IndexMap::new(),
        roles: IndexMap::new(),
        state_machines: IndexMap::new(),
        tags,
        start: None,
    };
    read_sections(&mut stack, functions, roles, machines, &context, &mut fields.found);
    let start = fields.node("start");
    let place = tree.entry("start").and_then(|entry| entry.key_span.as_ref());
    stack.start = start.and_then(|node| machines::start(node, place, machines, &mut fields.found));
    for key in ["topics", "queues", "tables", "outputs", "tests"] {
        fields.not_supported(key);
    }
    if functions.is_empty() && roles.is_empty() && machines.is_empty() && fields.found.is_empty() {
        let message = "the stack has no functions, roles or state machines";
        fields
            .found
            .push(Diagnostic::warning("empty-stack", message).at(name.and_then(|(_, span)| span)));
    }
    fields.finish(found);
    stack
}

fn read_sections(
    stack: &mut Stack,
    functions: &[Entry],
    roles: &[Entry],
    machines: &[Entry],
    context: &Context<'_>,
    found: &mut Vec<Diagnostic>,
) {
    for entry in functions {
        let function = functions::read(entry, context, &stack.tags, found);
        stack.functions.insert(entry.key.clone(), function);
    }
    let named: Vec<_> = functions
        .iter()
        .zip(stack.functions.values().map(|function| function.name.as_str()))
        .collect();
    names::check_unique(&named, Name::Function, found);

    for entry in roles {
        let role = roles::read(entry, context, &stack.tags, found);
        stack.roles.insert(entry.key.clone(), role);
    }
    let named: Vec<_> = roles
        .iter()
        .zip(stack.roles.values().map(|role| role.name.as_str()))
        .collect();
    names::check_unique(&named, Name::Role, found);

    let mut names = Vec::new();
    for entry in machines {
        let (name, machine) = machines::read(entry, context, &stack.tags, found);
        names.push(name);
        if let Some(machine) = machine {
            stack.state_machines.insert(entry.key.clone(), machine);
        }
    }
    let named: Vec<_> = machines.iter().zip(names.iter().map(String::as_str)).collect();
    names::check_unique(&named, Name::StateMachine, found);

    for (id, role) in &stack.roles {
        let of_functions = stack.functions.values().map(|function| function.role.as_ref());
        let of_machines = machines
            .iter()
            .map(|machine| machine.value.get("role").and_then(Node::as_str));
        if !of_functions
            .map(|role| role.map(String::as_str))
            .chain(of_machines)
            .any(|used| used == Some(id))
        {
            let message = format!("no function or state machine has the role `{id}`");
            found.push(Diagnostic::warning("unused-role", message).at(role.span.as_ref()));
        }
    }
}

#[cfg(test)]
mod tests;
