//! What references can name, and what they stand for.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::reference::Reference;
use crate::diagnostic::did_you_mean;

/// Everything that `${…}` can name, with its value at the place of deployment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Names {
    resources: BTreeMap<String, BTreeMap<String, Json>>,
    parameters: BTreeMap<String, Json>,
    pseudo: BTreeMap<&'static str, String>,
    functions: Vec<Function>,
}

/// A function of the stack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Function {
    pub(super) logical_id: String,
    pub(super) name: String,
    pub(super) arn: String,
    /// The name that it has in the stack file, if it is deployed under another.
    written: Option<String>,
}

impl Names {
    /// The pseudo parameters `AWS::Partition`, `AWS::Region` and `AWS::AccountId`, and nothing else yet.
    pub fn new(partition: impl Into<String>, region: impl Into<String>, account: impl Into<String>) -> Self {
        Self {
            pseudo: BTreeMap::from([
                ("AWS::Partition", partition.into()),
                ("AWS::Region", region.into()),
                ("AWS::AccountId", account.into()),
            ]),
            ..Self::default()
        }
    }

    /// A function: `${LOGICAL.Arn}` and `${LOGICAL.Name}`, and what function ARNs are relinked to.
    pub fn function(&mut self, logical_id: &str, name: &str, arn: &str) {
        self.attribute(logical_id, "Arn", arn);
        self.attribute(logical_id, "Name", name);
        self.functions.push(Function {
            logical_id: logical_id.to_owned(),
            name: name.to_owned(),
            arn: arn.to_owned(),
            written: None,
        });
    }

    /// The name that a function has in the stack file, where it is deployed under another: ARNs with it are relinked too.
    pub fn written(&mut self, logical_id: &str, name: &str) {
        for function in &mut self.functions {
            if function.logical_id == logical_id {
                function.written = Some(name.to_owned());
            }
        }
    }

    /// An attribute of a resource: `${LOGICAL.ATTRIBUTE}`.
    pub fn attribute(&mut self, logical_id: &str, attribute: &str, value: impl Into<Json>) {
        self.resources
            .entry(logical_id.to_owned())
            .or_default()
            .insert(attribute.to_owned(), value.into());
    }

    /// A parameter: `${NAME}`, with the type of its value.
    pub fn parameter(&mut self, name: &str, value: impl Into<Json>) {
        self.parameters.insert(name.to_owned(), value.into());
    }

    /// The value of a reference, or what is wrong with it and hints.
    pub(super) fn get(&self, reference: &Reference<'_>) -> Result<Json, (String, Vec<String>)> {
        let written = reference.written;
        let Some(attribute) = reference.attribute else {
            return self.plain(reference.name, written);
        };
        let Some(attributes) = self.resources.get(reference.name) else {
            if self.parameters.contains_key(reference.name) {
                let message = format!("`{written}` asks for an attribute of a parameter, which has none");
                return Err((message, vec![format!("write `${{{}}}`", reference.name)]));
            }
            let hint = did_you_mean(reference.name, self.resources.keys().map(String::as_str));
            return Err((
                format!("`{written}` refers to nothing in the stack"),
                hint.into_iter().collect(),
            ));
        };
        attributes.get(attribute).cloned().ok_or_else(|| {
            let known: Vec<_> = attributes
                .keys()
                .map(|known| format!("`${{{}.{known}}}`", reference.name))
                .collect();
            (
                format!("`{}` has no attribute `{attribute}`", reference.name),
                vec![format!("there is {}", known.join(" and "))],
            )
        })
    }

    fn plain(&self, name: &str, written: &str) -> Result<Json, (String, Vec<String>)> {
        if let Some(value) = self.pseudo.get(name) {
            return Ok(value.as_str().into());
        }
        if let Some(value) = self.parameters.get(name) {
            return Ok(value.clone());
        }
        if let Some(attributes) = self.resources.get(name) {
            let known: Vec<_> = attributes
                .keys()
                .map(|known| format!("`${{{name}.{known}}}`"))
                .collect();
            return Err((
                format!("`{written}` does not say which attribute is meant"),
                vec![format!("write {}", known.join(" or "))],
            ));
        }
        let known = self
            .pseudo
            .keys()
            .copied()
            .chain(self.parameters.keys().map(String::as_str));
        let hint = did_you_mean(name, known.chain(self.resources.keys().map(String::as_str)));
        Err((
            format!("`{written}` refers to nothing in the stack"),
            hint.into_iter().collect(),
        ))
    }

    /// The function of that physical name or logical id.
    pub(super) fn function_named(&self, name: &str) -> Option<&Function> {
        let named = |function: &&Function| function.name == name || function.written.as_deref() == Some(name);
        let by_name = self.functions.iter().find(named);
        by_name.or_else(|| self.functions.iter().find(|function| function.logical_id == name))
    }

    /// The function that a state most likely means to call, by its name; none if no name is near.
    pub(super) fn function_for_state(&self, state: &str) -> Option<&Function> {
        let wanted = essence(state);
        let score = |function: &Function| strsim::jaro_winkler(&wanted, &essence(&function.logical_id));
        self.functions
            .iter()
            .map(|function| (score(function), function))
            .filter(|(score, _)| *score > 0.8)
            .max_by(|a, b| a.0.total_cmp(&b.0))
            .map(|(_, function)| function)
    }

    /// References to every function, for hints.
    pub(super) fn function_references(&self) -> Vec<String> {
        let reference = |function: &Function| format!("`${{{}.Arn}}`", function.logical_id);
        self.functions.iter().map(reference).collect()
    }
}

/// `Open Case` and `OpenCaseFunction` alike: `opencase`.
fn essence(name: &str) -> String {
    let letters: String = name.chars().filter(|c| c.is_alphanumeric()).collect();
    let small = letters.to_lowercase();
    let short = ["lambdafunction", "function", "lambda"]
        .iter()
        .find_map(|suffix| small.strip_suffix(suffix));
    match short {
        Some(short) if !short.is_empty() => short.to_owned(),
        _ => small,
    }
}
