//! The stack file: model, loader, validation.

mod case_check;
mod case_expect;
mod case_mocks;
mod case_read;
mod case_value;
pub mod cases;
mod environment;
mod fields;
mod files;
mod filter_policy;
mod functions;
mod isolation;
mod machines;
pub mod model;
mod names;
mod outputs;
mod parameters;
mod queues;
mod roles;
mod runtimes;
mod tables;
mod tags;
mod topics;

use std::path::Path;

use indexmap::IndexMap;

use crate::diagnostic::Diagnostic;
use crate::tree::{self, Entry, Node};
use fields::Fields;
pub use isolation::{Isolation, isolate, suffix_in, suffixes_in};
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
    let sections = Sections {
        functions: fields.map("functions"),
        roles: fields.map("roles"),
        machines: fields.map("stateMachines"),
        topics: fields.map("topics"),
        queues: fields.map("queues"),
        tables: fields.map("tables"),
    };
    names::check_ids(&sections.by_kind(), &mut fields.found);
    let ids = |entries: &'_ [Entry]| entries.iter().map(|entry| entry.key.clone()).collect::<Vec<_>>();
    let (roles, queues) = (ids(sections.roles), ids(sections.queues));
    let context = Context {
        stack: name.map(|(name, _)| name.to_owned()).unwrap_or_default(),
        is_good_name,
        folder: file.parent().unwrap_or(Path::new("")).to_path_buf(),
        roles: roles.iter().map(String::as_str).collect(),
        queues: queues.iter().map(String::as_str).collect(),
    };
    let mut stack = Stack {
        name: context.stack.clone(),
        description,
        file: files::shown(file).into(),
        isolation: None,
        parameters,
        functions: IndexMap::new(),
        roles: IndexMap::new(),
        state_machines: IndexMap::new(),
        topics: IndexMap::new(),
        queues: IndexMap::new(),
        tables: IndexMap::new(),
        outputs: outputs::read(fields.map("outputs"), &mut fields.found),
        tags,
        start: None,
        tests: Vec::new(),
    };
    read_sections(&mut stack, &sections, &context, &mut fields.found);
    let start = fields.node("start");
    let place = tree.entry("start").and_then(|entry| entry.key_span.as_ref());
    stack.start = start.and_then(|node| machines::start(node, place, sections.machines, &mut fields.found));
    let tests = fields.list("tests");
    stack.tests = case_read::read(tests, sections.machines, &stack, &context.folder, &mut fields.found);
    if sections.by_kind().iter().all(|(_, entries)| entries.is_empty()) && fields.found.is_empty() {
        let message = "the stack has no functions, state machines or other resources";
        fields
            .found
            .push(Diagnostic::warning("empty-stack", message).at(name.and_then(|(_, span)| span)));
    }
    fields.finish(found);
    stack
}

/// The sections that hold resources.
struct Sections<'a> {
    functions: &'a [Entry],
    roles: &'a [Entry],
    machines: &'a [Entry],
    topics: &'a [Entry],
    queues: &'a [Entry],
    tables: &'a [Entry],
}

impl<'a> Sections<'a> {
    fn by_kind(&self) -> [(&'static str, &'a [Entry]); 6] {
        [
            ("function", self.functions),
            ("role", self.roles),
            ("state machine", self.machines),
            ("topic", self.topics),
            ("queue", self.queues),
            ("table", self.tables),
        ]
    }
}

fn read_sections(stack: &mut Stack, sections: &Sections<'_>, context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    let tags = &stack.tags;
    for entry in sections.functions {
        let function = functions::read(entry, context, tags, found);
        stack.functions.insert(entry.key.clone(), function);
    }
    unique(
        sections.functions,
        &stack.functions,
        |made| &made.name,
        Name::Function,
        found,
    );
    for entry in sections.roles {
        let role = roles::read(entry, context, tags, found);
        stack.roles.insert(entry.key.clone(), role);
    }
    unique(sections.roles, &stack.roles, |made| &made.name, Name::Role, found);
    for entry in sections.topics {
        let topic = topics::read(entry, context, tags, found);
        stack.topics.insert(entry.key.clone(), topic);
    }
    unique(sections.topics, &stack.topics, |made| &made.name, Name::Topic, found);
    for entry in sections.queues {
        let queue = queues::read(entry, context, tags, found);
        stack.queues.insert(entry.key.clone(), queue);
    }
    unique(sections.queues, &stack.queues, |made| &made.name, Name::Queue, found);
    queues::check_dead_letters(&stack.queues, found);
    for entry in sections.tables {
        let table = tables::read(entry, context, tags, found);
        stack.tables.insert(entry.key.clone(), table);
    }
    unique(sections.tables, &stack.tables, |made| &made.name, Name::Table, found);

    let mut names = Vec::new();
    for entry in sections.machines {
        let (name, machine) = machines::read(entry, context, &stack.tags, found);
        names.push(name);
        if let Some(machine) = machine {
            stack.state_machines.insert(entry.key.clone(), machine);
        }
    }
    let named: Vec<_> = sections.machines.iter().zip(names.iter().map(String::as_str)).collect();
    names::check_unique(&named, Name::StateMachine, found);
    unused_roles(stack, sections.machines, found);
}

fn unique<T>(
    entries: &[Entry],
    made: &IndexMap<String, T>,
    name: impl Fn(&T) -> &String,
    kind: Name,
    found: &mut Vec<Diagnostic>,
) {
    let names = made.values().map(|made| name(made).as_str());
    let named: Vec<_> = entries.iter().zip(names).collect();
    names::check_unique(&named, kind, found);
}

fn unused_roles(stack: &Stack, machines: &[Entry], found: &mut Vec<Diagnostic>) {
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
mod case_tests;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_data;
