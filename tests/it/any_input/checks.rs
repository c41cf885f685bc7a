//! What holds for any bytes from outside. The property tests beside this file feed it, and so do the targets in `fuzz/`.

use std::path::Path as FilePath;
use std::sync::LazyLock;

use serde_json::{Map, Value, json};
use stepstack::asl::{self, substitute::Names};
use stepstack::diagnostic::{Diagnostic, SourceFile, has_errors};
use stepstack::expr::jsonata::{Bindings, Expression};
use stepstack::expr::path::{Path, Root};
use stepstack::expr::template::Roots;
use stepstack::expr::{intrinsic, path_eval};
use stepstack::{engine, stack, tree};

/// What expressions see where the bytes give no data.
static DATA: LazyLock<Value> = LazyLock::new(|| {
    json!({
        "a": { "b": [1, 2, { "c": "x" }], "text": "a,b c" }, "list": [3, 1, 2], "n": -7.5, "none": null,
        "people": [{ "name": "Ann", "age": 30 }, { "name": "Bob" }], "json": "{\"k\":[1]}", "base": "YQ==",
    })
});

/// The part before the first line break and, if it is JSON, the part after it.
fn expression_and_data(bytes: &[u8]) -> (String, Value) {
    let text = String::from_utf8_lossy(bytes);
    let (expression, data) = text.split_once('\n').unwrap_or((&text, ""));
    let data = serde_json::from_str(data).unwrap_or_else(|_| DATA.clone());
    (expression.to_owned(), data)
}

/// A definition, as JSON and as YAML: findings point into the text, and what has no errors can be run.
pub fn definition(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    for name in ["a.asl.json", "a.asl.yaml"] {
        let file = SourceFile::new(name, text.as_ref());
        let (tree, mut found) = tree::parse(&file);
        if let Some(tree) = tree {
            let mut names = Names::new("aws", "us-east-1", "000000000000");
            names.function("F", "s-F", "arn:aws:lambda:us-east-1:000000000000:function:s-F");
            names.parameter("p", 3);
            let prepared = asl::prepare(&tree, &names);
            match &prepared.machine {
                Some(machine) => drop(engine::unsupported(machine)),
                None => assert!(has_errors(&prepared.diagnostics), "no machine and no reason"),
            }
            if has_errors(&prepared.diagnostics) {
                let _ = asl::aws_message(&prepared.diagnostics);
            }
            found.extend(prepared.diagnostics);
        }
        check_spans(&found);
    }
}

fn check_spans(found: &[Diagnostic]) {
    for span in found.iter().filter_map(|found| found.span.as_ref()) {
        let text = span.file.text.get(span.range.clone());
        assert!(text.is_some(), "{:?} is no range of the text", span.range);
        span.file.line_column(span.range.start);
    }
}

/// A JSONPath and the data it is applied to: it is shown as it was written.
pub fn path(bytes: &[u8]) {
    let (text, data) = expression_and_data(bytes);
    let Ok(path) = Path::parse(&text) else {
        return;
    };
    let shown = path.to_string();
    assert_eq!(Path::parse(&shown).as_ref(), Ok(&path), "{shown:?}");
    if path.root() == &Root::Data {
        let found = path_eval::evaluate(&path, &data);
        assert!(found.is_ok() || path.is_definite() || !path.segments().is_empty());
    }
}

struct DataRoots(Value);

impl Roots for DataRoots {
    fn data(&self) -> &Value {
        &self.0
    }

    fn context(&self) -> &Value {
        &self.0
    }

    fn variable(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    fn random(&self) -> u64 {
        17
    }
}

/// A call of an intrinsic function: what gives a value was well formed, and gives it again.
pub fn intrinsic(bytes: &[u8]) {
    let (call, data) = expression_and_data(bytes);
    let roots = DataRoots(data);
    let value = intrinsic::evaluate(&call, &roots);
    if value.is_ok() {
        assert_eq!(intrinsic::check(&call), Ok(()));
    }
    assert_eq!(value, intrinsic::evaluate(&call, &roots));
}

/// A JSONata expression: it always gives the same.
pub fn jsonata(bytes: &[u8]) {
    let (text, data) = expression_and_data(bytes);
    let Ok(expression) = Expression::parse(&text) else {
        return;
    };
    let states = json!({ "input": data, "context": { "Execution": { "Name": "e" } } });
    let variables = Map::from_iter([("v".to_owned(), json!([1, "two"]))]);
    let bindings = Bindings {
        states: &states,
        variables: &variables,
        now_millis: 1_700_000_000_000,
    };
    let value = expression.evaluate(&bindings, 5);
    assert_eq!(value, expression.evaluate(&bindings, 5));
}

/// A stack file in a folder of its own; it names no files, or such that are not there.
pub fn stack_file(bytes: &[u8], folder: &FilePath) {
    let file = folder.join("stack.yaml");
    std::fs::write(&file, bytes).unwrap();
    let (stack, found) = stack::load(&file, &[("p".to_owned(), "1".to_owned())]);
    assert!(stack.is_some() || has_errors(&found), "no stack and no reason");
    check_spans(&found);
}
