//! Calls of functions.

use std::rc::Rc;

use indexmap::IndexMap;

use super::ast::{Kind, Node};
use super::error::{Fallible, fail};
use super::eval::{Evaluator, Tail, called_name};
use super::function::{Environment, Function};
use super::regex::Regex;
use super::transform;
use super::value::{Array, Val};

impl Evaluator {
    /// Evaluates a call; `first` is the left side of `~>`.
    pub(super) fn call(
        &self,
        node: &Node,
        input: &Val,
        environment: &Rc<Environment>,
        first: Option<Val>,
    ) -> Fallible<Val> {
        let Kind::Call(function, arguments) = &node.kind else {
            return self.evaluate(node, input, environment);
        };
        let name = called_name(function);
        let value = self.evaluate(function, input, environment)?;
        self.callable(&value, function, environment)?;
        let mut arguments = self.arguments(arguments, input, environment)?;
        if let Some(first) = first {
            arguments.insert(0, first);
        }
        let tail = self.apply_once(&value, arguments, input, name.as_deref())?;
        self.resolve(tail)
    }

    pub(super) fn arguments(&self, nodes: &[Node], input: &Val, environment: &Rc<Environment>) -> Fallible<Vec<Val>> {
        nodes
            .iter()
            .map(|node| self.evaluate(node, input, environment))
            .collect()
    }

    /// Refuses what is not a function, with help if only the `$` is missing.
    pub(super) fn callable(&self, value: &Val, node: &Node, environment: &Rc<Environment>) -> Fallible<()> {
        match value {
            Val::Function(_) => Ok(()),
            Val::Undefined => match self.forgotten(node, environment) {
                Some(name) => fail(
                    "T1005",
                    format!("Attempted to invoke a non-function. Did you mean ${name}?"),
                ),
                None => fail("T1006", "Attempted to invoke a non-function"),
            },
            _ => fail("T1006", "Attempted to invoke a non-function"),
        }
    }

    /// The name of a function or variable that was written without its `$`.
    fn forgotten(&self, node: &Node, environment: &Rc<Environment>) -> Option<Rc<str>> {
        if !matches!(node.kind, Kind::Path { .. }) {
            return None;
        }
        let name = called_name(node)?;
        (environment.lookup(&name).is_some() || super::builtins::find(&name).is_some()).then_some(name)
    }

    pub(super) fn partial(
        &self,
        function: &Node,
        arguments: &[Option<Node>],
        input: &Val,
        environment: &Rc<Environment>,
    ) -> Fallible<Val> {
        let given = arguments
            .iter()
            .map(|node| {
                node.as_ref()
                    .map(|node| self.evaluate(node, input, environment))
                    .transpose()
            })
            .collect::<Fallible<Vec<_>>>()?;
        match self.evaluate(function, input, environment)? {
            Val::Function(function) => Ok(Val::Function(Rc::new(Function::partial(function, given)?))),
            _ => match self.forgotten(function, environment) {
                Some(name) => fail(
                    "T1007",
                    format!("Attempted to partially apply a non-function. Did you mean ${name}?"),
                ),
                None => fail("T1008", "Attempted to partially apply a non-function"),
            },
        }
    }

    /// `left ~> right`
    pub(super) fn apply_to(
        &self,
        left: &Node,
        right: &Node,
        input: &Val,
        environment: &Rc<Environment>,
    ) -> Fallible<Val> {
        let value = self.evaluate(left, input, environment)?;
        if matches!(right.kind, Kind::Call(..)) && right.predicates.is_empty() && right.group.is_none() {
            return self.call(right, input, environment, Some(value));
        }
        let Val::Function(function) = self.evaluate(right, input, environment)? else {
            return fail(
                "T2006",
                "The right side of the function application operator ~> must be a function",
            );
        };
        match value {
            Val::Function(first) => Ok(Val::Function(Rc::new(Function::composed(first, function)?))),
            value => self.apply(&Val::Function(function), vec![value]),
        }
    }

    /// Calls a function value.
    pub(super) fn apply(&self, function: &Val, arguments: Vec<Val>) -> Fallible<Val> {
        self.deeper()?;
        let tail = self.apply_once(function, arguments, &Val::Undefined, None);
        let value = tail.and_then(|tail| self.resolve(tail));
        self.shallower();
        value
    }

    /// Calls a function with as many of its arguments as it takes, as `$map` and its like do.
    pub(super) fn apply_some(&self, function: &Rc<Function>, mut arguments: Vec<Val>) -> Fallible<Val> {
        arguments.truncate(function.arity().max(1));
        self.apply(&Val::Function(function.clone()), arguments)
    }

    /// Calls a function up to the call it ends with.
    pub(super) fn apply_once(
        &self,
        function: &Val,
        arguments: Vec<Val>,
        context: &Val,
        name: Option<&str>,
    ) -> Fallible<Tail> {
        self.spend(2 + arguments.len())?;
        let Val::Function(function) = function else {
            return fail("T1006", "Attempted to invoke a non-function");
        };
        match &**function {
            Function::Builtin(builtin) => {
                let arguments = builtin.signature().validate(Some(builtin.name), arguments, context)?;
                builtin.call(self, &arguments).map(Tail::Value)
            }
            Function::Lambda {
                lambda,
                environment,
                context: defined_in,
                ..
            } => {
                let arguments = match &lambda.signature {
                    Some(signature) => signature.validate(name, arguments, context)?,
                    None => arguments,
                };
                let inside = Rc::new(Environment::inside(environment));
                let mut arguments = arguments.into_iter();
                for parameter in &lambda.parameters {
                    self.bind(&inside, parameter, arguments.next().unwrap_or(Val::Undefined))?;
                }
                match lambda.signature {
                    // As in the reference implementation, no tail call from what has a signature.
                    Some(_) => self.evaluate(&lambda.body, defined_in, &inside).map(Tail::Value),
                    None => self.tail(&lambda.body, defined_in, &inside),
                }
            }
            Function::Partial {
                function,
                arguments: given,
                ..
            } => {
                let mut rest = arguments.into_iter();
                let all = given
                    .iter()
                    .map(|argument| {
                        argument
                            .clone()
                            .unwrap_or_else(|| rest.next().unwrap_or(Val::Undefined))
                    })
                    .collect();
                Ok(Tail::Call {
                    function: Val::Function(function.clone()),
                    arguments: all,
                    context: context.clone(),
                    name: None,
                })
            }
            Function::Composed(first, second, _) => {
                let value = self.apply(&Val::Function(first.clone()), arguments)?;
                Ok(Tail::Call {
                    function: Val::Function(second.clone()),
                    arguments: vec![value],
                    context: Val::Undefined,
                    name: None,
                })
            }
            Function::Transform { transform, environment } => {
                let input = arguments.into_iter().next().unwrap_or(Val::Undefined);
                if !matches!(input, Val::Undefined | Val::Array(_) | Val::Object(_)) {
                    return fail(
                        "T0410",
                        "Argument 1 of function undefined does not match function signature",
                    );
                }
                transform::apply(self, transform, &input, environment).map(Tail::Value)
            }
            Function::Regex(regex) => {
                let text = arguments.into_iter().next().unwrap_or(Val::Undefined);
                let found = match &text {
                    Val::Text(text) => self.next_match(regex, text, 0)?,
                    _ => Val::Undefined,
                };
                Ok(Tail::Value(found))
            }
            Function::NextMatch { regex, text, from } => self.next_match(regex, text, *from).map(Tail::Value),
        }
    }

    /// What a regular expression gives when it is called: an object that describes the first match.
    pub(super) fn next_match(&self, regex: &Rc<Regex>, text: &Rc<str>, from: usize) -> Fallible<Val> {
        self.spend(8 + text.len() / 16)?;
        let Some(found) = regex.find(text, from) else {
            return Ok(Val::Undefined);
        };
        if found.start == found.end {
            return fail("D1004", "Regular expression matches zero length string");
        }
        let units = |to: usize| Val::count(text.get(..to).unwrap_or_default().encode_utf16().count());
        let matched = text.get(found.start..found.end).unwrap_or_default();
        let groups = found
            .groups
            .into_iter()
            .map(|group| group.map_or(Val::Undefined, Val::text));
        let next = Function::NextMatch {
            regex: regex.clone(),
            text: text.clone(),
            from: found.end,
        };
        self.object(IndexMap::from([
            (Rc::from("match"), Val::text(matched)),
            (Rc::from("start"), units(found.start)),
            (Rc::from("end"), units(found.end)),
            (Rc::from("groups"), Array::plain(groups.collect())?),
            (Rc::from("next"), Val::Function(Rc::new(next))),
        ]))
    }
}
