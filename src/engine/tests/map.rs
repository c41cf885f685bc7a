//! Map states: items, selectors, concurrency, failures, the order of events.

use serde_json::{Value, json};

use super::{FUNCTION, check, check_end, single};
use crate::engine::testing::{Answer, EPOCH, Lab, error, output};
use crate::engine::{Effect, Pending};

/// A Map state `S` whose processor is one state `I`.
fn map(inner: Value, extra: Value) -> Value {
    let processor = json!({ "StartAt": "I", "States": { "I": inner } });
    let mut state = json!({ "Type": "Map", "ItemProcessor": processor, "End": true });
    state
        .as_object_mut()
        .unwrap()
        .extend(extra.as_object().unwrap().clone());
    single(state)
}

fn echo() -> Value {
    json!({ "Type": "Pass", "End": true })
}

fn task() -> Value {
    json!({ "Type": "Task", "Resource": FUNCTION, "End": true })
}

#[test]
fn items_one_after_another() {
    check(
        map(echo(), json!({ "MaxConcurrency": 1 })),
        "[\"a\",{}]",
        &[],
        "1<0 ExecutionStarted input=[\"a\",{}]
         2<0 MapStateEntered name=S input=[\"a\",{}]
         3<2 MapStateStarted length=2
         4<3 MapIterationStarted name=S index=0
         5<4 PassStateEntered name=I input=\"a\"
         6<5 PassStateExited name=I output=\"a\"
         7<6 MapIterationSucceeded name=S index=0
         8<6 MapIterationStarted name=S index=1
         9<8 PassStateEntered name=I input={}
         10<9 PassStateExited name=I output={}
         11<10 MapIterationSucceeded name=S index=1
         12<11 MapStateSucceeded
         13<11 MapStateExited name=S output=[\"a\",{}]
         14<13 ExecutionSucceeded output=[\"a\",{}]",
    );
    check(
        map(echo(), json!({})),
        "[]",
        &[],
        "1<0 ExecutionStarted input=[]
         2<0 MapStateEntered name=S input=[]
         3<2 MapStateStarted length=0
         4<3 MapStateSucceeded
         5<3 MapStateExited name=S output=[]
         6<5 ExecutionSucceeded output=[]",
    );
}

#[test]
fn items_input_and_result_are_shaped() {
    let selector = json!({ "i.$": "$$.Map.Item.Index", "v.$": "$$.Map.Item.Value", "x.$": "$.x" });
    for (extra, end) in [
        (json!({ "ItemsPath": "$.l" }), "[5,6]"),
        (
            json!({ "ItemsPath": "$.l", "ItemSelector": selector }),
            "[{\"i\":0,\"v\":5,\"x\":1},{\"i\":1,\"v\":6,\"x\":1}]",
        ),
        (
            json!({ "InputPath": "$.l", "Parameters": { "v.$": "$$.Map.Item.Value" } }),
            "[{\"v\":5},{\"v\":6}]",
        ),
        (
            json!({ "ItemsPath": "$.l", "ResultPath": "$.l" }),
            "{\"l\":[5,6],\"x\":1}",
        ),
        (
            json!({ "ItemsPath": "$.l", "ResultSelector": { "last.$": "$[1]" } }),
            "{\"last\":6}",
        ),
        (json!({ "ItemsPath": "$.l", "MaxConcurrencyPath": "$.x" }), "[5,6]"),
    ] {
        let end = format!("ExecutionSucceeded output={end}");
        check_end(map(echo(), extra), "{\"l\":[5,6],\"x\":1}", &[], &end);
    }
    // States inside see the item, also those of a Parallel state inside.
    let inner = json!({ "Type": "Pass", "Parameters": { "i.$": "$$.Map.Item.Index" }, "End": true });
    let branches = json!([{ "StartAt": "B", "States": { "B": inner } }]);
    let nested = json!({ "Type": "Parallel", "Branches": branches, "End": true });
    let end = "ExecutionSucceeded output=[[{\"i\":0}],[{\"i\":1}]]";
    check_end(map(nested, json!({})), "[7,8]", &[], end);
}

#[test]
fn what_is_no_list_or_no_number_is_an_error() {
    for (extra, text) in [
        (
            json!({ "ItemsPath": "$.x" }),
            "Reference path \"$.x\" must point to array.",
        ),
        (
            json!({ "ItemsPath": "$.l", "MaxConcurrencyPath": "$.o" }),
            "The MaxConcurrencyPath field refers to value \"{}\" which is not a valid integer: $.o",
        ),
        (
            json!({ "ItemsPath": "$.l", "MaxConcurrencyPath": "$.n" }),
            "MaxConcurrency cannot be negative.",
        ),
    ] {
        let cause = format!("An error occurred while executing the state 'S' (entered at the event id #2). {text}");
        let end = format!("ExecutionFailed error=States.Runtime cause={cause}");
        check_end(map(echo(), extra), "{\"l\":[],\"x\":1,\"o\":{},\"n\":-1}", &[], &end);
    }
    let bad = json!({ "ItemSelector": { "v.$": "$$.Map.Item.Value.none" } });
    let lab = Lab::run(&map(echo(), bad), "[1]", &[]);
    assert!(
        lab.last_line().starts_with("4<3 ExecutionFailed error=States.Runtime"),
        "{}",
        lab.last_line()
    );
}

#[test]
fn no_more_run_at_once_than_may() {
    for (concurrency, at_once) in [(0, 40), (3, 3), (1000, 40)] {
        let items: Vec<u8> = (0..100).collect();
        let mut lab = Lab::new(
            &map(task(), json!({ "MaxConcurrency": concurrency })),
            &json!(items).to_string(),
        );
        lab.feed(crate::engine::Happened::Started);
        assert_eq!(lab.requests.len(), at_once);
        lab.feed(crate::engine::Happened::TaskSucceeded {
            task: 2,
            output: "1".into(),
        });
        assert_eq!(lab.requests.len(), at_once + 1);
        assert_eq!(lab.requests.last().unwrap().parameters, json!(at_once));
    }
}

#[test]
fn a_failed_iteration_cuts_off_the_others() {
    let definition = map(
        task(),
        json!({ "Retry": [{ "ErrorEquals": ["Boom"], "MaxAttempts": 1 }] }),
    );
    let answers = [
        output(json!(1)),
        error("Boom", "why"),
        Answer::Silence,
        error("Boom", "again"),
    ];
    let lab = Lab::run(&definition, "[0,1,2]", &answers);
    let lines = lab.lines();
    let seen: Vec<&str> = lines
        .lines()
        .skip(17)
        .filter(|line| !line.contains("Started"))
        .collect();
    assert_eq!(
        seen,
        [
            "18<17 LambdaFunctionFailed error=Boom cause=why",
            "19<18 MapIterationFailed name=S index=1",
            "20<18 TaskStateAborted",
            "21<18 MapIterationAborted name=S index=2",
            "22<18 TaskStateAborted",
            "27<24 TaskStateEntered name=I input=0",
            "28<27 LambdaFunctionScheduled resource=arn:aws:lambda:us-east-1:000000000000:function:f input=0",
            "29<25 TaskStateEntered name=I input=1",
            "30<29 LambdaFunctionScheduled resource=arn:aws:lambda:us-east-1:000000000000:function:f input=1",
            "31<26 TaskStateEntered name=I input=2",
            "32<31 LambdaFunctionScheduled resource=arn:aws:lambda:us-east-1:000000000000:function:f input=2",
            "35<34 LambdaFunctionFailed error=Boom cause=again",
            "36<35 MapIterationAborted name=S index=0",
            "37<35 TaskStateAborted",
            "38<35 MapIterationFailed name=S index=1",
            "39<35 TaskStateAborted",
            "40<35 MapIterationAborted name=S index=2",
            "41<35 TaskStateAborted",
            "42<35 MapStateFailed",
            "43<42 ExecutionFailed error=Boom cause=again",
        ],
        "{lines}"
    );
    assert!(lines.contains("\n23<18 MapStateStarted length=3\n"));
    assert_eq!(lab.execution.pending(), Pending::default());
    assert!(lab.effects.contains(&Effect::CancelTask { task: 3 }));
}

#[test]
fn a_failure_is_caught_by_the_state() {
    let fail = json!({ "Type": "Fail", "Error": "E", "Cause": "C" });
    let catch = json!({ "MaxConcurrency": 1, "Catch": [{ "ErrorEquals": ["E"], "Next": "Next" }] });
    check(
        map(fail, catch),
        "[1,2]",
        &[],
        "1<0 ExecutionStarted input=[1,2]
         2<0 MapStateEntered name=S input=[1,2]
         3<2 MapStateStarted length=2
         4<3 MapIterationStarted name=S index=0
         5<4 FailStateEntered name=I input=1
         6<5 MapIterationFailed name=S index=0
         7<5 MapStateFailed
         8<7 MapStateExited name=S output={\"Error\":\"E\",\"Cause\":\"C\"}
         9<8 PassStateEntered name=Next input={\"Error\":\"E\",\"Cause\":\"C\"}
         10<9 PassStateExited name=Next output={\"Error\":\"E\",\"Cause\":\"C\"}
         11<10 ExecutionSucceeded output={\"Error\":\"E\",\"Cause\":\"C\"}",
    );
}

#[test]
fn jsonata_gives_items_selector_and_limit() {
    let jsonata = |extra: Value| {
        map(echo(), {
            let mut fields = json!({ "QueryLanguage": "JSONata" });
            fields
                .as_object_mut()
                .unwrap()
                .extend(extra.as_object().unwrap().clone());
            fields
        })
    };
    for (extra, end) in [
        (json!({}), "[1,2]"),
        (json!({ "Items": [7, 8], "MaxConcurrency": 1 }), "[7,8]"),
        (json!({ "Items": [7], "ItemSelector": { "a": 1 } }), "[{\"a\":1}]"),
    ] {
        let end = format!("ExecutionSucceeded output={end}");
        check_end(jsonata(extra), "[1,2]", &[], &end);
    }
    check(
        jsonata(json!({})),
        "1",
        &[],
        "1<0 ExecutionStarted input=1
         2<0 MapStateEntered name=S input=1
         3<0 EvaluationFailed error=States.QueryEvaluationError cause=An error occurred while executing the state 'S' (entered at the event id #2). Map state input must be an array but was: 1 state=S
         4<3 MapStateFailed
         5<4 ExecutionFailed error=States.QueryEvaluationError cause=An error occurred while executing the state 'S' (entered at the event id #2). Map state input must be an array but was: 1",
    );
}

#[test]
fn maps_nest() {
    let processor = json!({ "StartAt": "J", "States": { "J": { "Type": "Wait", "Seconds": 1, "End": true } } });
    let inner = json!({ "Type": "Map", "MaxConcurrency": 1, "ItemProcessor": processor, "End": true });
    let lab = Lab::run(&map(inner, json!({})), "[[1,2],[],[3]]", &[]);
    assert!(
        lab.last_line().ends_with("ExecutionSucceeded output=[[1,2],[],[3]]"),
        "{}",
        lab.lines()
    );
    assert_eq!(lab.now - EPOCH, 2_000);
}

/// Until the history is full; a cost that grew with the number of items per iteration would take minutes.
#[test]
fn many_items_cost_no_more_each_than_few() {
    let items: Vec<u32> = (0..100_000).map(|_| 1).collect();
    let selector = json!({ "ItemSelector": { "v.$": "$$.Map.Item.Value" } });
    let input = json!(items).to_string();
    let lab = Lab::run(&map(echo(), selector), &input, &[]);
    assert_eq!(lab.history.len(), 25_000);
    assert!(lab.last_line().contains("the maximum number of history events"));
}
