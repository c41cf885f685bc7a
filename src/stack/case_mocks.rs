//! The key `mocks` of a test case: responses by state, or a test case of a `MockConfigFile.json`.

use std::path::Path;

use super::fields::Fields;
use super::files;
use crate::diagnostic::Diagnostic;
use crate::mock::config::{ConfigError, MockConfig};
use crate::mock::{Mock, Mocks, Response};
use crate::tree::{Entry, Node, Value};

/// Invocations that a response may be for, more than an execution's history has room for.
const MOST_REPEATS: u32 = 100_000;

/// What a mock file is looked up with.
pub(super) struct Context<'a> {
    /// What its path is relative to.
    pub(super) folder: &'a Path,
    /// Logical id of the state machine.
    pub(super) machine: &'a str,
    /// Its physical name.
    pub(super) physical_name: &'a str,
}

/// Reads the mocks; none if there are none, or they cannot be read.
pub(super) fn read(node: &Node, context: &Context<'_>, found: &mut Vec<Diagnostic>) -> Option<Mocks> {
    // A state of that name has a mapping or a list.
    if node.get("file").is_some_and(|file| file.as_str().is_some()) {
        return of_file(node, context, found);
    }
    let mut fields = Fields::new(node, node.span.as_ref(), "`mocks`");
    let mut mocks = Mocks::new();
    if let Value::Map(entries) = &node.value {
        for entry in entries {
            let responses = responses(entry, &mut fields.found);
            if let Err(error) = mocks.insert(&entry.key, responses) {
                let wrong = Diagnostic::error("bad-mock", error.to_string());
                fields.found.push(wrong.at(entry.key_span.as_ref()));
            }
        }
    }
    // The keys are states, which are checked against the definition.
    found.append(&mut fields.found);
    (!mocks.is_empty()).then_some(mocks)
}

/// A response to every invocation, or a list: one after the other, the last one for all that follow unless it says how many.
fn responses(entry: &Entry, found: &mut Vec<Diagnostic>) -> Vec<Mock> {
    let what = format!("the mock of `{}`", entry.key);
    let place = entry.key_span.as_ref();
    let Value::List(items) = &entry.value.value else {
        let Some((response, repeat)) = response(&entry.value, &what, entry, found) else {
            return Vec::new();
        };
        let to = repeat.map(|repeat| u64::from(repeat) - 1);
        return vec![Mock { from: 0, to, response }];
    };
    if items.is_empty() {
        found.push(Diagnostic::error("bad-mock", format!("{what} has no response")).at(place));
    }
    let mut mocks = Vec::new();
    let mut from = 0;
    for (index, item) in items.iter().enumerate() {
        let Some((response, repeat)) = response(item, &format!("response {} of {what}", index + 1), entry, found)
        else {
            continue;
        };
        let is_last = index + 1 == items.len();
        let times = u64::from(repeat.unwrap_or(1));
        let to = (!is_last || repeat.is_some()).then(|| from + times - 1);
        mocks.push(Mock { from, to, response });
        from += times;
    }
    mocks
}

fn response(node: &Node, what: &str, entry: &Entry, found: &mut Vec<Diagnostic>) -> Option<(Response, Option<u32>)> {
    let place = node.span.as_ref().or(entry.key_span.as_ref());
    let mut fields = Fields::new(node, place, what);
    let returned = fields.node("return").map(|result| Response::Return(result.to_json()));
    let thrown = fields.node("throw");
    let repeat = fields.integer("repeat", 1, MOST_REPEATS).map(|(repeat, _)| repeat);
    if returned.is_some() == thrown.is_some() && fields.found.is_empty() {
        let message = format!("{what} must have one of `return` and `throw`");
        fields.found.push(Diagnostic::error("bad-mock", message).at(place));
    }
    let thrown = thrown.and_then(|node| throw(node, &mut fields.found));
    fields.finish(found);
    returned.or(thrown).map(|response| (response, repeat))
}

/// The name of an error, or `{ error: …, cause: … }`.
fn throw(node: &Node, found: &mut Vec<Diagnostic>) -> Option<Response> {
    if let Value::String(error) = &node.value {
        return Some(Response::Throw {
            error: error.clone(),
            cause: None,
        });
    }
    let mut fields = Fields::new(node, node.span.as_ref(), "`throw`");
    let error = fields.required_text("error");
    let cause = fields.text("cause");
    fields.finish(found);
    Some(Response::Throw {
        error: error?.0.to_owned(),
        cause: cause.map(|(cause, _)| cause.to_owned()),
    })
}

/// `{ file, case }`, and `stateMachine` where the file names it otherwise than the stack file.
fn of_file(node: &Node, context: &Context<'_>, found: &mut Vec<Diagnostic>) -> Option<Mocks> {
    let mut fields = Fields::new(node, node.span.as_ref(), "`mocks`");
    let file = fields.required_text("file");
    let case = fields.required_text("case");
    let machine = fields.text("stateMachine").map(|(name, _)| name);
    let mocks = file.zip(case).and_then(|((file, span), (case, case_span))| {
        let source = files::read(&context.folder.join(file), "the mock configuration file", span);
        let source = source.map_err(|wrong| fields.found.push(wrong)).ok()?;
        let refuse = |error: &ConfigError| {
            let line = error.culprit().and_then(|name| line_of(&source.text, name));
            let line = line.map(|line| format!(", line {line}")).unwrap_or_default();
            Diagnostic::error("bad-mock", format!("`{file}`{line}: {error}"))
        };
        let config = MockConfig::parse(&source.text);
        let config = config
            .map_err(|error| fields.found.push(refuse(&error).at(span)))
            .ok()?;
        let mocks = match machine {
            Some(machine) => config.mocks(machine, case),
            None => config
                .mocks(context.machine, case)
                .or_else(|error| config.mocks(context.physical_name, case).map_err(|_| error)),
        };
        let place = case_span.or(span);
        mocks
            .map_err(|error| fields.found.push(refuse(&error).at(place)))
            .ok()
            .cloned()
    });
    fields.finish(found);
    mocks.filter(|mocks| !mocks.is_empty())
}

/// The line, from 1, that first has a name in quotes.
fn line_of(text: &str, name: &str) -> Option<usize> {
    let quoted = serde_json::to_string(name).ok()?;
    let at = text.find(&quoted)?;
    Some(text.get(..at)?.matches('\n').count() + 1)
}
