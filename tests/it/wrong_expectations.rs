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

/// Runs the cases — what is given, what is expected — and compares what each says: a line for each mismatch, then its
/// difference.
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
    // Each case has a line, which what is wrong points at.
    let first = STACK.lines().count() + 1;
    for (index, (result, (_, expect, said))) in results.iter().zip(cases).enumerate() {
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
            assert_eq!(mismatch["line"], first + index, "{mismatch}");
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
    let said = format!(
        "output: expected {{\"name\":\"{}… (311 bytes), got {{\"items\":[1,2],\"name\":\"ann\",\"call\":{{\"n\":1}}}}\n\
         - /name: \"{}… (300 bytes)\"\n+ /name: \"ann\"",
        "x".repeat(151),
        "x".repeat(160)
    );
    cases.push((GOOD, &long, &said));
    check(&cases);
}

const CASES: &[(&str, &str, &str)] = &[
    // status, error and cause
    (
        GOOD,
        "status: FAILED",
        r#"status: expected FAILED, got SUCCEEDED with output {"items":[1,2],"name":"ann","call":{"n":1}}"#,
    ),
    (
        GOOD,
        "error: Oops",
        r#"status: expected FAILED, got SUCCEEDED with output {"items":[1,2],"name":"ann","call":{"n":1}}"#,
    ),
    (
        GOOD,
        "status: [FAILED, TIMED_OUT]",
        r#"status: expected FAILED or TIMED_OUT, got SUCCEEDED with output {"items":[1,2],"name":"ann","call":{"n":1}}"#,
    ),
    (
        BAD,
        "output: { name: ann }",
        "status: expected SUCCEEDED, got FAILED with error `Oops` and cause `it broke at noon`",
    ),
    (
        BAD,
        "status: TIMED_OUT",
        "status: expected TIMED_OUT, got FAILED with error `Oops` and cause `it broke at noon`",
    ),
    (
        BAD,
        "error: Ouch",
        "error: expected `Ouch`, got `Oops`, with the cause `it broke at noon`",
    ),
    (
        BAD,
        "error: oops",
        "error: expected `oops`, got `Oops`, with the cause `it broke at noon`",
    ),
    (
        BAD,
        "error: { contains: oop }",
        "error: expected a text that contains `oop`, got `Oops`, with the cause `it broke at noon`",
    ),
    (
        BAD,
        "cause: it broke",
        "cause: expected `it broke`, got `it broke at noon`",
    ),
    (
        BAD,
        "cause: { contains: midnight }",
        "cause: expected a text that contains `midnight`, got `it broke at noon`",
    ),
    (
        BAD,
        "cause: { matches: '^broke' }",
        "cause: expected a text that matches `^broke`, got `it broke at noon`",
    ),
    // output
    (
        GOOD,
        "output: { name: bob }",
        r#"output: expected {"name":"bob"}, got {"items":[1,2],"name":"ann","call":{"n":1}}
- /name: "bob"
+ /name: "ann""#,
    ),
    (
        GOOD,
        "output: { nam: ann }",
        r#"output: expected {"nam":"ann"}, got {"items":[1,2],"name":"ann","call":{"n":1}}
- /nam: "ann""#,
    ),
    (
        GOOD,
        "output: { call: { n: '1' } }",
        r#"output: expected {"call":{"n":"1"}}, got {"items":[1,2],"name":"ann","call":{"n":1}}
- /call/n: "1"
+ /call/n: 1"#,
    ),
    (
        GOOD,
        "output: { items: [1] }",
        r#"output: expected {"items":[1]}, got {"items":[1,2],"name":"ann","call":{"n":1}}
+ /items/1: 2"#,
    ),
    (
        GOOD,
        "output: { items: [2, 1] }",
        r#"output: expected {"items":[2,1]}, got {"items":[1,2],"name":"ann","call":{"n":1}}
- /items/0: 2
+ /items/0: 1
- /items/1: 1
+ /items/1: 2"#,
    ),
    (
        GOOD,
        "output: [1]",
        r#"output: expected [1], got {"items":[1,2],"name":"ann","call":{"n":1}}"#,
    ),
    (
        GOOD,
        "output: null",
        r#"output: expected null, got {"items":[1,2],"name":"ann","call":{"n":1}}"#,
    ),
    (
        GOOD,
        "output: { $exact: { items: [1, 2], name: ann } }",
        r#"output: expected exactly {"items":[1,2],"name":"ann"}, got {"items":[1,2],"name":"ann","call":{"n":1}}
+ /call: {"n":1}"#,
    ),
    (
        GOOD,
        "output: { $exact: { items: [1, 2], name: ann, call: { n: 1 }, more: 1 } }",
        r#"output: expected exactly {"items":[1,2],"name":"ann","call":{"n":1},"more":1}, got {"items":[1,2],"name":"ann","call":{"n":1}}
- /more: 1"#,
    ),
    (
        GOOD,
        "output: { $paths: { '$.call.n': 2 } }",
        "output at `$.call.n`: expected 2, got 1",
    ),
    (
        GOOD,
        "output: { $paths: { '$.call.m': 1 } }",
        "output at `$.call.m`: expected 1, got nothing",
    ),
    (
        GOOD,
        "output: { $paths: { '$..n': 1 } }",
        "output at `$..n`: expected 1, got [1]",
    ),
    (
        GOOD,
        "output: { $jsonata: call.n > 1 }",
        r#"output: expected `call.n > 1` is true, got false, of {"items":[1,2],"name":"ann","call":{"n":1}}"#,
    ),
    (
        GOOD,
        "output: { $jsonata: call.n }",
        r#"output: expected `call.n` is true, got 1, of {"items":[1,2],"name":"ann","call":{"n":1}}"#,
    ),
    (
        GOOD,
        "output: { $jsonata: nothing.there }",
        r#"output: expected `nothing.there` is true, got nothing, of {"items":[1,2],"name":"ann","call":{"n":1}}"#,
    ),
    (
        GOOD,
        "output: { $jsonata: name + 1 = 2 }",
        r#"output: expected `name + 1 = 2` is true, got T2001: The left side of the "+" operator must evaluate to a number, of {"items":[1,2],"name":"ann","call":{"n":1}}"#,
    ),
    (
        GOOD,
        "output: { $subset: { name: bob }, $jsonata: $count(items) = 3 }",
        r#"output: expected {"name":"bob"}, got {"items":[1,2],"name":"ann","call":{"n":1}}
- /name: "bob"
+ /name: "ann"
output: expected `$count(items) = 3` is true, got false, of {"items":[1,2],"name":"ann","call":{"n":1}}"#,
    ),
    // path
    (
        GOOD,
        "path: [Begin, Which, Call, Each, Both, Done]",
        "path: expected Begin → Which → Call → Each → Both → Done, got Begin → Which → Call → Both → Each → Done
  Begin
  Which
  Call
- Each
  Both
+ Each
  Done",
    ),
    (
        GOOD,
        "path: [Begin, Which, Broken]",
        "path: expected Begin → Which → Broken, got Begin → Which → Call → Both → Each → Done
  Begin
  Which
- Broken
+ Call
+ Both
+ Each
+ Done",
    ),
    (
        BAD,
        "error: Oops, path: [Begin, Which, Call]",
        "path: expected Begin → Which → Call, got Begin → Which → Broken
  Begin
  Which
- Call
+ Broken",
    ),
    (
        GOOD,
        "path: { contains: [In, Left] }",
        "path: expected In → Left in this order, got `Left` not after `In`, in Begin → Which → Call → Both → Left → Right → Each → In → In → Done",
    ),
    (
        GOOD,
        "path: { contains: [Begin, Broken] }",
        "path: expected Begin → Broken in this order, got `Broken` was not entered, in Begin → Which → Call → Both → Left → Right → Each → In → In → Done",
    ),
    (
        GOOD,
        "path: { never: [Broken, In] }",
        "path: expected `In` is never entered, got it was entered 2 times, in Begin → Which → Call → Both → Left → Right → Each → In → In → Done",
    ),
    // states
    (
        GOOD,
        "states: { Broken: { input: {} } }",
        "the state `Broken`: expected it is entered, got it was never entered",
    ),
    (
        GOOD,
        "states: { Call: { input: { name: bob }, output: { call: { n: 2 } } } }",
        r#"the input of `Call`: expected {"name":"bob"}, got {"items":[1,2],"name":"ann"}
- /name: "bob"
+ /name: "ann"
the output of `Call`: expected {"call":{"n":2}}, got {"items":[1,2],"name":"ann","call":{"n":1}}
- /call/n: 2
+ /call/n: 1"#,
    ),
    (
        GOOD,
        "states: { In: { visit: 1, output: 1 } }",
        "the output of `In`, visit 1: expected 1, got 2",
    ),
    (
        GOOD,
        "states: { In: { visit: 2, output: 1 } }",
        "the state `In`: expected visit 2 (from 0), got it was entered 2 times",
    ),
    (
        GOOD,
        "states: { In: { input: 3 } }",
        "the input of `In`, visit 0: expected 3, got 1, and 1 more visit is wrong",
    ),
    (
        BAD,
        "error: Oops, states: { Broken: { output: {} } }",
        "the output of `Broken`: expected {}, got it was not left",
    ),
    // retries and time
    (
        GOOD,
        "retries: { Call: 0 }",
        "the retries of `Call`: expected 0, got 1, after Busy",
    ),
    (
        GOOD,
        "retries: { Call: 2 }",
        "the retries of `Call`: expected 2, got 1, after Busy",
    ),
    (
        BAD,
        "error: Oops, retries: { Call: 0 }",
        "the retries of `Call`: expected 0, got it was never entered",
    ),
    (
        GOOD,
        "maxDuration: 1500ms",
        "duration: expected at most [TOOK], got 1 min",
    ),
    // several at once
    (
        BAD,
        "output: { a: 1 }, path: [Begin, Which, Call, Both, Each, Done], retries: { Call: 1 }",
        "status: expected SUCCEEDED, got FAILED with error `Oops` and cause `it broke at noon`
path: expected Begin → Which → Call → Both → Each → Done, got Begin → Which → Broken
  Begin
  Which
- Call
- Both
- Each
- Done
+ Broken
the retries of `Call`: expected 1, got it was never entered",
    ),
];
