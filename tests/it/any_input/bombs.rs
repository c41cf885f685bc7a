//! Small inputs that ask for very much: they are refused, or bounded by the limits of AWS, and soon.

use std::time::{Duration, Instant};

use serde_json::{Map, Value, json};
use stepstack::asl::{self, model::StateMachine};
use stepstack::engine::{Effect, Execution, Happened, Input, Outcome, Start, Status, TimerId, step};
use stepstack::expr::jsonata::{Bindings, Expression};
use stepstack::expr::path::Path;
use stepstack::expr::template::Roots;
use stepstack::expr::{intrinsic, path_eval};
use stepstack::tree::Node;

/// Long for a machine that is busy with other tests, short beside what a bomb would take.
const SOON: Duration = Duration::from_secs(60);

/// The most values an expression may give, far above what fits into a state's data.
const LARGEST: usize = 12_000_000;

fn soon<T>(what: &str, work: impl FnOnce() -> T) -> T {
    let started = Instant::now();
    let result = work();
    assert!(started.elapsed() < SOON, "{what} took {:?}", started.elapsed());
    result
}

/// The data that expressions work on: the largest that a state may have, wide.
fn wide() -> Value {
    json!({ "list": (0..30_000).collect::<Vec<_>>(), "texts": vec!["text"; 4_000] })
}

/// As deep as data can be, with something heavy at the bottom.
fn deep() -> Value {
    (0..100).fold(
        json!({ "text": "x".repeat(200_000) }),
        |inner, _| json!({ "a": inner, "b": 1 }),
    )
}

#[test]
fn jsonata_does_not_run_for_ever_or_eat_all_memory() {
    let states = json!({ "input": wide() });
    let bindings = Bindings {
        states: &states,
        variables: &Map::new(),
        now_millis: 0,
    };
    for text in [
        "$reduce([1..100], function($text, $i) { $text & $text }, 'x')",
        "$reduce([1..100], function($list, $i) { $append($list, $list) }, [1])",
        "$reduce([1..100], function($o, $i) { { 'a': $o, 'b': $o } }, {})",
        "[1..10000000]",
        "$string([1..10000000])",
        "$sum([1..10000000].[1..10000000])",
        "$map([1..1000000], function($x) { [1..1000000] })",
        "[1..100000].([1..100000])",
        "($f := function($n) { $f($n + 1) }; $f(1))",
        "($f := function($n) { 1 + $f($n + 1) }; $f(1))",
        "($f := function($n) { [$f($n), $f($n)] }; $f(1))",
        "($fib := function($n) { $n < 2 ? 1 : $fib($n - 1) + $fib($n - 2) }; $fib(60))",
        "($y := function($f) { $f($f) }; $y($y))",
        "$pad('x', 1000000000)",
        "$pad('x', -1000000000, 'ab')",
        "$join($map([1..1000000], function($x) { $pad('', 1000) }))",
        "$replace($pad('', 100000, 'a'), 'a', $pad('', 100000))",
        "$split($pad('', 100000), '').$pad('', 100000)",
        "$formatBase(1e300, 2) & $pad('', 1e9)",
        "$range(1, 100000000, 1)",
        "$partition([1..10000000], 1)",
        "$sort([1..1000000], function($a, $b) { $a < $b })",
        "$states.input.list.($states.input.list)",
        "$states.input.**.**.**.**",
        "$states.input.list[$ in $states.input.list[$ in $states.input.list]]",
        "$states.input.list@$x.$states.input.list@$y.[$x, $y]",
        "$states.input.list#$i.$states.input.list#$j.[$i, $j]",
        "$states.input ~> |**|{ 'list': $states.input.list }|",
        "$merge($map([1..1000000], function($x) { { $string($x): $states.input } }))",
        "$zip([1..10000000], [1..10000000])",
        "$spread($map([1..1000000], function($x) { $states.input }))",
        "$string($reduce([1..64], function($v, $i) { [$v, $v] }, []))",
    ] {
        let expression = Expression::parse(text).unwrap();
        let value = soon(text, || expression.evaluate(&bindings, 0));
        let small = |value: &Option<Value>| value.as_ref().is_none_or(|value| nodes(value) < LARGEST);
        assert!(
            value.as_ref().is_err() || value.as_ref().is_ok_and(small),
            "{text} gives too much"
        );
    }
}

#[test]
fn regular_expressions_do_not_explode() {
    let bindings = Bindings {
        states: &Value::Null,
        variables: &Map::new(),
        now_millis: 0,
    };
    for text in [
        "$match($pad('', 30000, 'a') & 'b', /(a+)+$/)",
        "$match($pad('', 30000, 'a'), /(a|a)*b/)",
        "$match($pad('', 30000, 'a'), /(.*a){20}/)",
        "$contains($pad('', 30000, 'x'), /(x+x+)+y/)",
        "$match('a', /((a{1000}){1000}){1000}/)",
        "$split($pad('', 30000, 'a'), /(a*)*b?/)",
        "$replace($pad('', 30000, 'a'), /a*?/, '$0$0')",
    ] {
        let expression = Expression::parse(text);
        let _ = soon(text, || {
            expression.and_then(|expression| expression.evaluate(&bindings, 0))
        });
    }
}

#[test]
fn paths_do_not_run_for_ever_or_eat_all_memory() {
    for (data, text) in [
        (wide(), "$..*..*..*"),
        (wide(), "$..[?($..[?($..[?($..x)])])]"),
        (wide(), "$..[?(@ in $.list)]"),
        (wide(), "$.list[?($.list[?($.list[?(@ == 1)])])]"),
        (wide(), "$.list[?($..*)]"),
        (wide(), "$.list[?(@ in $.list && @ in $.texts && $.list == $.list)]"),
        (deep(), "$..*..*..*"),
        (deep(), "$..a..a"),
        (deep(), "$..a..a..a..a..a"),
        (deep(), "$..[?($..*)]"),
        (deep(), "$..[?(@..a == $..a)]"),
    ] {
        let path = Path::parse(text).unwrap();
        let found = soon(text, || path_eval::evaluate(&path, &data).map(|found| nodes(&found)));
        assert!(
            found.as_ref().is_err() || found.as_ref().is_ok_and(|nodes| *nodes < LARGEST),
            "{text}: {found:?}"
        );
    }
}

/// How much a value holds: values, and bytes of texts.
fn nodes(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(nodes).sum::<usize>(),
        Value::Object(members) => 1 + members.values().map(nodes).sum::<usize>(),
        Value::String(text) => 1 + text.len() / 16,
        _ => 1,
    }
}

#[test]
fn intrinsic_functions_do_not_run_for_ever_or_eat_all_memory() {
    struct Wide(Value);
    impl Roots for Wide {
        fn data(&self) -> &Value {
            &self.0
        }
        fn context(&self) -> &Value {
            &self.0
        }
    }
    let roots = Wide(wide());
    for call in [
        "States.ArrayRange(1, 9000000000000000000, 1)",
        "States.ArrayRange(-9223372036854775808, 9223372036854775807, 9223372036854775807)",
        "States.ArrayUnique($.list)",
        "States.ArrayPartition($.list, 1)",
        "States.ArrayContains($.list, $.list)",
        "States.Array(States.Array($, $, $, $), States.Array($, $, $, $), States.Array($, $, $, $))",
        "States.Format('{}{}{}{}', $, $, $, $)",
        "States.MathRandom(-9223372036854775808, 9223372036854775807)",
        "States.MathAdd(9223372036854775807, 9223372036854775807)",
    ] {
        let _ = soon(call, || intrinsic::evaluate(call, &roots));
    }
}

fn machine(definition: &Value) -> StateMachine {
    asl::parse(&Node::from_json(definition)).0.unwrap()
}

/// Runs to the end, answering no tasks and firing all timers; also the number of events, the most bytes of texts that one
/// step gave, and whether the history ends well.
fn run(definition: &Value, input: &Value) -> (Outcome, usize, usize) {
    let machine = machine(definition);
    let mut execution = Execution::new(Start {
        execution_arn: "arn:aws:states:us-east-1:000000000000:execution:M:e".into(),
        execution_name: "e".into(),
        state_machine_arn: "arn:aws:states:us-east-1:000000000000:stateMachine:M".into(),
        state_machine_name: "M".into(),
        role_arn: "arn:aws:iam::000000000000:role/r".into(),
        input: input.to_string(),
        started_at: 0,
    });
    let mut timers: Vec<TimerId> = Vec::new();
    let (mut events, mut most) = (0, 0);
    let mut what = Happened::Started;
    loop {
        let mut bytes = 0;
        for effect in step(&machine, &mut execution, &Input::new(0, 1, what)) {
            match effect {
                Effect::History(event) => {
                    events += 1;
                    bytes += event.details.map_or(0, |(_, details)| text_bytes(&details));
                }
                Effect::SetTimer { timer, .. } => timers.push(timer),
                _ => {}
            }
        }
        most = most.max(bytes);
        if let Some(outcome) = execution.outcome() {
            return (outcome.clone(), events, most);
        }
        if execution.has_more() {
            what = Happened::Continued;
            continue;
        }
        timers.sort_unstable_by(|a, b| b.cmp(a));
        what = Happened::TimerFired {
            timer: timers.pop().expect("something is outstanding"),
        };
    }
}

fn text_bytes(details: &Value) -> usize {
    let members = details.as_object().into_iter().flat_map(Map::values);
    members.filter_map(Value::as_str).map(str::len).sum()
}

#[test]
fn loops_end_at_the_limit_of_the_history() {
    let pass_loop = json!({ "StartAt": "A", "States": { "A": { "Type": "Pass", "Next": "A" } } });
    let choice_loop = json!({ "StartAt": "A", "States": {
        "A": { "Type": "Choice", "Choices": [{ "Variable": "$", "IsPresent": true, "Next": "A" }], "Default": "A" },
    }});
    let inner = json!({ "StartAt": "I", "States": { "I": { "Type": "Pass", "Next": "J" }, "J": { "Type": "Pass", "End": true } } });
    let fork_loop = json!({ "StartAt": "A", "States": {
        "A": { "Type": "Parallel", "Branches": [inner, inner, inner], "ResultPath": null, "Next": "A" },
    }});
    for definition in [pass_loop, choice_loop, fork_loop] {
        let (outcome, events, _) = soon("a loop", || run(&definition, &json!({ "a": 1 })));
        assert_eq!((outcome.status, events), (Status::Failed, 25_000), "{definition}");
    }
}

/// 25,000 events of 256 KiB each are six gigabytes: they must not all be in memory at once.
#[test]
fn a_loop_of_large_data_gives_its_events_little_by_little() {
    let definition = json!({ "StartAt": "A", "States": { "A": { "Type": "Pass", "Next": "B" }, "B": { "Type": "Pass", "End": true } } });
    let mut states: Map<String, Value> = (0..400)
        .map(|at| {
            (
                format!("S{at}"),
                json!({ "Type": "Pass", "Next": format!("S{}", at + 1) }),
            )
        })
        .collect();
    states.insert("S400".into(), json!({ "Type": "Succeed" }));
    let chain = json!({ "StartAt": "S0", "States": states });
    let map = json!({ "StartAt": "M", "States": { "M": {
        "Type": "Map", "ItemsPath": "$.items", "ItemProcessor": definition, "ItemSelector": { "a.$": "$.text" },
        "ResultSelector": {}, "End": true,
    }}});
    let input = json!({ "text": "x".repeat(200_000), "items": vec![1; 100] });
    for (definition, expected) in [(chain, Status::Succeeded), (map, Status::Succeeded)] {
        let (outcome, _, most) = run(&definition, &input);
        assert_eq!(outcome.status, expected, "{outcome:?}");
        assert!(most < 24 << 20, "{most} bytes in one step");
    }
}

#[test]
fn a_map_over_very_many_items_ends_at_the_limit_of_the_history() {
    let inner = json!({ "StartAt": "I", "States": { "I": { "Type": "Pass", "End": true } } });
    let definition =
        json!({ "StartAt": "M", "States": { "M": { "Type": "Map", "ItemProcessor": inner, "End": true } } });
    let (outcome, events, _) = soon("a map", || run(&definition, &json!(vec![1; 100_000])));
    assert_eq!((outcome.status, events), (Status::Failed, 25_000));
}

#[test]
fn data_that_grow_end_at_the_largest_size() {
    let doubling = json!({ "StartAt": "A", "States": {
        "A": { "Type": "Pass", "Parameters": { "a.$": "States.Format('{}{}', $.a, $.a)" }, "Next": "A" },
    }});
    let widening = json!({ "StartAt": "A", "States": {
        "A": { "Type": "Pass", "Parameters": { "a.$": "$.a", "b.$": "$..*" }, "Next": "A" },
    }});
    for definition in [doubling, widening] {
        let (outcome, events, _) = soon("growing data", || run(&definition, &json!({ "a": "xxxxxxxx" })));
        assert_eq!(outcome.status, Status::Failed);
        assert!(events < 25_000, "{definition}: {outcome:?}");
    }
}
