//! The evaluator. Everything it does is paid for from a budget, so that no expression can go on forever or fill the
//! memory, and it recurses no deeper than its [`Reach`] allows.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use indexmap::IndexMap;

use super::ast::{Kind, Node};
use super::builtins;
use super::error::{Fallible, exhausted, fail, too_deep};
use super::function::{Environment, Function};
use super::reach::Reach;
use super::value::{Array, Object, Val, finite};
use super::{operators, path, text};
use crate::expr::random::Random;

/// What an evaluation may cost. A unit is a step, a copied value or 16 bytes of text: some tens of nanoseconds and at most
/// a few dozen bytes.
const BUDGET: usize = 10_000_000;

pub(super) struct Evaluator {
    left: Cell<usize>,
    depth: Cell<u32>,
    deepest: u32,
    pub(super) random: RefCell<Random>,
    pub(super) now_millis: u64,
    /// Environments that hold functions, which may hold these environments.
    cyclic: RefCell<Vec<Rc<Environment>>>,
}

/// A call in tail position is not made but handed up, so that loops by recursion need no stack.
pub(super) enum Tail {
    Value(Val),
    Call {
        function: Val,
        arguments: Vec<Val>,
        context: Val,
        name: Option<Rc<str>>,
    },
}

impl Evaluator {
    pub(super) fn new(random: u64, now_millis: u64, reach: Reach) -> Self {
        Self {
            left: Cell::new(BUDGET),
            depth: Cell::new(0),
            deepest: reach.depth,
            random: RefCell::new(Random::new(random)),
            now_millis,
            cyclic: RefCell::default(),
        }
    }

    /// Pays for some work before it is done.
    pub(super) fn spend(&self, units: usize) -> Fallible<()> {
        let left = self.left.get().checked_sub(units).ok_or_else(exhausted);
        self.left.set(*left.as_ref().unwrap_or(&0));
        left.map(|_| ())
    }

    /// Binds a variable, and takes note if that may close a cycle.
    pub(super) fn bind(&self, environment: &Rc<Environment>, name: &Rc<str>, value: Val) -> Fallible<()> {
        if value.nesting().functions {
            self.retain(environment)?;
        }
        environment.bind(name, value);
        Ok(())
    }

    pub(super) fn retain(&self, environment: &Rc<Environment>) -> Fallible<()> {
        self.spend(8)?;
        self.cyclic.borrow_mut().push(environment.clone());
        Ok(())
    }

    /// Breaks the cycles. All variables go before any is dropped, so that dropping is shallow.
    pub(super) fn finish(&self) {
        let environments = self.cyclic.take();
        let variables: Vec<_> = environments.iter().map(|environment| environment.clear()).collect();
        drop(environments);
        drop(variables);
    }

    pub(super) fn evaluate(&self, node: &Node, input: &Val, environment: &Rc<Environment>) -> Fallible<Val> {
        self.spend(1)?;
        self.deeper()?;
        let value = self.kind(node, input, environment);
        self.shallower();
        self.finished(node, value?, environment)
    }

    pub(super) fn deeper(&self) -> Fallible<()> {
        self.depth.set(self.depth.get() + 1);
        match self.depth.get() > self.deepest {
            true => Err(too_deep()),
            false => Ok(()),
        }
    }

    pub(super) fn shallower(&self) {
        self.depth.set(self.depth.get().saturating_sub(1));
    }

    /// Applies what hangs on a node, and makes a value of a sequence.
    fn finished(&self, node: &Node, mut value: Val, environment: &Rc<Environment>) -> Fallible<Val> {
        for predicate in &node.predicates {
            value = path::filter(self, predicate, &value, environment)?;
        }
        if let (Some(group), false) = (&node.group, matches!(node.kind, Kind::Path { .. })) {
            value = path::group(self, group, &value, environment)?;
        }
        let Val::Array(array) = &value else { return Ok(value) };
        if !array.sequence {
            return Ok(value);
        }
        let keep = node.keep_array || array.keep;
        match array.items.as_slice() {
            [] => Ok(Val::Undefined),
            [only] if !keep => Ok(only.clone()),
            items if keep && !array.keep => {
                self.spend(items.len())?;
                Array::make(items.to_vec(), true, true, array.cons)
            }
            _ => Ok(value),
        }
    }

    /// One arm, one call: the frame of this function is on the stack once for each level.
    fn kind(&self, node: &Node, input: &Val, environment: &Rc<Environment>) -> Fallible<Val> {
        match &node.kind {
            Kind::Text(text) => Ok(Val::Text(text.clone())),
            Kind::Number(number) => Ok(Val::Number(*number)),
            Kind::Bool(value) => Ok(Val::Bool(*value)),
            Kind::Null => Ok(Val::Null),
            Kind::Name(name) => path::lookup(self, input, name),
            Kind::Variable(name) => Ok(variable(name, input, environment)),
            Kind::Wildcard => path::wildcard(self, input),
            Kind::Descendants => path::descendants(self, input),
            Kind::Parent => Ok(environment.parent().map_or(Val::Undefined, |(value, _)| value)),
            Kind::Path { .. } => path::evaluate(self, node, input, environment),
            Kind::Binary(sign, left, right) => operators::binary(self, sign, left, right, input, environment),
            Kind::Negate(inner) => self.negate(inner, input, environment),
            Kind::Array(items) => self.array(items, node.cons_array, input, environment),
            Kind::Object(pairs) => path::group(self, pairs, input, environment),
            Kind::Call(..) => self.call(node, input, environment, None),
            Kind::Partial(function, arguments) => self.partial(function, arguments, input, environment),
            Kind::Lambda(lambda) => {
                self.spend(8)?;
                let function = Function::lambda(lambda.clone(), environment.clone(), input.clone())?;
                Ok(Val::Function(Rc::new(function)))
            }
            Kind::Condition(..) | Kind::Block(_) => {
                let tail = self.branch(node, input, environment)?;
                self.resolve(tail)
            }
            Kind::Elvis(left, right) => {
                let left = self.evaluate(left, input, environment)?;
                match text::truthy(self, &left)? {
                    true => Ok(left),
                    false => self.evaluate(right, input, environment),
                }
            }
            Kind::Coalesce(left, right) => match self.evaluate(left, input, environment)? {
                Val::Undefined => self.evaluate(right, input, environment),
                left => Ok(left),
            },
            Kind::Bind(name, value) => {
                let value = self.evaluate(value, input, environment)?;
                self.bind(environment, name, value.clone())?;
                Ok(value)
            }
            Kind::Apply(left, right) => self.apply_to(left, right, input, environment),
            Kind::Sort(_) => Ok(input.clone()),
            Kind::Transform(transform) => Ok(Val::Function(Rc::new(Function::Transform {
                transform: transform.clone(),
                environment: environment.clone(),
            }))),
            Kind::Regex(regex) => Ok(Val::Function(Rc::new(Function::Regex(regex.clone())))),
        }
    }

    fn negate(&self, inner: &Node, input: &Val, environment: &Rc<Environment>) -> Fallible<Val> {
        match self.evaluate(inner, input, environment)? {
            Val::Undefined => Ok(Val::Undefined),
            Val::Number(number) => Ok(Val::Number(-finite(number)?)),
            other => fail(
                "D1002",
                format!("Cannot negate a non-numeric value: {}", text::shown(self, &other)?),
            ),
        }
    }

    fn array(&self, nodes: &[Node], cons: bool, input: &Val, environment: &Rc<Environment>) -> Fallible<Val> {
        let mut items = Vec::new();
        for node in nodes {
            let value = self.evaluate(node, input, environment)?;
            match (&node.kind, value) {
                (_, Val::Undefined) => {}
                // A nested constructor is an element; everything else is taken apart.
                (Kind::Array(_), value) => items.push(value),
                (_, Val::Array(array)) => {
                    self.spend(array.items.len())?;
                    items.extend(array.items.iter().cloned());
                }
                (_, value) => items.push(value),
            }
        }
        match cons {
            true => Array::constructed(items),
            false => Array::plain(items),
        }
    }

    /// Evaluates a node in tail position.
    pub(super) fn tail(&self, node: &Node, input: &Val, environment: &Rc<Environment>) -> Fallible<Tail> {
        if !node.predicates.is_empty() || node.group.is_some() || node.keep_array {
            return self.evaluate(node, input, environment).map(Tail::Value);
        }
        match &node.kind {
            Kind::Condition(..) | Kind::Block(_) => self.branch(node, input, environment),
            Kind::Call(function, arguments) => {
                self.spend(1)?;
                let name = called_name(function);
                let value = self.evaluate(function, input, environment)?;
                let arguments = self.arguments(arguments, input, environment)?;
                self.callable(&value, function, environment)?;
                Ok(Tail::Call {
                    function: value,
                    arguments,
                    context: input.clone(),
                    name,
                })
            }
            _ => self.evaluate(node, input, environment).map(Tail::Value),
        }
    }

    fn branch(&self, node: &Node, input: &Val, environment: &Rc<Environment>) -> Fallible<Tail> {
        self.spend(1)?;
        match &node.kind {
            Kind::Condition(condition, then, otherwise) => {
                let condition = self.evaluate(condition, input, environment)?;
                if text::truthy(self, &condition)? {
                    self.tail_below(then, input, environment)
                } else if let Some(otherwise) = otherwise {
                    self.tail_below(otherwise, input, environment)
                } else {
                    Ok(Tail::Value(Val::Undefined))
                }
            }
            Kind::Block(parts) => {
                self.spend(2)?;
                let inside = Rc::new(Environment::inside(environment));
                let Some((last, before)) = parts.split_last() else {
                    return Ok(Tail::Value(Val::Undefined));
                };
                for part in before {
                    self.evaluate(part, input, &inside)?;
                }
                self.tail_below(last, input, &inside)
            }
            _ => self.evaluate(node, input, environment).map(Tail::Value),
        }
    }

    fn tail_below(&self, node: &Node, input: &Val, environment: &Rc<Environment>) -> Fallible<Tail> {
        self.deeper()?;
        let tail = self.tail(node, input, environment);
        self.shallower();
        tail
    }

    /// Makes the calls that were handed up, one after another.
    pub(super) fn resolve(&self, mut tail: Tail) -> Fallible<Val> {
        loop {
            match tail {
                Tail::Value(value) => return Ok(value),
                Tail::Call {
                    function,
                    arguments,
                    context,
                    name,
                } => tail = self.apply_once(&function, arguments, &context, name.as_deref())?,
            }
        }
    }

    /// Makes an object from members that are there.
    pub(super) fn object(&self, members: IndexMap<Rc<str>, Val>) -> Fallible<Val> {
        self.spend(members.len() * 2)?;
        Object::make(members)
    }
}

/// The name a function is called by, for error messages.
pub(super) fn called_name(function: &Node) -> Option<Rc<str>> {
    match &function.kind {
        Kind::Variable(name) => Some(name.clone()),
        Kind::Path { steps, .. } => match steps.first().map(|step| &step.kind) {
            Some(Kind::Name(name) | Kind::Variable(name)) => Some(name.clone()),
            _ => None,
        },
        _ => None,
    }
}

fn variable(name: &Rc<str>, input: &Val, environment: &Rc<Environment>) -> Val {
    if name.is_empty() {
        return match input {
            Val::Array(array) if array.wrapper => array.items.first().cloned().unwrap_or(Val::Undefined),
            input => input.clone(),
        };
    }
    environment
        .lookup(name)
        .or_else(|| builtins::find(name))
        .unwrap_or(Val::Undefined)
}
