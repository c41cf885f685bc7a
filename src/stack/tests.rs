#![allow(clippy::unwrap_used)]

use std::fs;

use proptest::prelude::*;
use serde_json::json;
use tempfile::TempDir;

use super::*;

/// A folder with code and definitions that the stacks below may name.
fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in [
        ("code/index.js", ""),
        ("code/app.py", ""),
        ("lib.zip", ""),
        ("good.asl.json", r#"{"StartAt": "A", "States": {}}"#),
        ("good.yaml", "StartAt: A\nStates: {}\n"),
        ("broken.asl.json", "{\"StartAt\": \"A\",\n}"),
        ("list.json", "[]"),
        ("notes.txt", "{}"),
    ] {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    fs::write(folder.path().join("latin.yaml"), b"a: \xe9").unwrap();
    folder
}

pub(super) fn load_text(text: &str, set: &[(&str, &str)]) -> (Option<Stack>, Vec<String>) {
    let folder = folder();
    let file = folder.path().join("stack.yaml");
    fs::write(&file, text).unwrap();
    let set: Vec<_> = set
        .iter()
        .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
        .collect();
    let (stack, mut found) = load(&file, &set);
    found.sort_by_key(|found| {
        found
            .span
            .as_ref()
            .map(|span| (span.file.name.clone(), span.range.start))
    });
    let folder = format!("{}/", folder.path().display());
    let lines = found.iter().map(|found| {
        let place = found.span.as_ref().map_or("-".to_owned(), |span| format!("{span:?}"));
        let hints: String = found.hints.iter().map(|hint| format!(" ({hint})")).collect();
        let line = format!("{place} {} {}{hints}", found.code, found.message);
        line.replace(&folder, "").replace("stack.yaml:", "")
    });
    (stack, lines.collect())
}

/// Loads a stack file and compares the findings, `line:col code message (hints)` each.
pub(super) fn check(text: &str, expected: &[&str]) {
    check_set(text, &[], expected);
}

fn check_set(text: &str, set: &[(&str, &str)], expected: &[&str]) {
    let (_, found) = load_text(text, set);
    assert_eq!(found, expected, "{text}");
}

/// The body of a stack `s` with one function `F` that has these lines besides the required ones.
fn function(lines: &str) -> String {
    format!("name: s\nfunctions:\n  F:\n    code: code\n    runtime: nodejs22.x\n    handler: index.handler\n{lines}")
}

#[test]
fn a_whole_stack_is_read() {
    let (stack, found) = load_text(
        r#"
name: demo
description: d
tags: { team: a, cost: 1.10 }
parameters:
  seconds: 5
  topic: { default: [1], description: which }
functions:
  Open:
    code: code
    runtime: python3.12
    handler: app.handler
    timeout: 10
    memory: 256
    environment: { AA: 1.10, BB: true, CC: "x", DD: "${Other.Arn}", EE: 007, FF: 123456789012345678901 }
    architecture: arm64
    layers: ["arn:aws:lambda:us-east-1:123456789012:layer:x:1"]
    logRetention: 7
    role: arn:aws:iam::123456789012:role/path/x
    tags: { cost: 2 }
  Other: { name: other, code: ./lib.zip, runtime: provided.al2023, role: R }
roles:
  R:
    path: /a/
    managedPolicies: ["arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"]
    statements: [{ Effect: Allow, Action: "*", Resource: "*" }]
stateMachines:
  M:
    definition: good.asl.json
    logging: { level: ERROR, includeExecutionData: true }
    tracing: true
  E: { definition: { StartAt: A }, type: EXPRESS, name: e.x }
start: { stateMachine: M, input: [1] }
"#,
        &[("seconds", "6")],
    );
    assert_eq!(found, Vec::<String>::new());
    let stack = stack.unwrap();
    assert_eq!((stack.name.as_str(), stack.description.as_deref()), ("demo", Some("d")));
    assert_eq!(json!(stack.tags), json!({"team": "a", "cost": "1.10"}));
    assert_eq!(stack.parameters["seconds"].value, json!(6));
    assert_eq!(stack.parameters["topic"].value, json!([1]));
    assert_eq!(stack.parameters["topic"].description.as_deref(), Some("which"));
    let open = &stack.functions["Open"];
    assert_eq!((open.name.as_str(), open.timeout, open.memory), ("demo-Open", 10, 256));
    assert!(open.code.ends_with("code"));
    assert_eq!(
        json!(open.environment),
        json!({"AA": "1.10", "BB": "true", "CC": "x", "DD": "${Other.Arn}", "EE": "007", "FF": "123456789012345678901"})
    );
    assert_eq!(
        (open.architecture.as_deref(), open.log_retention, open.layers.len()),
        (Some("arm64"), Some(7), 1)
    );
    assert_eq!(open.role.as_deref(), Some("arn:aws:iam::123456789012:role/path/x"));
    let other = &stack.functions["Other"];
    assert_eq!((other.name.as_str(), other.handler.as_str()), ("other", "bootstrap"));
    assert_eq!(
        (other.timeout, other.memory, other.role.as_deref()),
        (3, 128, Some("R"))
    );
    assert_eq!(
        (stack.roles["R"].name.as_str(), stack.roles["R"].path.as_str()),
        ("demo-R", "/a/")
    );
    assert_eq!(stack.roles["R"].statements[0]["Effect"], "Allow");
    let machine = &stack.state_machines["M"];
    assert_eq!(
        (machine.name.as_str(), machine.kind, machine.tracing),
        ("demo-M", model::MachineKind::Standard, true)
    );
    assert_eq!(machine.definition.get("StartAt").unwrap().as_str(), Some("A"));
    assert!(format!("{:?}", machine.definition.span).ends_with("good.asl.json:1:1)"));
    assert_eq!(
        machine.logging.as_ref().map(|logging| logging.include_execution_data),
        Some(true)
    );
    assert_eq!(stack.state_machines["E"].kind, model::MachineKind::Express);
    let start = stack.start.unwrap();
    assert_eq!((start.state_machine.as_str(), start.input), ("M", json!([1])));
}

#[test]
fn the_call_center_loads_without_findings() {
    let (stack, found) = load(Path::new("stacks/call-center.yaml"), &[]);
    assert_eq!(found, []);
    let stack = stack.unwrap();
    assert_eq!(stack.functions["OpenCaseFunction"].name, "call-center-OpenCaseFunction");
    assert_eq!(
        stack.roles["step_functions_basic_execution"].name,
        "step_functions_basic_execution"
    );
    assert_eq!(
        stack.state_machines["CallCenter"]
            .definition
            .get("StartAt")
            .unwrap()
            .as_str(),
        Some("Open Case")
    );
    assert_eq!(stack.start.unwrap().input, json!({"Case": "001", "Message": ""}));
}

#[test]
fn all_mistakes_come_at_once() {
    check(
        "nam: x\nfunctions:\n  Open:\n    cod: code\n    runtime: nodejs2.x\n    handler: index\n    timeout: long\n    \
         timeout: 5\n  Close: 7\nstart: { stateMachine: M }\ntopics: {}\n",
        &[
            "1:1 missing-key the stack file has no `name`",
            "1:1 unknown-key the stack file has no key `nam` (did you mean `name`?)",
            "3:3 missing-key function `Open` has no `code`",
            "4:5 unknown-key function `Open` has no key `cod` (did you mean `code`?)",
            "5:14 unknown-runtime unknown runtime `nodejs2.x` (did you mean `nodejs22.x`?)",
            "6:14 bad-handler the handler `index` is not of the form that `nodejs2.x` takes \
             (expected FILE.EXPORT, such as `index.handler`)",
            "7:14 wrong-type `timeout`: expected a number, found a string",
            "8:5 duplicate-key the key `timeout` is written twice (it is first written at 7:5)",
            "9:10 wrong-type function `Close`: expected a mapping, found a number",
            "10:24 undefined-reference there is no state machine `M`",
        ],
    );
}

#[test]
fn the_file_itself_may_be_wrong() {
    check("", &["1:1 empty-file `stack.yaml` is empty"]);
    check(
        "- a",
        &["1:1 wrong-type the stack file: expected a mapping, found a list"],
    );
    check("name: [", &["1:7 syntax unclosed bracket '['"]);
    check(
        "name: s",
        &["1:7 empty-stack the stack has no functions, state machines or other resources"],
    );
    check(
        "name: s\ndescription: 5\nfunctions: []\n",
        &[
            "2:14 wrong-type `description`: expected a string, found a number (put it in quotes: \"5\")",
            "3:12 wrong-type `functions`: expected a mapping, found a list",
        ],
    );
    let folder = folder();
    for (file, expected) in [
        ("stakc.yaml", "missing-file"),
        ("code", "unreadable-file"),
        ("latin.yaml", "unreadable-file"),
        ("lib.zip/x", "missing-file"),
    ] {
        let (stack, found) = load(&folder.path().join(file), &[]);
        assert!(stack.is_none());
        assert_eq!((found.len(), found[0].code), (1, expected));
    }
    let (_, found) = load(&folder.path().join("god.yaml"), &[]);
    assert_eq!(found[0].hints, ["did you mean `good.yaml`?"]);
}

#[test]
fn names_and_ids_have_limits() {
    check(
        "name: 9lives\nroles: {a b: {}}\n",
        &[
            "1:7 bad-name the stack name `9lives` must begin with a letter and hold only letters, digits and `-`",
            "2:9 bad-id the role id `a b` must be 1 to 64 letters, digits, `-` or `_`",
            "2:9 unused-role no function or state machine has the role `a b`",
        ],
    );
    check(
        &format!("name: {}\nroles:\n", "x".repeat(41)),
        &["1:7 bad-name the stack name has 41 characters, at most 40 are allowed"],
    );
    let long = "x".repeat(40);
    let id = "F".repeat(30);
    check(
        &format!("name: {long}\nfunctions:\n  {id}: {{code: lib.zip, runtime: java21, handler: a.B}}\n"),
        &[&format!(
            "3:3 bad-name the function name `{long}-{id}` has 71 characters, at most 64 are allowed \
         (give function `{id}` a `name` of its own)"
        )],
    );
    check(
        &function("    name: a.b\n"),
        &["7:11 bad-name the function name `a.b` must not hold '.'"],
    );
    check(
        &function("    name: ''\n"),
        &["7:11 bad-name the function name `` is empty"],
    );
    check(
        "name: s\nstateMachines:\n  M: { name: a/b, definition: good.yaml }\n",
        &["3:14 bad-name the state machine name `a/b` must not hold '/'"],
    );
    check(
        "name: s\nstateMachines:\n  M: { name: a+b, definition: good.yaml, logging: { level: ALL } }\n",
        &["3:3 bad-name with `logging`, the name `a+b` must be of letters, digits, `-` and `_`"],
    );
    check(
        &function("    role: X\nroles: {X: {name: s-y}, y: }\n"),
        &[
            "8:25 same-name role `y` has the same name `s-y` as role `X`",
            "8:25 unused-role no function or state machine has the role `y`",
        ],
    );
    check(
        &function("    role: F\nroles: {F: }\n"),
        &["8:9 same-id the id `F` is used by a function and by a role (references could mean either)"],
    );
}

#[test]
fn functions_are_checked() {
    for (lines, expected) in [
        (
            "    timeout: 901\n",
            "7:14 out-of-range `timeout`: expected a whole number from 1 to 900, found 901",
        ),
        (
            "    timeout: 0\n",
            "7:14 out-of-range `timeout`: expected a whole number from 1 to 900, found 0",
        ),
        (
            "    timeout: 1.5\n",
            "7:14 out-of-range `timeout`: expected a whole number from 1 to 900, found 1.5",
        ),
        (
            "    timeout: ${t}\n",
            "7:14 wrong-type `timeout`: expected a number, found a string \
             (references can stand in definitions and in environment values)",
        ),
        (
            "    memory: 127\n",
            "7:13 out-of-range `memory`: expected a whole number from 128 to 10240, found 127",
        ),
        ("    vpc: {}\n", "7:5 not-supported `vpc` is not supported yet"),
        (
            "    logRetention: 8\n",
            "7:19 bad-value CloudWatch Logs cannot keep logs for 8 days (the nearest that it can is 7)",
        ),
        (
            "    architecture: arm\n",
            "7:19 bad-value `architecture`: expected `x86_64` or `arm64`, found `arm` (did you mean `arm64`?)",
        ),
        (
            "    layers: [x]\n",
            "7:14 bad-arn `x` is not an ARN of this kind (e.g. arn:aws:lambda:us-east-1:123456789012:layer:NAME:1)",
        ),
        (
            "    layers: x\n",
            "7:13 wrong-type `layers`: expected a list, found a string",
        ),
        (
            "    role: Rol\nroles: {Role: }\nstateMachines: {M: {definition: good.yaml, role: Role}}\n",
            "7:11 undefined-reference there is no role `Rol` (did you mean `Role`?)",
        ),
        (
            "    role: x\n",
            "7:11 undefined-reference there is no role `x` (name an entry of `roles`, or give the ARN of a role that exists)",
        ),
        (
            "    role: arn:aws:iam::1:role/x\n",
            "7:11 bad-arn `arn:aws:iam::1:role/x` is not an ARN of this kind (e.g. arn:aws:iam::123456789012:role/NAME)",
        ),
    ] {
        check(&function(lines), &[expected]);
    }
    check(
        &format!("{}    description: {}\n", function(""), "x".repeat(257)),
        &["7:18 too-long `description` has 257 characters, at most 256 are allowed"],
    );
    let stack = |lines: &str| format!("name: s\nfunctions:\n  F: {{{lines}}}\n");
    for (lines, expected) in [
        (
            "code: cod, runtime: java21, handler: a.B",
            "3:13 missing-file the code `cod` does not exist (did you mean `code`?)",
        ),
        (
            "code: lib.zip, runtime: nodejs16.x, handler: a.b",
            "3:31 unknown-runtime AWS no longer creates functions with the runtime `nodejs16.x` (did you mean `nodejs22.x`?)",
        ),
        (
            "code: code, runtime: nodejs22.x, handler: src/main.handler",
            "3:49 missing-handler the code has no `src/main.js` for the handler `src/main.handler`",
        ),
        (
            "code: code, runtime: provided.al2",
            "3:3 missing-handler the code has no `bootstrap` for the handler `bootstrap`",
        ),
        (
            "code: code, runtime: python3.13",
            "3:3 missing-key function `F` has no `handler`",
        ),
    ] {
        check(&stack(lines), &[expected]);
    }
}

#[test]
fn environments_are_checked() {
    check(
        &function(
            "    environment: {AWS_REGION: x, AWS_LAMBDA_X: x, AWS_LAMBDA_EXEC_WRAPPER: x, _A: x, B: x, C-D: x}\n",
        ),
        &[
            "7:19 reserved-key the environment key `AWS_REGION` is reserved by Lambda",
            "7:34 reserved-key the environment key `AWS_LAMBDA_X` is reserved by Lambda",
            "7:79 bad-name the environment key `_A` must begin with a letter and hold at least two letters, digits or `_`",
            "7:86 bad-name the environment key `B` must begin with a letter and hold at least two letters, digits or `_`",
            "7:92 bad-name the environment key `C-D` must begin with a letter and hold at least two letters, digits or `_`",
        ],
    );
    check(
        &function("    environment: {AA: [1], BB: }\n"),
        &[
            "7:23 wrong-type environment `AA`: expected a scalar, found a list",
            "7:28 wrong-type environment `BB`: expected a scalar, found null",
        ],
    );
    let long = function(&format!("    environment: {{AA: {}}}\n", "x".repeat(4096)));
    check(
        &long,
        &["3:3 too-large the environment of function `F` has 4105 bytes, at most 4096 are allowed"],
    );
    check(
        &function("    environment: {AA: &a 1.10, BB: *a, CC: !!str 2.50}\n"),
        &[],
    );
}

#[test]
fn tags_are_checked() {
    check(
        &format!(
            "{}tags: {{aws:x: a, stepstack:stack: b, '': c, a: [], b: 'x,y', c: {}}}\n",
            function(""),
            "v".repeat(257)
        ),
        &[
            "7:8 bad-tag the tag key `aws:x` begins with `aws:`, which AWS reserves",
            "7:18 bad-tag the tag key `stepstack:stack` begins with `stepstack:`, which is reserved for stepstack's own tags",
            "7:38 bad-tag the tag key `` is empty",
            "7:48 wrong-type tag `a`: expected a string, found a list",
            "7:55 bad-tag the value of the tag `b` must not hold ','",
            "7:65 bad-tag the value of the tag `c` has 257 characters, at most 256 are allowed",
        ],
    );
    let many: Vec<String> = (0..46).map(|n| format!("t{n}: x")).collect();
    check(
        &function(&format!("    tags: {{t0: y, u: z}}\ntags: {{{}}}\n", many.join(", "))),
        &["3:3 too-many-tags function `F` has 47 tags with those of the stack, at most 46 are allowed"],
    );
}

#[test]
fn roles_are_checked() {
    check(
        "name: s\nfunctions: {F: {code: lib.zip, runtime: java21, handler: a.B, role: R}}\nroles:\n  R:\n    path: x\n    \
         managedPolicies: [AdministratorAccess]\n    statements: [x]\n    trust: {}\n",
        &[
            "5:11 bad-value the path `x` must begin and end with `/` and have at most 512 ASCII characters",
            "6:23 bad-arn `AdministratorAccess` is not an ARN of this kind (e.g. arn:aws:iam::aws:policy/AmazonSNSFullAccess)",
            "7:18 wrong-type the statement of role `R`: expected a mapping, found a string",
            "8:5 unknown-key role `R` has no key `trust` \
             (known keys: name, path, description, managedPolicies, statements, tags)",
        ],
    );
}

#[test]
fn statements_are_checked_before_iam_does() {
    check(
        "name: s\nroles:\n  R:\n    statements:\n    - {Effect: Allow, Action: [a:B], NotResource: '*', Condition: {}, Sid: x}\n    \
         - {actions: [a:B]}\n    - {Effect: allow, Action: [], Resource: {}, NotAction: x}\n",
        &[
            "3:3 unused-role no function or state machine has the role `R`",
            "6:7 missing-key the statement of role `R` has no `Effect`",
            "6:7 missing-key the statement of role `R` needs `Action` or `NotAction`, one of them",
            "6:7 missing-key the statement of role `R` needs `Resource` or `NotResource`, one of them",
            "6:8 unknown-key the statement of role `R` has no key `actions` (did you mean `Action`?)",
            "7:7 missing-key the statement of role `R` needs `Action` or `NotAction`, one of them",
            "7:16 bad-value `Effect` is `Allow` or `Deny`, not `allow`",
            "7:31 wrong-type `Action` and `NotAction` are a string or a list of strings",
            "7:45 wrong-type `Resource` and `NotResource` are a string or a list of strings",
        ],
    );
}

#[test]
fn state_machines_are_checked() {
    let stack = |lines: &str| format!("name: s\nstateMachines:\n  M: {lines}\n");
    for (lines, expected) in [
        ("{}", "3:3 missing-key state machine `M` has no `definition`"),
        (
            "{definition: 5}",
            "3:19 wrong-type `definition`: expected a file or a mapping, found a number",
        ),
        (
            "{definition: goods.asl.json}",
            "3:19 missing-file the definition file `goods.asl.json` does not exist (did you mean `good.asl.json`?)",
        ),
        (
            "{definition: code.json/x.yaml}",
            "3:19 missing-file the definition file `code.json/x.yaml` does not exist",
        ),
        (
            "{definition: latin.yaml}",
            "3:19 unreadable-file the definition file `latin.yaml` is not UTF-8 at byte 3",
        ),
        (
            "{definition: notes.txt}",
            "3:19 bad-definition the definition file `notes.txt` must end in `.asl.json`, `.json`, `.yaml` or `.yml`",
        ),
        (
            "{definition: broken.asl.json}",
            "broken.asl.json:2:1 syntax trailing comma",
        ),
        (
            "{definition: list.json}",
            "list.json:1:1 wrong-type a definition must be a mapping, found a list",
        ),
        (
            "{definition: '{\"StartAt\": \"A\"}'}",
            "3:19 bad-definition `definition`: expected a file or a mapping, found the definition as a text \
             (write it as YAML, or put it into a file of its own)",
        ),
        (
            "{definition: good.yaml, type: express}",
            "3:36 bad-value `type`: expected `STANDARD` or `EXPRESS`, found `express` (did you mean `EXPRESS`?)",
        ),
        (
            "{definition: good.yaml, logging: {}}",
            "3:39 missing-key `logging` has no `level`",
        ),
        (
            "{definition: good.yaml, tracing: yes}",
            "3:39 wrong-type `tracing`: expected `true` or `false`, found a string",
        ),
    ] {
        check(&stack(lines), &[expected]);
    }
}

#[test]
fn start_takes_the_only_state_machine() {
    let start = |text: &str| load_text(&format!("name: s\n{text}"), &[]);
    let (stack, found) = start("stateMachines: {M: {definition: good.yaml}}\nstart:\n");
    assert_eq!(found, Vec::<String>::new());
    let started = stack.unwrap().start.unwrap();
    assert_eq!((started.state_machine.as_str(), started.input), ("M", json!({})));
    for (text, expected) in [
        ("start: {}\n", "2:1 missing-key `start`: the stack has no state machine"),
        (
            "stateMachines: {M: {definition: good.yaml}, N: {definition: good.yaml}}\nstart: {input: 1}\n",
            "3:1 missing-key `start` must say which of the 2 state machines: `stateMachine`",
        ),
        (
            "stateMachines: {Main: {definition: good.yaml}}\nstart: {stateMachine: Mian}\n",
            "3:23 undefined-reference there is no state machine `Mian` (did you mean `Main`?)",
        ),
        (
            "stateMachines: {M: {definition: good.yaml}}\nstart: {machine: M}\n",
            "3:9 unknown-key `start` has no key `machine` (known keys: stateMachine, input)",
        ),
    ] {
        assert_eq!(start(text).1, [expected]);
    }
    let long = format!(
        "stateMachines: {{M: {{definition: good.yaml}}}}\nstart: {{input: {}}}\n",
        "x".repeat(262_143)
    );
    assert_eq!(
        start(&long).1,
        ["3:16 too-large `input` has 262145 bytes, at most 262144 are allowed"]
    );
}

#[test]
fn parameters_take_typed_values() {
    let text = function(
        "parameters: {n: 1, s: '1', b: true, l: [], m: {default: {}}, any: {default: }, r: {description: d}}\n",
    );
    let set = [
        ("n", "2"),
        ("s", "1.10"),
        ("b", "false"),
        ("l", "[1]"),
        ("m", "{\"a\": 1}"),
        ("any", "0x10"),
        ("r", "a: b"),
    ];
    let (stack, found) = load_text(&text, &set);
    assert_eq!(found, Vec::<String>::new());
    let values: serde_json::Map<_, _> = stack
        .unwrap()
        .parameters
        .into_iter()
        .map(|(key, it)| (key, it.value))
        .collect();
    assert_eq!(
        json!(values),
        json!({"n": 2, "s": "1.10", "b": false, "l": [1], "m": {"a": 1}, "any": 16, "r": "a: b"})
    );

    check_set(
        &text,
        &[("r", ""), ("n", "x"), ("nn", "1"), ("l", "[")],
        &[
            "- bad-value `--set l=[`: not valid JSON: EOF while parsing a list at line 1 column 1",
            "- unknown-parameter `--set nn=1`: the stack has no parameter `nn` (did you mean `n`?)",
            "7:14 wrong-type `--set n=x`: expected a number as the default, found a string",
        ],
    );
    check(
        &text,
        &["7:80 missing-parameter the parameter `r` has no value (give it a `default`, or `--set r=…`)"],
    );
    check(
        &function("parameters: {a.b: 1, c: {defualt: 1}}\n"),
        &[
            "7:14 bad-id the parameter name `a.b` must be 1 to 64 letters, digits, `-` or `_`",
            "7:22 missing-parameter the parameter `c` has no value (give it a `default`, or `--set c=…`)",
            "7:26 unknown-key parameter `c` has no key `defualt` (did you mean `default`?)",
        ],
    );
    for key in ["topics", "queues", "tables", "outputs"] {
        check(
            &function(&format!("{key}: []\n")),
            &[&format!(
                "7:{} wrong-type `{key}`: expected a mapping, found a list",
                key.len() + 3
            )],
        );
    }
}

proptest! {
    #[test]
    fn a_mutated_stack_file_never_panics(cut in 0usize..1800, length in 0usize..40, put in "[:\\-{}\\[\\]&*a0\n \t\"']{0,4}") {
        let text = include_str!("../../stacks/call-center.yaml");
        let end = (cut + length).min(text.len());
        if let (Some(before), Some(after)) = (text.get(..cut), text.get(end..)) {
            let file = crate::diagnostic::SourceFile::new("stacks/x.yaml", format!("{before}{put}{after}"));
            let (tree, mut found) = tree::parse(&file);
            if let Some(tree) = tree {
                read(&tree, Path::new("stacks/x.yaml"), &[], &mut found);
            }
            for span in found.iter().filter_map(|found| found.span.as_ref()) {
                prop_assert!(span.file.text.get(span.range.clone()).is_some());
            }
        }
    }
}
