//! How deep an expression may be read and evaluated, and on which stack. Nearly all expressions are shallow: they are tried on
//! the stack at hand, within a reach that it surely has room for. Only those that need more are started again on a thread with
//! a large stack; that changes nothing, since reading and evaluating have no effects and get their randomness from outside.

use super::error::{Fallible, JsonataError, error, too_deep};

/// How deep reading and evaluating may recurse.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Reach {
    /// How deep expressions may nest, both in the text and as a tree. Longer chains (`1 + 1 + 1 …`) are deep trees, too.
    pub(super) nesting: u32,
    /// How deep evaluation may recurse.
    pub(super) depth: u32,
}

/// What fits on any thread. See the test for how much stack that is.
const NEAR: Reach = Reach { nesting: 20, depth: 40 };

/// The most: about a thousand calls that are not in tail position.
const FAR: Reach = Reach {
    nesting: 400,
    depth: 4000,
};

/// The stack for [`FAR`], in bytes, enough without optimisation. Only what is used takes memory.
const STACK: usize = 512 << 20;

/// Runs something that recurses, here if it is shallow, else on a stack that is large enough.
pub(super) fn within<T: Send>(work: impl Fn(Reach) -> Fallible<T> + Sync) -> Fallible<T> {
    match work(NEAR) {
        Err(error) if is_too_deep(&error) => on_own_stack(|| work(FAR)),
        result => result,
    }
}

fn is_too_deep(error: &JsonataError) -> bool {
    error.code == too_deep().code
}

fn on_own_stack<T: Send>(work: impl FnOnce() -> Fallible<T> + Send) -> Fallible<T> {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new()
            .name("jsonata".to_owned())
            .stack_size(STACK)
            .spawn_scoped(scope, work);
        match thread.map(|thread| thread.join()) {
            Ok(Ok(result)) => result,
            Ok(Err(_)) => Err(error("U1000", "Evaluation failed unexpectedly")),
            Err(problem) => Err(error(
                "U1000",
                format!("No thread could be started for the evaluation: {problem}"),
            )),
        }
    })
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use super::*;
    use crate::expr::jsonata::value::Val;
    use crate::expr::jsonata::{Environment, evaluate_in};

    /// What the near reach may use: half of the stack of a thread of the async runtime or of a test.
    const NEAR_STACK: usize = 1 << 20;

    #[test]
    fn the_near_reach_needs_little_stack() {
        let nested =
            |before: &str, inside: &str, after: &str| format!("{}{inside}{}", before.repeat(300), after.repeat(300));
        for text in [
            nested("(", "1", ")"),
            nested("[", "1", "]"),
            nested("{'a': ", "1", "}"),
            nested("-", "$a", ""),
            nested("$map([1], function($x) { ", "1", " })"),
            nested("a[", "1", "]"),
            nested("a.(", "1", ")"),
            nested("a{'x': ", "1", "}"),
            nested("a^(", "1", ")"),
            nested("a@$b.(", "1", ")"),
            nested("1 ? ", "1", " : 2"),
            nested("$sum(", "1", ")"),
            "($f := function($n) { 1 + $f($n) }; $f(1))".to_owned(),
            "($f := function($n) { $map([1], $f) }; $f(1))".to_owned(),
            "($f := function($n) { $sort([2, 1], function($a, $b) { $f($a) }) }; $f(1))".to_owned(),
            "($f := function($n) { [1, 2]^($f($)) }; $f(1))".to_owned(),
            "($f := function($n) { [1, 2].{'a': $f($)} }; $f(1))".to_owned(),
            "($f := function($n) { [1, 2]#$i.($f($)) }; $f(1))".to_owned(),
            "($f := function($n) { [1, 2][$f($)] }; $f(1))".to_owned(),
            "($f := function($n) { $replace('a', /a/, $f) }; $f(1))".to_owned(),
            "($f := function($n) { {'a': 1} ~> |$|$f($)| }; $f(1))".to_owned(),
            // Deep values, made without depth.
            "$reduce([1..450], function($a, $b) { [$a] })".to_owned(),
            "$string($reduce([1..450], function($a, $b) { {'a': $a} }))".to_owned(),
            "($a := $reduce([1..450], function($a, $b) { [$a] }); $a = $a)".to_owned(),
        ] {
            let run = || evaluate_in(&text, &Val::Undefined, Rc::new(Environment::default()), 1, 0, NEAR).map(|_| ());
            std::thread::scope(|scope| {
                let thread = std::thread::Builder::new()
                    .stack_size(NEAR_STACK)
                    .spawn_scoped(scope, run);
                // An overflow would end the process.
                let _ = thread.map(|thread| thread.join());
            });
        }
    }
}
