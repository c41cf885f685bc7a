//! Paths as written in a definition, read into a tree. Reading never panics and never recurses deeper than [`MAX_DEPTH`].

use std::fmt;

use thiserror::Error;

use super::filter::Filter;
use super::path_function::{Function, Parameter};
use super::path_parse;

/// The most segments a path may have, and the deepest a filter may nest. Data nests no deeper than this either, so that
/// no longer path could find anything.
pub const MAX_DEPTH: usize = 120;

/// A path: where it starts and how it goes on.
#[derive(Clone, Debug, PartialEq)]
pub struct Path {
    pub(crate) text: String,
    pub(crate) root: Root,
    pub(crate) segments: Vec<Segment>,
}

/// What a path starts from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Root {
    /// `$`: the data at hand.
    Data,
    /// `$$`: the context object.
    Context,
    /// `$name`: a variable set by `Assign`.
    Variable(String),
}

/// One step of a path.
#[derive(Clone, Debug, PartialEq)]
pub enum Segment {
    /// `.name` or `['name']`.
    Name(String),
    /// `['a','b']`.
    Names(Vec<String>),
    /// `[3]`; negative counts from the end.
    Index(i64),
    /// `[0,2]`.
    Indices(Vec<i64>),
    /// `[from:to]`, either may be left out.
    Slice(Option<i64>, Option<i64>),
    /// `.*` or `[*]`.
    Wildcard,
    /// `..`: the value and everything below it, to each of which the next segment applies.
    Descend,
    /// `[?( … )]`.
    Filter(Filter),
    /// `.length()`, at the end.
    Function(Function, Vec<Parameter>),
}

/// Why a text is not a path that can be evaluated.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum PathError {
    /// It does not start with `$`.
    #[error("path `{0}` does not start with `$`")]
    NoRoot(String),
    /// Its syntax is wrong.
    #[error("path `{path}` is malformed at character {at}: {problem}")]
    Syntax {
        /// The whole path.
        path: String,
        /// Which character, counted from 1.
        at: usize,
        /// What is wrong there.
        problem: String,
    },
    /// It is right, but uses something that is not evaluated here.
    #[error("path `{path}` uses {feature}, which is not supported")]
    Unsupported {
        /// The whole path.
        path: String,
        /// What is not supported, e.g. ``the function `nothing()` ``.
        feature: String,
    },
    /// It is too long or nests too deep.
    #[error("path `{0}` has more than {MAX_DEPTH} steps or nested filters")]
    TooDeep(String),
}

impl Path {
    /// Reads a path that starts with `$`, `$$` or `$variable`.
    pub fn parse(text: &str) -> Result<Self, PathError> {
        path_parse::parse(text)
    }

    /// What it starts from.
    pub fn root(&self) -> &Root {
        &self.root
    }

    /// Its steps.
    pub fn segments(&self) -> &[Segment] {
        &self.segments
    }

    /// Whether it can only ever name one value, so that its result is that value and not a list.
    pub fn is_definite(&self) -> bool {
        let last = self.segments.len().saturating_sub(1);
        // A function after a deep scan is called once, on all that is found.
        if matches!(self.segments.as_slice(), [Segment::Descend, .., Segment::Function(..)]) {
            return true;
        }
        self.segments.iter().enumerate().all(|(at, segment)| match segment {
            Segment::Name(_) | Segment::Index(_) | Segment::Function(..) => true,
            // At the end, Jayway merges the named members into one object.
            Segment::Names(_) => at == last,
            _ => false,
        })
    }

    /// Whether it is a reference path: names and array positions only, as `ResultPath` and all other `…Path` fields that
    /// write or must name one place need ([reference paths](https://states-language.net/spec.html#ref-paths)).
    pub fn is_reference(&self) -> bool {
        self.segments.iter().all(|segment| match segment {
            Segment::Name(_) => true,
            Segment::Index(at) => *at >= 0,
            _ => false,
        })
    }

    /// Whether it is `$`: the data as it is.
    pub fn is_whole(&self) -> bool {
        self.root == Root::Data && self.segments.is_empty()
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn definite_and_reference_paths_are_told_apart() {
        for (text, definite, reference) in [
            ("$", true, true),
            ("$$", true, true),
            ("$.a.b", true, true),
            ("$['a b'][0]", true, true),
            ("$.a[-1]", true, false),
            ("$['a','b']", true, false),
            ("$['a','b'].c", false, false),
            ("$.a[0,1]", false, false),
            ("$.a[1:]", false, false),
            ("$.*", false, false),
            ("$..a", false, false),
            ("$.a[?(@.b)]", false, false),
        ] {
            let path = Path::parse(text).unwrap();
            assert_eq!(
                (path.is_definite(), path.is_reference()),
                (definite, reference),
                "{text}"
            );
        }
    }
}
