#![allow(clippy::unwrap_used)]

use serde_json::json;

use super::cases::{Answer, Assertion, Case, Product, Text};
use super::tests::load_text;

/// A stack with a machine of every kind of state that tests can name, and these lines as its cases.
fn stack(cases: &str) -> String {
    let machine = r#"name: s
stateMachines:
  M:
    definition:
      StartAt: Work
      States:
        Work: { Type: Task, Resource: "arn:aws:states:::lambda:invoke", Next: Ask }
        Ask: { Type: Task, Resource: "arn:aws:states:::sns:publish.waitForTaskToken", Next: Each }
        Each:
          Type: Map
          ItemProcessor: { StartAt: In, States: { In: { Type: Pass, End: true } } }
          Next: Apart
        Apart:
          Type: Map
          ItemProcessor:
            ProcessorConfig: { Mode: DISTRIBUTED, ExecutionType: STANDARD }
            StartAt: Far
            States: { Far: { Type: Pass, End: true } }
          End: true
  X:
    type: EXPRESS
    definition: { StartAt: P, States: { P: { Type: Pass, End: true } } }
start: { stateMachine: M, input: { a: 1 } }
tests:
"#;
    format!("{machine}{cases}")
}

/// The line on which the cases of [`stack`] begin.
const FIRST: usize = 25;

/// Loads cases that have no findings.
fn cases(text: &str) -> Vec<Case> {
    let (stack, found) = load_text(&stack(text), &[]);
    assert_eq!(found, [] as [String; 0], "{text}");
    stack.unwrap().tests
}

/// Loads cases and compares the findings of each text; their lines count from that of the first case, which is 1.
fn refused(all: &[(String, &[&str])]) {
    let mut wrong = String::new();
    for (text, expected) in all {
        let (_, found) = load_text(&stack(text), &[]);
        let from_first = |line: &String| {
            let (number, rest) = line.split_once(':').unwrap();
            format!("{}:{rest}", number.parse::<usize>().unwrap() + 1 - FIRST)
        };
        let found: Vec<String> = found.iter().map(from_first).collect();
        if found != *expected {
            wrong.push_str(&format!("{text}expected {expected:#?}\nfound {found:#?}\n"));
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn what_is_not_given_has_its_default() {
    let cases = cases("- name: a\n- { name: b, stateMachine: X, expect: { error: E } }\n");
    let [a, b] = &cases[..] else { panic!("{cases:?}") };
    assert_eq!((&*a.state_machine, &*b.state_machine), ("M", "X"));
    // The input of `start` is for its own state machine.
    assert_eq!((a.input.to_json(), b.input.to_json()), (json!({ "a": 1 }), json!({})));
    assert_eq!((a.timeout, a.virtual_time), (300, false));
    assert!(a.mocks.is_none() && a.callbacks.is_empty());
    assert_eq!(a.expect.status.value, ["SUCCEEDED"]);
    assert_eq!(b.expect.status.value, ["FAILED"]);
}

#[test]
fn a_whole_case_is_read() {
    let text = r#"
- name: all of it
  stateMachine: M
  input: { b: [1, "${AWS::Region}"] }
  time: virtual
  timeout: 60
  mocks:
    Work:
      - { throw: { error: Busy, cause: later }, repeat: 3 }
      - { throw: Odd }
      - { return: { x: 1 } }
  callbacks:
    Ask: [approve, reject, { success: [1] }, { failure: { error: E, cause: C } }]
  expect:
    output: { $subset: { a: 1 }, $exact: [], $paths: { "$.a": 1, "$..b": [2] }, $jsonata: ["{% a = 1 %}", "true"] }
    path: { exact: [Work, Ask], contains: [In, Each], never: [Far, Apart] }
    states:
      Work: { input: { a: 1 } }
      In: [{ visit: 0, output: 1 }, { visit: 1, output: { $exact: 2 } }]
    retries: { Work: 3 }
    maxDuration: 1.5
"#;
    let text = text.replace("never: [Far, Apart]", "never: [Apart]");
    let case = cases(&text).remove(0);
    assert!(case.virtual_time);
    assert_eq!(case.timeout, 60);
    let mocks = json!({ "Work": [
        { "from": 0, "to": 2, "throw": { "error": "Busy", "cause": "later" } },
        { "from": 3, "to": 3, "throw": { "error": "Odd" } },
        { "from": 4, "to": null, "return": { "x": 1 } },
    ] });
    assert_eq!(case.mocks.unwrap().to_json(), mocks);
    let failure = |error: &str, cause: Option<&str>| Answer::Failure {
        error: error.into(),
        cause: cause.map(str::to_owned),
    };
    let answers = [
        Answer::Success(json!({ "approved": true })),
        failure("Rejected", None),
        Answer::Success(json!([1])),
        failure("E", Some("C")),
    ];
    assert_eq!(case.callbacks["Ask"], answers);
    let words: Vec<String> = case
        .expect
        .output
        .unwrap()
        .0
        .iter()
        .map(|assertion| words(&assertion.value))
        .collect();
    let expected = [
        "subset {\"a\":1}",
        "exact []",
        "$.a is 1",
        "$..b is [2]",
        "a = 1",
        "true",
    ];
    assert_eq!(words, expected);
    let path = case.expect.path.unwrap();
    assert_eq!(path.exact.unwrap().value, ["Work", "Ask"]);
    assert_eq!(path.contains.unwrap().value, ["In", "Each"]);
    assert_eq!(path.never.unwrap().value, ["Apart"]);
    let visits: Vec<_> = case.expect.states["In"].iter().map(|state| state.visit).collect();
    assert_eq!(visits, [Some(0), Some(1)]);
    assert_eq!(case.expect.retries["Work"].value, 3);
    assert_eq!(case.expect.max_duration_ms.unwrap().value, 1500);
}

fn words(assertion: &Assertion) -> String {
    match assertion {
        Assertion::Subset(value) => format!("subset {}", value.to_json()),
        Assertion::Exact(value) => format!("exact {}", value.to_json()),
        Assertion::Path { path, is } => format!("{path} is {}", is.to_json()),
        Assertion::Jsonata(text) => text.clone(),
    }
}

#[test]
fn short_forms_mean_what_they_say() {
    let mocks = |text: &str| {
        cases(&format!("- {{ name: a, mocks: {{ Work: {text} }} }}\n"))[0]
            .mocks
            .clone()
            .unwrap()
            .to_json()
    };
    for (text, expected) in [
        ("{ return: null }", json!([{ "from": 0, "to": null, "return": null }])),
        (
            "{ throw: E, repeat: 2 }",
            json!([{ "from": 0, "to": 1, "throw": { "error": "E" } }]),
        ),
        (
            "[{ return: 1 }, { return: 2, repeat: 2 }]",
            json!([{ "from": 0, "to": 0, "return": 1 }, { "from": 1, "to": 2, "return": 2 }]),
        ),
    ] {
        assert_eq!(mocks(text), json!({ "Work": expected }), "{text}");
    }
    let expect = |text: &str| {
        cases(&format!("- {{ name: a, expect: {{ {text} }} }}\n"))
            .remove(0)
            .expect
    };
    for (text, expected) in [
        ("error: E", Text::Is("E".into())),
        ("error: { contains: E }", Text::Contains("E".into())),
        ("error: { matches: ^E }", Text::Matches("^E".into())),
    ] {
        assert_eq!(expect(text).error.unwrap().value, expected);
    }
    for (text, expected) in [
        ("250ms", 250),
        ("5s", 5000),
        ("0.5 m", 30_000),
        ("1h", 3_600_000),
        ("2", 2000),
    ] {
        assert_eq!(
            expect(&format!("maxDuration: {text}")).max_duration_ms.unwrap().value,
            expected
        );
    }
    assert_eq!(expect("path: [Work]").path.unwrap().exact.unwrap().value, ["Work"]);
    // A key that begins with a dollar sign is not an assertion by itself.
    let output = expect("output: { $schema: 1, a: 2 }").output.unwrap();
    assert_eq!(words(&output.0[0].value), r#"subset {"$schema":1,"a":2}"#);
}

#[test]
fn reasons_to_skip_a_case_go_by_product() {
    let skipped = &cases("- { name: a, skipOn: { ministack: no history, aws: 'dear: $1' } }\n")[0].skip_on;
    let reason = |product| skipped.get(&product).map(String::as_str);
    assert_eq!(reason(Product::MiniStack), Some("no history"));
    assert_eq!(reason(Product::Aws), Some("dear: $1"));
    assert_eq!(skipped.len(), 2);
}

#[test]
fn what_is_wrong_is_said_at_its_place() {
    let all = [
        ("- {}\n", &["1:3 missing-key test case 1 has no `name`"][..]),
        (
            "- a\n",
            &["1:3 wrong-type test case 1: expected a mapping, found a string"],
        ),
        (
            "- name: ''\n",
            &["1:9 bad-name the name of a test case must not be empty"],
        ),
        (
            "- name: a\n- name: a\n",
            &["2:9 duplicate-name two test cases have the name `a`"],
        ),
        (
            "- { name: a, expects: {} }\n",
            &["1:14 unknown-key test case `a` has no key `expects` (did you mean `expect`?)"],
        ),
        (
            "- { name: a, stateMachine: N, time: virtuel, timeout: 0 }\n",
            &[
                "1:28 undefined-reference there is no state machine `N`",
                "1:37 bad-value `time`: expected `real` or `virtual`, found `virtuel` (did you mean `virtual`?)",
                "1:55 out-of-range `timeout`: expected a whole number from 1 to 86400, found 0",
            ],
        ),
        (
            "- name: a\n  skipOn: { minstack: it is slow, azure: no }\n",
            &[
                "2:13 bad-value `skipOn`: there is no target `minstack` (did you mean `ministack`?)",
                "2:35 bad-value `skipOn`: there is no target `azure` (known targets: local, localstack, ministack, moto, aws)",
            ],
        ),
        (
            "- name: a\n  skipOn: { moto: ' ', local: , aws: true }\n",
            &[
                "2:19 bad-value `skipOn`: expected the reason why it is skipped on `moto`, found nothing",
                "2:29 bad-value `skipOn`: expected the reason why it is skipped on `local`, found nothing",
                "2:38 wrong-type `skipOn`: expected the reason why it is skipped on `aws`, found a boolean",
            ],
        ),
        (
            "- name: a\n  skipOn: [moto]\n",
            &["2:11 wrong-type `skipOn`: expected a mapping, found a list"],
        ),
    ];
    refused(&all.map(|(text, expected)| (text.to_owned(), expected)));
}

#[test]
fn wrong_mocks_and_answers_are_refused() {
    let mocks = [
        (
            "Wrok: { return: 1 }",
            &["2:12 undefined-reference `M` has no state `Wrok` (did you mean `Work`?)"][..],
        ),
        (
            "Each: { return: 1 }",
            &["2:12 bad-mock `Each` is a Map state: only Task states can be mocked"],
        ),
        (
            "Work: {}",
            &["2:18 bad-mock the mock of `Work` must have one of `return` and `throw`"],
        ),
        (
            "Work: [{ return: 1, throw: E }]",
            &["2:19 bad-mock response 1 of the mock of `Work` must have one of `return` and `throw`"],
        ),
        ("Work: []", &["2:12 bad-mock the mock of `Work` has no response"]),
        (
            "Work: { retrun: 1, return: 1 }",
            &["2:20 unknown-key the mock of `Work` has no key `retrun` (did you mean `return`?)"],
        ),
        (
            "Work: { throw: { cause: C } }",
            &["2:27 missing-key `throw` has no `error`"],
        ),
        (
            "file: none.json, case: c",
            &["2:18 missing-file the mock configuration file `none.json` does not exist"],
        ),
    ];
    refused(&mocks.map(|(mocks, expected)| (format!("- name: a\n  mocks: {{ {mocks} }}\n"), expected)));
    let answers = [
        (
            "Work: approve",
            &["2:16 bad-callback `Work` waits for no task token: it is not `.waitForTaskToken`"][..],
        ),
        (
            "Far: approve",
            &["2:16 not-supported `Far` is inside of a DISTRIBUTED Map, whose iterations are executions of their own"],
        ),
        (
            "Ask: aprove",
            &[
                "2:21 bad-value an answer to a task token: expected `approve`, `reject`, `timeout`, `{ success: … }` or `{ failure: … }`, found `aprove` (did you mean `approve`?)",
            ],
        ),
        ("Ask: []", &["2:16 bad-value `Ask` has no answer"]),
        (
            "Ask: { success: 1, failure: { error: E } }",
            &["2:21 bad-value the answer to a task token must have one of `success` and `failure`"],
        ),
        ("Ask: { failure: {} }", &["2:32 missing-key `failure` has no `error`"]),
    ];
    refused(&answers.map(|(answers, expected)| (format!("- name: a\n  callbacks: {{ {answers} }}\n"), expected)));
    refused(&[(
        "- name: a\n  mocks: { Ask: { return: 1 } }\n  callbacks: { Ask: approve }\n".to_owned(),
        &["2:12 contradiction `Ask` is mocked, so that nobody waits for the answer that `callbacks` has for it"],
    )]);
    refused(&[(
        "- name: a\n  time: virtual\n  callbacks: { Ask: [timeout, approve] }\n".to_owned(),
        &["3:16 not-supported in virtual time `Ask` either times out or is answered, not one after the other"],
    )]);
}

#[test]
fn wrong_expectations_are_refused() {
    let all = [
        (
            "status: OK",
            &["2:21 bad-value `status`: expected one of SUCCEEDED, FAILED, TIMED_OUT, ABORTED, found `OK`"][..],
        ),
        (
            "status: SUCCEEDED, error: E",
            &["2:39 contradiction an execution that succeeds has no `error`"],
        ),
        (
            "error: E, output: 1",
            &["2:31 contradiction an execution that does not succeed has no `output`"],
        ),
        (
            "error: 1",
            &["2:20 wrong-type `error`: expected a string, `{ contains: … }` or `{ matches: … }`, found a number"],
        ),
        (
            "cause: { matches: '(' }",
            &["2:31 bad-regex `(` is no regular expression: unclosed group"],
        ),
        (
            "cause: { contians: a }",
            &["2:22 unknown-key `cause` has no key `contians` (did you mean `contains`?)"],
        ),
        (
            "output: { $exct: 1 }",
            &["2:23 unknown-key an expected value has no key `$exct` (did you mean `$exact`?)"],
        ),
        (
            "output: { $exact: 1, a: 1 }",
            &["2:34 unknown-key an expected value has no key `a` (known keys: $subset, $exact, $paths, $jsonata)"],
        ),
        (
            "output: { $paths: { a: 1 } }",
            &["2:33 bad-path path `a` does not start with `$`"],
        ),
        (
            "output: { $jsonata: 'a +' }",
            &["2:33 bad-jsonata `a +` is no JSONata expression: S0207: Unexpected end of expression"],
        ),
        (
            "path: [Wrok]",
            &["2:20 undefined-reference `M` has no state `Wrok` (did you mean `Work`?)"],
        ),
        (
            "path: [In]",
            &[
                "2:20 bad-path `In` is inside of another state: the exact path has the outer states only (`path: { contains: […] }` looks at inner states too)",
            ],
        ),
        (
            "path: { never: [Far] }",
            &["2:29 not-supported `Far` is inside of a DISTRIBUTED Map, whose iterations are executions of their own"],
        ),
        (
            "states: { Work: {} }",
            &[
                "2:29 missing-key what is expected of `Work` has neither `input` nor `output` (that it is entered is `path: { contains: [Work] }`)",
            ],
        ),
        (
            "states: { Nope: { input: 1 } }",
            &["2:23 undefined-reference `M` has no state `Nope`"],
        ),
        (
            "states: { Work: [] }",
            &["2:23 bad-value nothing is expected of `Work` (that it is entered is `path: { contains: [Work] }`)"],
        ),
        ("states: {}", &["2:21 bad-value `states` expects nothing"]),
        ("states: ", &["2:19 bad-value `states` expects nothing"]),
        ("path: {}", &["2:19 bad-value `path` expects nothing"]),
        ("path: { contains: [] }", &["2:31 bad-value `contains` has no state"]),
        (
            "path: { contains: [Work], never: [] }",
            &["2:46 bad-value `never` has no state"],
        ),
        (
            "path: { contians: [Work] }",
            &["2:21 unknown-key `path` has no key `contians` (did you mean `contains`?)"],
        ),
        ("retries: {}", &["2:22 bad-value `retries` expects nothing"]),
        (
            "output: { $paths: {} }",
            &["2:21 bad-value an expected value asserts nothing"],
        ),
        (
            "retries: { In: 1 }",
            &["2:24 bad-value `In` is a Pass state, which is never tried again"],
        ),
        (
            "retries: { Work: -1 }",
            &["2:30 out-of-range `retries` of `Work`: expected a whole number from 0 to 99999999"],
        ),
        (
            "maxDuration: soon",
            &["2:26 bad-value `maxDuration`: expected a number of seconds, or a text like `250ms`, `5s` or `2m`"],
        ),
    ];
    refused(&all.map(|(expect, expected)| (format!("- name: a\n  expect: {{ {expect} }}\n"), expected)));
    refused(&[(
        "- { name: a, stateMachine: X, expect: { path: [P] } }\n".to_owned(),
        &["1:41 not-supported executions of an EXPRESS state machine have no history, which `path` needs"],
    )]);
}
