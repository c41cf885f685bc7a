//! Signatures of functions, `<s-n?:s>`, and the arguments they let through.

use super::error::{Fallible, error, fail};
use super::value::{Array, Val};

/// The types of parameters; what a function returns is not checked.
#[derive(Clone, Debug, Default)]
pub(super) struct Signature(Vec<Parameter>);

#[derive(Clone, Debug, Default)]
struct Parameter {
    /// The letters of the types that fit.
    types: String,
    array: bool,
    subtype: Option<char>,
    /// `-`: the context stands in for a missing argument.
    context: bool,
    optional: bool,
    repeated: bool,
}

impl Signature {
    pub(super) fn parse(text: &str) -> Fallible<Self> {
        let mut parameters: Vec<Parameter> = Vec::new();
        let mut symbols = text.chars().skip(1).peekable();
        while let Some(symbol) = symbols.next() {
            let mut add = |types: &str| {
                parameters.push(Parameter {
                    types: types.to_owned(),
                    array: symbol == 'a',
                    ..Parameter::default()
                });
            };
            match symbol {
                ':' => break,
                's' | 'n' | 'b' | 'l' | 'o' => add(&format!("{symbol}m")),
                'a' | 'x' => add("asnblfom"),
                'j' => add("asnblom"),
                'f' => add("f"),
                '(' => {
                    let choice: String = std::iter::from_fn(|| symbols.next_if(|c| *c != ')')).collect();
                    symbols.next();
                    if choice.contains('<') {
                        return fail(
                            "S0402",
                            "Choice groups containing parameterized types are not supported",
                        );
                    }
                    add(&format!("{choice}m"));
                }
                '<' => {
                    let last = parameters.last_mut().filter(|last| last.array || last.types == "f");
                    let Some(last) = last else {
                        return fail("S0401", "Type parameters can only be applied to functions and arrays");
                    };
                    last.subtype = symbols.peek().copied().filter(|_| last.array);
                    let mut depth = 1;
                    while depth > 0 {
                        match symbols.next() {
                            Some('<') => depth += 1,
                            Some('>') => depth -= 1,
                            Some(_) => {}
                            None => break,
                        }
                    }
                }
                '-' | '?' | '+' => {
                    if let Some(last) = parameters.last_mut() {
                        match symbol {
                            '-' => last.context = true,
                            '?' => last.optional = true,
                            _ => last.repeated = true,
                        }
                    }
                }
                _ => {}
            }
        }
        Ok(Self(parameters))
    }

    /// How many parameters there are.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// The arguments as the function takes them, or an error that names the function.
    pub(super) fn validate(&self, name: Option<&str>, arguments: Vec<Val>, context: &Val) -> Fallible<Vec<Val>> {
        let name = name.map_or_else(|| "undefined".to_owned(), |name| format!("\"{name}\""));
        let symbols: Vec<char> = arguments.iter().map(symbol).collect();
        let Some(counts) = self.matched(&symbols, 0, 0) else {
            let good = self.matched_until(&symbols);
            return fail(
                "T0410",
                format!(
                    "Argument {} of function {name} does not match function signature",
                    good + 1
                ),
            );
        };
        let mut valid = Vec::with_capacity(self.0.len());
        let mut given = arguments.into_iter();
        let mut index = 0;
        for (parameter, count) in self.0.iter().zip(counts) {
            if count == 0 {
                if !parameter.context {
                    // A function sees no difference between an argument left out and undefined.
                    valid.push(Val::Undefined);
                } else if parameter.types.contains(symbol(context)) {
                    valid.push(context.clone());
                } else {
                    return fail(
                        "T0411",
                        format!(
                            "Context value is not a compatible type with argument {} of function {name}",
                            index + 1
                        ),
                    );
                }
            }
            for argument in given.by_ref().take(count) {
                index += 1;
                valid.push(parameter.fitted(argument, &name, index)?);
            }
        }
        Ok(valid)
    }

    /// How many arguments each parameter takes, as a greedy regular expression would have it. Parameters are few.
    fn matched(&self, symbols: &[char], parameter: usize, at: usize) -> Option<Vec<usize>> {
        let Some(this) = self.0.get(parameter) else {
            return (at == symbols.len()).then(Vec::new);
        };
        let fits = symbols
            .iter()
            .skip(at)
            .take_while(|symbol| this.types.contains(**symbol))
            .count();
        let most = if this.repeated { fits } else { fits.min(1) };
        let least = usize::from(!(this.optional || this.context));
        (least..=most).rev().find_map(|count| {
            let mut rest = self.matched(symbols, parameter + 1, at + count)?;
            rest.insert(0, count);
            Some(rest)
        })
    }

    fn matched_until(&self, symbols: &[char]) -> usize {
        let mut good = 0;
        for parameter in &self.0 {
            match symbols.get(good) {
                Some(symbol) if parameter.types.contains(*symbol) => good += 1,
                _ if parameter.optional || parameter.context => {}
                _ => break,
            }
        }
        good
    }
}

impl Parameter {
    fn fitted(&self, argument: Val, name: &str, index: usize) -> Fallible<Val> {
        if !self.array || matches!(argument, Val::Undefined) {
            return Ok(argument);
        }
        let wrong = |subtype: char| {
            let types = match subtype {
                'a' => "arrays",
                'b' => "booleans",
                'f' => "functions",
                'n' => "numbers",
                'o' => "objects",
                _ => "strings",
            };
            error(
                "T0412",
                format!("Argument {index} of function {name} must be an array of \"{types}\""),
            )
        };
        match &argument {
            Val::Array(array) => match self.subtype {
                Some(subtype) if array.items.iter().any(|item| symbol(item) != subtype) => Err(wrong(subtype)),
                _ => Ok(argument),
            },
            single => match self.subtype {
                Some(subtype) if symbol(single) != subtype => Err(wrong(subtype)),
                _ => Array::plain(vec![argument]),
            },
        }
    }
}

fn symbol(value: &Val) -> char {
    match value {
        Val::Undefined => 'm',
        Val::Null => 'l',
        Val::Bool(_) => 'b',
        Val::Number(_) => 'n',
        Val::Text(_) => 's',
        Val::Array(_) => 'a',
        Val::Object(_) => 'o',
        Val::Function(_) => 'f',
    }
}
