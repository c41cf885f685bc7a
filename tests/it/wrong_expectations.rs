//! A test of the tester: what is expected wrongly fails, and says what is wrong.

use crate::env::Env;

const FILE: &str = "wrong.yaml";

/// A machine with a path through every kind of state, and an end that fails.
const STACK: &str = r#"
name: wrong
stateMachines:
  Main:
    definition:
      StartAt: Begin
      States:
        Begin: { Type: Pass, Next: Which }
        Which:
          Type: Choice
          Choices: [{ Variable: $.fail, IsPresent: true, Next: Broken }]
          Default: Call
        Broken: { Type: Fail, Error: Oops, Cause: it broke at noon }
        Call:
          Type: Task
          Resource: arn:aws:states:::lambda:invoke
          Parameters: { FunctionName: none, "Payload.$": $ }
          ResultPath: $.call
          Retry: [{ ErrorEquals: [Busy], IntervalSeconds: 60 }]
          Next: Both
        Both:
          Type: Parallel
          Branches:
            - { StartAt: Left, States: { Left: { Type: Pass, End: true } } }
            - { StartAt: Right, States: { Right: { Type: Pass, End: true } } }
          ResultPath: null
          Next: Each
        Each:
          Type: Map
          ItemsPath: $.items
          ItemProcessor: { StartAt: In, States: { In: { Type: Pass, End: true } } }
          ResultPath: null
          Next: Done
        Done: { Type: Succeed }
tests:
"#;

/// What most cases have in common: the output is `{"call":{"n":1},"items":[1,2],"name":"ann"}`, a minute after the start.
const GOOD: &str = r#"input: { items: [1, 2], name: ann }, mocks: { Call: [{ throw: { error: Busy, cause: later } }, { return: { n: 1 } }] }"#;

/// What those have that fail.
const BAD: &str = "input: { fail: true }";

/// Runs the cases, and compares what each says.
fn check(cases: &[(&str, &str, &str)]) {
    let mut text = STACK.to_owned();
    for (index, (given, expect, _)) in cases.iter().enumerate() {
        text.push_str(&format!(
            "  - {{ name: case {index}, time: virtual, {given}, expect: {{ {expect} }} }}\n"
        ));
    }
    let env = Env::new();
    env.write(FILE, &text);
    let report = env
        .run(&["test", FILE, "--format", "json", "--jobs", "8"])
        .expect(1)
        .json();
    let results = report["suites"][0]["cases"].as_array().unwrap();
    assert_eq!(results.len(), cases.len());
    let mut wrong = String::new();
    for (result, (_, expect, said)) in results.iter().zip(cases) {
        let mut lines = vec![];
        for mismatch in result["mismatches"].as_array().into_iter().flatten() {
            let word = |member: &str| mismatch[member].as_str().unwrap().to_owned();
            lines.push(format!(
                "{}: expected {}, got {}",
                word("what"),
                word("expected"),
                word("got")
            ));
            let diff = mismatch["diff"].as_array().unwrap().iter();
            lines.extend(diff.map(|line| line.as_str().unwrap().to_owned()));
            // Each points at the line of its case.
            assert!(mismatch["line"].as_u64().is_some(), "{mismatch}");
        }
        let lines = lines.join("\n");
        if result["verdict"] != "failed" || lines != *said {
            wrong.push_str(&format!("expect: {{ {expect} }}\n{}:\n{lines}\n\n", result["verdict"]));
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn what_is_expected_wrongly_fails_and_says_why() {
    let long = "x".repeat(300);
    let long = format!("output: {{ name: {long} }}");
    let mut cases = CASES.to_vec();
    cases.push((GOOD, &long, ""));
    check(&cases);
}

const CASES: &[(&str, &str, &str)] = &[
    // status, error and cause
    (GOOD, "status: FAILED", ""),
    (GOOD, "error: Oops", ""),
    (GOOD, "status: [FAILED, TIMED_OUT]", ""),
    (BAD, "output: { name: ann }", ""),
    (BAD, "status: TIMED_OUT", ""),
    (BAD, "error: Ouch", ""),
    (BAD, "error: oops", ""),
    (BAD, "error: { contains: oop }", ""),
    (BAD, "cause: it broke", ""),
    (BAD, "cause: { contains: midnight }", ""),
    (BAD, "cause: { matches: '^broke' }", ""),
    // output
    (GOOD, "output: { name: bob }", ""),
    (GOOD, "output: { nam: ann }", ""),
    (GOOD, "output: { call: { n: '1' } }", ""),
    (GOOD, "output: { items: [1] }", ""),
    (GOOD, "output: { items: [2, 1] }", ""),
    (GOOD, "output: [1]", ""),
    (GOOD, "output: null", ""),
    (GOOD, "output: { $exact: { items: [1, 2], name: ann } }", ""),
    (
        GOOD,
        "output: { $exact: { items: [1, 2], name: ann, call: { n: 1 }, more: 1 } }",
        "",
    ),
    (GOOD, "output: { $paths: { '$.call.n': 2 } }", ""),
    (GOOD, "output: { $paths: { '$.call.m': 1 } }", ""),
    (GOOD, "output: { $paths: { '$..n': 1 } }", ""),
    (GOOD, "output: { $jsonata: call.n > 1 }", ""),
    (GOOD, "output: { $jsonata: call.n }", ""),
    (GOOD, "output: { $jsonata: nothing.there }", ""),
    (GOOD, "output: { $jsonata: name + 1 = 2 }", ""),
    (
        GOOD,
        "output: { $subset: { name: bob }, $jsonata: $count(items) = 3 }",
        "",
    ),
    // path
    (GOOD, "path: [Begin, Which, Call, Each, Both, Done]", ""),
    (GOOD, "path: [Begin, Which, Broken]", ""),
    (BAD, "error: Oops, path: [Begin, Which, Call]", ""),
    (GOOD, "path: { contains: [In, Left] }", ""),
    (GOOD, "path: { contains: [Begin, Broken] }", ""),
    (GOOD, "path: { never: [Broken, In] }", ""),
    // states
    (GOOD, "states: { Broken: { input: {} } }", ""),
    (
        GOOD,
        "states: { Call: { input: { name: bob }, output: { call: { n: 2 } } } }",
        "",
    ),
    (GOOD, "states: { In: { visit: 1, output: 1 } }", ""),
    (GOOD, "states: { In: { visit: 2, output: 1 } }", ""),
    (GOOD, "states: { In: { input: 3 } }", ""),
    (BAD, "error: Oops, states: { Broken: { output: {} } }", ""),
    // retries and time
    (GOOD, "retries: { Call: 0 }", ""),
    (GOOD, "retries: { Call: 2 }", ""),
    (BAD, "error: Oops, retries: { Call: 0 }", ""),
    (GOOD, "maxDuration: 1500ms", ""),
    // several at once
    (
        BAD,
        "output: { a: 1 }, path: [Begin, Which, Call, Both, Each, Done], retries: { Call: 1 }",
        "",
    ),
];
