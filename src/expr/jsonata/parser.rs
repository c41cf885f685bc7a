//! The reader of expressions: top-down operator precedence, as the reference implementation reads them.

use std::rc::Rc;

use super::ast::{Kind, Lambda, Node, Stage, Transform};
use super::error::{Fallible, error, fail, too_deep};
use super::lexer::{Lexer, Token};
use super::reach::Reach;
use super::regex::Regex;
use super::signature::Signature;

/// Reads a whole expression.
pub(super) fn parse(text: &str, reach: Reach) -> Fallible<Node> {
    let mut parser = Parser {
        lexer: Lexer::new(text),
        token: Token::End,
        unended: false,
        depth: 0,
        deepest: reach.nesting,
    };
    parser.advance(false)?;
    let node = parser.expression(0)?;
    match parser.token {
        Token::End if parser.unended => fail("S0207", "Unexpected end of expression"),
        Token::End => Ok(node),
        ref token => fail("S0201", format!("Syntax error: {}", token.quoted())),
    }
}

struct Parser<'a> {
    lexer: Lexer<'a>,
    /// What comes next.
    token: Token,
    /// The end came where an operand belongs. If a closing sign is missing, too, that is the error.
    unended: bool,
    depth: u32,
    deepest: u32,
}

fn binding_power(token: &Token) -> u32 {
    let Token::Sign(sign) = token else { return 0 };
    match *sign {
        "[" | "(" | "@" | "#" => 80,
        "." => 75,
        "{" => 70,
        "*" | "/" | "%" => 60,
        "+" | "-" | "&" => 50,
        "=" | "!=" | "<" | ">" | "<=" | ">=" | "^" | "~>" | "?:" | "??" | "in" => 40,
        "and" => 30,
        "or" => 25,
        "?" => 20,
        ":=" => 10,
        _ => 0,
    }
}

impl Parser<'_> {
    fn expression(&mut self, power: u32) -> Fallible<Node> {
        self.depth += 1;
        if self.depth > self.deepest {
            return Err(too_deep());
        }
        let first = self.take(true)?;
        let mut left = self.prefix(first)?;
        while power < binding_power(&self.token) {
            let Token::Sign(sign) = self.take(false)? else { break };
            left = self.infix(left, sign)?;
            if left.height > self.deepest {
                return Err(too_deep());
            }
        }
        self.depth -= 1;
        Ok(left)
    }

    fn prefix(&mut self, token: Token) -> Fallible<Node> {
        Ok(Node::new(match token {
            Token::Text(text) => Kind::Text(text.into()),
            Token::Number(number) => Kind::Number(number),
            Token::True => Kind::Bool(true),
            Token::False => Kind::Bool(false),
            Token::Null => Kind::Null,
            Token::Variable(name) => Kind::Variable(name.into()),
            Token::Name(name) => return Ok(path_of(Node::new(Kind::Name(name.into())))),
            Token::Regex(pattern, flags) => Kind::Regex(Rc::new(Regex::new(&pattern, &flags)?)),
            Token::Sign(word @ ("and" | "or" | "in")) => return Ok(path_of(Node::new(Kind::Name(word.into())))),
            Token::Sign("*") => Kind::Wildcard,
            Token::Sign("**") => Kind::Descendants,
            Token::Sign("%") => Kind::Parent,
            Token::Sign("-") => return self.negation(),
            Token::Sign("(") => return self.block(),
            Token::Sign("[") => return self.array(),
            Token::Sign("{") => Kind::Object(self.pairs()?),
            Token::Sign("|") => return self.transform(),
            Token::Sign(sign) => {
                return fail(
                    "S0211",
                    format!("The symbol \"{sign}\" cannot be used as a unary operator"),
                );
            }
            Token::End => {
                self.unended = true;
                Kind::Null
            }
        }))
    }

    fn infix(&mut self, left: Node, sign: &'static str) -> Fallible<Node> {
        match sign {
            "." => {
                let right = self.expression(75)?;
                match self.unended {
                    true => Ok(left),
                    false => join(left, right),
                }
            }
            "[" => self.predicate(left),
            "(" => self.call(left),
            "{" => self.group(left),
            "^" => self.sort(left),
            "@" => self.focus(left),
            "#" => self.index(left),
            "?" => {
                let then = self.expression(0)?;
                let otherwise = match self.token == Token::Sign(":") {
                    true => {
                        self.advance(false)?;
                        Some(Box::new(self.expression(0)?))
                    }
                    false => None,
                };
                Ok(Node::new(Kind::Condition(Box::new(left), Box::new(then), otherwise)))
            }
            "?:" => Ok(Node::new(Kind::Elvis(Box::new(left), Box::new(self.expression(0)?)))),
            "??" => Ok(Node::new(Kind::Coalesce(Box::new(left), Box::new(self.expression(0)?)))),
            ":=" => {
                let name = match left.kind {
                    Kind::Variable(name) if left.predicates.is_empty() => name,
                    _ => return fail("S0212", "The left side of := must be a variable name (start with $)"),
                };
                let value = self.expression(9)?;
                Ok(Node::new(Kind::Bind(name, Box::new(value))))
            }
            "~>" => {
                let right = self.expression(40)?;
                let keep = left.keep_array || right.keep_array;
                let mut node = Node::new(Kind::Apply(Box::new(left), Box::new(right)));
                node.keep_array = keep;
                Ok(node)
            }
            sign => {
                let right = self.expression(binding_power(&Token::Sign(sign)))?;
                Ok(Node::new(Kind::Binary(sign, Box::new(left), Box::new(right))))
            }
        }
    }

    fn negation(&mut self) -> Fallible<Node> {
        let inner = self.expression(70)?;
        Ok(match inner.kind {
            Kind::Number(number) => Node::new(Kind::Number(-number)),
            _ => Node::new(Kind::Negate(Box::new(inner))),
        })
    }

    fn block(&mut self) -> Fallible<Node> {
        let mut parts = Vec::new();
        while self.token != Token::Sign(")") {
            parts.push(self.expression(0)?);
            if self.token != Token::Sign(";") {
                break;
            }
            self.advance(false)?;
        }
        self.expect(")", true)?;
        let cons = parts.iter().any(|part| match &part.kind {
            Kind::Path { steps, .. } => steps.first().is_some_and(|step| step.cons_array),
            _ => part.cons_array,
        });
        let mut node = Node::new(Kind::Block(parts));
        node.cons_array = cons;
        Ok(node)
    }

    fn array(&mut self) -> Fallible<Node> {
        let mut items = Vec::new();
        while !items.is_empty() || self.token != Token::Sign("]") {
            let mut item = self.expression(0)?;
            if self.token == Token::Sign("..") {
                self.advance(false)?;
                let to = self.expression(0)?;
                item = Node::new(Kind::Binary("..", Box::new(item), Box::new(to)));
            }
            items.push(item);
            if self.token != Token::Sign(",") {
                break;
            }
            self.advance(false)?;
        }
        self.expect("]", true)?;
        Ok(Node::new(Kind::Array(items)))
    }

    fn pairs(&mut self) -> Fallible<Vec<(Node, Node)>> {
        let mut pairs = Vec::new();
        while self.token != Token::Sign("}") {
            let key = self.expression(0)?;
            self.expect(":", false)?;
            pairs.push((key, self.expression(0)?));
            if self.token != Token::Sign(",") {
                break;
            }
            self.advance(false)?;
        }
        self.expect("}", true)?;
        Ok(pairs)
    }

    fn transform(&mut self) -> Fallible<Node> {
        let pattern = self.expression(0)?;
        self.expect("|", false)?;
        let update = self.expression(0)?;
        let mut delete = None;
        if self.token == Token::Sign(",") {
            self.advance(false)?;
            delete = Some(self.expression(0)?);
        }
        self.expect("|", true)?;
        Ok(Node::new(Kind::Transform(Rc::new(Transform {
            pattern,
            update,
            delete,
        }))))
    }

    /// `[…]` after something.
    fn predicate(&mut self, mut left: Node) -> Fallible<Node> {
        if self.token == Token::Sign("]") {
            self.advance(true)?;
            left.keep_array = true;
            if let Kind::Path { steps, keep_singleton } = &mut left.kind {
                *keep_singleton = true;
                if let Some(step) = steps.last_mut() {
                    step.keep_array = true;
                }
            }
            return Ok(left);
        }
        let filter = self.expression(0)?;
        self.expect("]", true)?;
        let (height, seeks_parent) = (filter.height, filter.seeks_parent);
        left.adopted(height, seeks_parent);
        let grouped = left.group.is_some();
        match last_step(&mut left) {
            // A filter after `{…}` filters the last step before the grouping, as in the reference implementation.
            Some(step) if step.group.is_none() => {
                step.adopted(height, seeks_parent);
                step.stages.push(Stage::Filter(filter));
            }
            None if !grouped => left.predicates.push(filter),
            _ => return fail("S0209", "A predicate cannot follow a grouping expression in a step"),
        }
        Ok(left)
    }

    fn call(&mut self, left: Node) -> Fallible<Node> {
        let mut arguments = Vec::new();
        while !arguments.is_empty() || self.token != Token::Sign(")") {
            if self.token == Token::Sign("?") {
                self.advance(true)?;
                arguments.push(None);
            } else {
                arguments.push(Some(self.expression(0)?));
            }
            if self.token != Token::Sign(",") {
                break;
            }
            self.advance(false)?;
        }
        self.expect(")", true)?;
        if is_function_keyword(&left) {
            return self.lambda(arguments);
        }
        let left = Box::new(left);
        Ok(Node::new(if arguments.iter().any(Option::is_none) {
            Kind::Partial(left, arguments)
        } else {
            Kind::Call(left, arguments.into_iter().flatten().collect())
        }))
    }

    fn lambda(&mut self, arguments: Vec<Option<Node>>) -> Fallible<Node> {
        let mut parameters = Vec::new();
        for (index, argument) in arguments.into_iter().enumerate() {
            match argument.map(|node| node.kind) {
                Some(Kind::Variable(name)) => parameters.push(name),
                _ => {
                    return fail(
                        "S0208",
                        format!(
                            "Parameter {} of function definition must be a variable name (start with $)",
                            index + 1
                        ),
                    );
                }
            }
        }
        let signature = match self.token == Token::Sign("<") {
            true => Some(self.signature()?),
            false => None,
        };
        self.expect("{", false)?;
        let body = self.expression(0)?;
        self.expect("}", true)?;
        Ok(Node::new(Kind::Lambda(Rc::new(Lambda {
            parameters,
            signature,
            body,
        }))))
    }

    fn signature(&mut self) -> Fallible<Signature> {
        let (mut text, mut depth) = (String::new(), 0);
        loop {
            let token = self.take(false)?;
            match token {
                Token::End | Token::Sign("{") => {
                    return fail("S0202", format!("Expected \">\", got {}", token.quoted()));
                }
                Token::Sign("<") => depth += 1,
                Token::Sign(">") => depth -= 1,
                _ => {}
            }
            text.push_str(&token.shown());
            if depth == 0 {
                return Signature::parse(&text);
            }
        }
    }

    fn group(&mut self, mut left: Node) -> Fallible<Node> {
        let pairs = self.pairs()?;
        if left.group.is_some() {
            return fail("S0210", "Each step can only have one grouping expression");
        }
        for (key, value) in &pairs {
            left.adopted(key.height.max(value.height), key.seeks_parent || value.seeks_parent);
        }
        left.group = Some(pairs);
        Ok(left)
    }

    fn sort(&mut self, left: Node) -> Fallible<Node> {
        self.expect("(", false)?;
        let mut terms = Vec::new();
        loop {
            let descending = self.token == Token::Sign(">");
            if descending || self.token == Token::Sign("<") {
                self.advance(false)?;
            }
            terms.push((self.expression(0)?, descending));
            if self.token != Token::Sign(",") {
                break;
            }
            self.advance(false)?;
        }
        self.expect(")", true)?;
        let mut path = path_of(left);
        let sort = Node::new(Kind::Sort(terms));
        path.adopted(sort.height, sort.seeks_parent);
        if let Kind::Path { steps, .. } = &mut path.kind {
            steps.push(sort);
        }
        Ok(path)
    }

    fn focus(&mut self, left: Node) -> Fallible<Node> {
        let name = self.binding("@")?;
        let mut path = path_of(left);
        if let Some(step) = last_step(&mut path) {
            if !step.stages.is_empty() || !step.predicates.is_empty() {
                return fail(
                    "S0215",
                    "A context variable binding must precede any predicates on a step",
                );
            }
            if matches!(step.kind, Kind::Sort(_)) {
                return fail(
                    "S0216",
                    "A context variable binding must precede the 'order-by' clause on a step",
                );
            }
            step.focus = Some(name);
        }
        Ok(path)
    }

    fn index(&mut self, left: Node) -> Fallible<Node> {
        let name = self.binding("#")?;
        let mut path = path_of(left);
        if let Some(step) = last_step(&mut path) {
            if step.stages.is_empty() {
                step.index = Some(name);
            } else {
                step.stages.push(Stage::Index(name));
            }
        }
        Ok(path)
    }

    fn binding(&mut self, sign: &str) -> Fallible<Rc<str>> {
        match self.expression(80)?.kind {
            Kind::Variable(name) => Ok(name),
            _ => fail(
                "S0214",
                format!("The right side of \"{sign}\" must be a variable name (start with $)"),
            ),
        }
    }

    fn advance(&mut self, infix: bool) -> Fallible<()> {
        self.take(infix).map(|_| ())
    }

    /// The token at hand; `infix` says what may come after it.
    fn take(&mut self, infix: bool) -> Fallible<Token> {
        let next = self.lexer.next(infix)?;
        Ok(std::mem::replace(&mut self.token, next))
    }

    fn expect(&mut self, sign: &'static str, infix: bool) -> Fallible<()> {
        match &self.token {
            token if *token == Token::Sign(sign) => self.advance(infix),
            Token::End => Err(error("S0203", format!("Expected \"{sign}\" before end of expression"))),
            token => Err(error("S0202", format!("Expected \"{sign}\", got {}", token.quoted()))),
        }
    }
}

fn is_function_keyword(node: &Node) -> bool {
    let Kind::Path { steps, .. } = &node.kind else {
        return false;
    };
    match steps.as_slice() {
        [step] => matches!(&step.kind, Kind::Name(name) if matches!(&**name, "function" | "λ")),
        _ => false,
    }
}

fn last_step(node: &mut Node) -> Option<&mut Node> {
    match &mut node.kind {
        Kind::Path { steps, .. } => steps.last_mut(),
        _ => None,
    }
}

/// A node as a path of one step.
fn path_of(mut node: Node) -> Node {
    if matches!(node.kind, Kind::Path { .. }) {
        return node;
    }
    step_from(&mut node);
    Node::new(Kind::Path {
        keep_singleton: node.keep_array,
        steps: vec![node],
    })
}

/// What filters a value filters a step.
fn step_from(node: &mut Node) {
    let filters = std::mem::take(&mut node.predicates).into_iter().map(Stage::Filter);
    node.stages.splice(0..0, filters);
}

/// `left.right`
fn join(left: Node, mut right: Node) -> Fallible<Node> {
    let height = right.height.max(left.height);
    let seeks_parent = right.seeks_parent || left.seeks_parent;
    let (mut steps, group) = match left.kind {
        // A grouping in the middle of a path applies at its end, as in the reference implementation.
        Kind::Path { steps, .. } => (steps, left.group),
        _ => (vec![left], None),
    };
    match right.kind {
        Kind::Path { steps: more, .. } => steps.extend(more),
        _ => {
            step_from(&mut right);
            steps.push(right);
        }
    }
    for step in &mut steps {
        match &step.kind {
            Kind::Number(number) => return literal_step(&number.to_string()),
            Kind::Bool(value) => return literal_step(&value.to_string()),
            Kind::Null => return literal_step("null"),
            Kind::Text(text) => step.kind = Kind::Name(text.clone()),
            _ => {}
        }
    }
    let keep_singleton = steps.iter().any(|step| step.keep_array);
    let last = steps.len().saturating_sub(1);
    for at in [0, last] {
        if let Some(step) = steps.get_mut(at)
            && matches!(step.kind, Kind::Array(_))
        {
            step.cons_array = true;
        }
    }
    let mut node = Node::new(Kind::Path { steps, keep_singleton });
    node.group = group;
    node.adopted(height, seeks_parent);
    Ok(node)
}

fn literal_step(value: &str) -> Fallible<Node> {
    fail(
        "S0213",
        format!("The literal value {value} cannot be used as a step within a path expression"),
    )
}
