//! Functions as values, and the variables they close over.

use std::cell::RefCell;
use std::rc::Rc;

use super::ast::{Lambda, Transform};
use super::builtins::Builtin;
use super::error::Fallible;
use super::regex::Regex;
use super::value::{Nesting, Val};

/// A function.
#[derive(Debug)]
pub(super) enum Function {
    Builtin(&'static Builtin),
    Lambda {
        lambda: Rc<Lambda>,
        environment: Rc<Environment>,
        /// The context at the place of definition.
        context: Val,
        nesting: Nesting,
    },
    /// A function with some arguments already given.
    Partial {
        function: Rc<Function>,
        arguments: Vec<Option<Val>>,
        nesting: Nesting,
    },
    /// One function after another.
    Composed(Rc<Function>, Rc<Function>, Nesting),
    Transform {
        transform: Rc<Transform>,
        environment: Rc<Environment>,
    },
    /// A regular expression, which is called with a text.
    Regex(Rc<Regex>),
    /// The member `next` of a match.
    NextMatch {
        regex: Rc<Regex>,
        text: Rc<str>,
        from: usize,
    },
}

impl Function {
    pub(super) fn lambda(lambda: Rc<Lambda>, environment: Rc<Environment>, context: Val) -> Fallible<Self> {
        let around = Nesting::around([&context].into_iter())?;
        Ok(Self::Lambda {
            lambda,
            environment,
            // What the environment holds is let go of at the end, see `Evaluator::finish`, but not the context.
            nesting: Nesting {
                depth: if around.functions { around.depth } else { 1 },
                functions: true,
            },
            context,
        })
    }

    pub(super) fn partial(function: Rc<Self>, arguments: Vec<Option<Val>>) -> Fallible<Self> {
        let inner = Val::Function(function.clone());
        let nesting = Nesting::around(arguments.iter().flatten().chain([&inner]))?;
        Ok(Self::Partial {
            function,
            arguments,
            nesting,
        })
    }

    pub(super) fn composed(first: Rc<Self>, second: Rc<Self>) -> Fallible<Self> {
        let parts = [Val::Function(first.clone()), Val::Function(second.clone())];
        let nesting = Nesting::around(parts.iter())?;
        Ok(Self::Composed(first, second, nesting))
    }

    pub(super) fn nesting(&self) -> Nesting {
        match self {
            Self::Partial { nesting, .. } | Self::Composed(_, _, nesting) | Self::Lambda { nesting, .. } => *nesting,
            Self::Transform { .. } => Nesting {
                depth: 1,
                functions: true,
            },
            _ => Nesting::default(),
        }
    }

    /// How many arguments it takes.
    pub(super) fn arity(&self) -> usize {
        match self {
            Self::Builtin(builtin) => builtin.arity,
            Self::Lambda { lambda, .. } => lambda.parameters.len(),
            Self::Partial { arguments, .. } => arguments.iter().filter(|argument| argument.is_none()).count(),
            Self::Composed(first, ..) => first.arity(),
            Self::Transform { .. } | Self::Regex(_) => 1,
            Self::NextMatch { .. } => 0,
        }
    }
}

/// The variables of a block or call, and where to look on.
#[derive(Debug, Default)]
pub(super) struct Environment {
    variables: RefCell<Vec<(Rc<str>, Val)>>,
    outer: Option<Rc<Environment>>,
    /// What `%` means: the value a step came from, and the environment that belongs to it.
    parent: Option<(Val, Rc<Environment>)>,
}

impl Environment {
    pub(super) fn inside(outer: &Rc<Self>) -> Self {
        Self {
            outer: Some(outer.clone()),
            ..Self::default()
        }
    }

    pub(super) fn with_parent(outer: &Rc<Self>, value: Val, environment: Rc<Self>) -> Self {
        Self {
            parent: Some((value, environment)),
            ..Self::inside(outer)
        }
    }

    pub(super) fn bind(&self, name: &Rc<str>, value: Val) {
        let mut variables = self.variables.borrow_mut();
        match variables.iter_mut().find(|(known, _)| known == name) {
            Some((_, old)) => *old = value,
            None => variables.push((name.clone(), value)),
        }
    }

    pub(super) fn lookup(&self, name: &str) -> Option<Val> {
        let mut at = Some(self);
        while let Some(environment) = at {
            let variables = environment.variables.borrow();
            if let Some((_, value)) = variables.iter().find(|(known, _)| &**known == name) {
                return Some(value.clone());
            }
            drop(variables);
            at = environment.outer.as_deref();
        }
        None
    }

    pub(super) fn parent(&self) -> Option<(Val, Rc<Self>)> {
        let mut at = Some(self);
        while let Some(environment) = at {
            if let Some(parent) = &environment.parent {
                return Some(parent.clone());
            }
            at = environment.outer.as_deref();
        }
        None
    }

    /// The variables bound between here and `outer`.
    pub(super) fn bound_inside(&self, outer: &Rc<Self>) -> Vec<(Rc<str>, Val)> {
        let mut found: Vec<(Rc<str>, Val)> = Vec::new();
        let mut at = Some(self);
        while let Some(environment) = at {
            if std::ptr::eq(environment, Rc::as_ptr(outer)) {
                break;
            }
            for (name, value) in environment.variables.borrow().iter() {
                if !found.iter().any(|(known, _)| known == name) {
                    found.push((name.clone(), value.clone()));
                }
            }
            at = environment.outer.as_deref();
        }
        found
    }

    /// Lets go of all variables.
    pub(super) fn clear(&self) -> Vec<(Rc<str>, Val)> {
        self.variables.take()
    }
}
