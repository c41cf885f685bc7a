//! The tree of an expression.

use std::rc::Rc;

use super::regex::Regex;
use super::signature::Signature;

/// A node and what hangs on it.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) kind: Kind,
    /// Filters of something that is not a step of a path.
    pub(super) predicates: Vec<Node>,
    /// Filters and positions of a step.
    pub(super) stages: Vec<Stage>,
    /// `{ key: value }` after the node.
    pub(super) group: Option<Vec<(Node, Node)>>,
    /// `[]` after the node: a single result stays an array.
    pub(super) keep_array: bool,
    /// An array constructor at the beginning or end of a path, whose result is not taken apart.
    pub(super) cons_array: bool,
    /// `@$name`
    pub(super) focus: Option<Rc<str>>,
    /// `#$name`
    pub(super) index: Option<Rc<str>>,
    /// Whether `%` stands somewhere inside.
    pub(super) seeks_parent: bool,
    /// How deep the tree is below and with this node.
    pub(super) height: u32,
}

#[derive(Debug)]
pub(super) enum Kind {
    Text(Rc<str>),
    Number(f64),
    Bool(bool),
    Null,
    Name(Rc<str>),
    Variable(Rc<str>),
    Wildcard,
    Descendants,
    Parent,
    Path {
        steps: Vec<Node>,
        keep_singleton: bool,
    },
    Binary(&'static str, Box<Node>, Box<Node>),
    Negate(Box<Node>),
    Array(Vec<Node>),
    Object(Vec<(Node, Node)>),
    Call(Box<Node>, Vec<Node>),
    /// A call with `?` for some arguments.
    Partial(Box<Node>, Vec<Option<Node>>),
    Lambda(Rc<Lambda>),
    Condition(Box<Node>, Box<Node>, Option<Box<Node>>),
    /// `a ?: b`
    Elvis(Box<Node>, Box<Node>),
    /// `a ?? b`
    Coalesce(Box<Node>, Box<Node>),
    Block(Vec<Node>),
    Bind(Rc<str>, Box<Node>),
    Apply(Box<Node>, Box<Node>),
    /// Terms, and whether each descends.
    Sort(Vec<(Node, bool)>),
    Transform(Rc<Transform>),
    Regex(Rc<Regex>),
}

#[derive(Debug)]
pub(super) enum Stage {
    Filter(Node),
    Index(Rc<str>),
}

#[derive(Debug)]
pub(super) struct Lambda {
    pub(super) parameters: Vec<Rc<str>>,
    pub(super) signature: Option<Signature>,
    pub(super) body: Node,
}

#[derive(Debug)]
pub(super) struct Transform {
    pub(super) pattern: Node,
    pub(super) update: Node,
    pub(super) delete: Option<Node>,
}

impl Node {
    pub(super) fn new(kind: Kind) -> Self {
        let (mut height, mut seeks_parent) = (0, matches!(kind, Kind::Parent));
        each_child(&kind, &mut |child| {
            height = height.max(child.height);
            seeks_parent |= child.seeks_parent;
        });
        Self {
            kind,
            predicates: Vec::new(),
            stages: Vec::new(),
            group: None,
            keep_array: false,
            cons_array: false,
            focus: None,
            index: None,
            seeks_parent,
            height: height + 1,
        }
    }

    /// Takes note of a node that was hung on this one.
    pub(super) fn adopted(&mut self, height: u32, seeks_parent: bool) {
        self.height = self.height.max(height + 1);
        self.seeks_parent |= seeks_parent;
    }
}

fn each_child(kind: &Kind, see: &mut dyn FnMut(&Node)) {
    match kind {
        Kind::Path { steps: nodes, .. } | Kind::Array(nodes) | Kind::Block(nodes) => nodes.iter().for_each(see),
        Kind::Binary(_, left, right)
        | Kind::Elvis(left, right)
        | Kind::Coalesce(left, right)
        | Kind::Apply(left, right) => {
            see(left);
            see(right);
        }
        Kind::Negate(inner) | Kind::Bind(_, inner) => see(inner),
        Kind::Object(pairs) => pairs.iter().for_each(|(key, value)| {
            see(key);
            see(value);
        }),
        Kind::Call(function, arguments) => {
            see(function);
            arguments.iter().for_each(see);
        }
        Kind::Partial(function, arguments) => {
            see(function);
            arguments.iter().flatten().for_each(see);
        }
        Kind::Lambda(lambda) => see(&lambda.body),
        Kind::Condition(condition, then, otherwise) => {
            see(condition);
            see(then);
            otherwise.iter().for_each(|node| see(node));
        }
        Kind::Sort(terms) => terms.iter().for_each(|(term, _)| see(term)),
        Kind::Transform(transform) => {
            see(&transform.pattern);
            see(&transform.update);
            transform.delete.iter().for_each(see);
        }
        _ => {}
    }
}
