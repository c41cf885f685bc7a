//! Forms of the query protocols as trees: `A.1.B=x` is `x` at `A`, `1`, `B`.

use std::collections::BTreeMap;

use serde_json::Value;

/// A part of a form.
#[derive(Debug, Default)]
pub(crate) struct Form {
    text: Option<String>,
    children: BTreeMap<String, Form>,
}

/// Parts nest no deeper than this; what is deeper is part of the last name.
const DEEPEST: usize = 8;

impl Form {
    /// Of an input of the query protocol: an object of strings.
    pub(crate) fn read(input: &Value) -> Self {
        let mut root = Self::default();
        for (name, value) in input.as_object().into_iter().flatten() {
            let mut node = &mut root;
            for part in name.splitn(DEEPEST, '.') {
                node = node.children.entry(part.to_owned()).or_default();
            }
            node.text = value.as_str().map(str::to_owned);
        }
        root
    }

    /// What is written at this place itself.
    pub(crate) fn text(&self) -> Option<&str> {
        self.text.as_deref()
    }

    /// The part of that name.
    pub(crate) fn get(&self, name: &str) -> Option<&Self> {
        self.children.get(name)
    }

    /// All parts, by name.
    pub(crate) fn parts(&self) -> impl Iterator<Item = (&str, &Self)> {
        self.children.iter().map(|(name, part)| (name.as_str(), part))
    }

    /// Items of a list: `1`, `2`, … `10`.
    pub(crate) fn items(&self) -> Vec<&Self> {
        let mut numbered: Vec<(u32, &Self)> = self
            .parts()
            .filter_map(|(number, part)| Some((number.parse().ok()?, part)))
            .collect();
        numbered.sort_by_key(|(number, _)| *number);
        numbered.into_iter().map(|(_, part)| part).collect()
    }
}
