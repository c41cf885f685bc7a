#![allow(clippy::unwrap_used)]

use proptest::prelude::*;
use serde_json::json;

use super::*;

fn states() -> Value {
    json!({
        "input": {
            "order": {"id": 7, "lines": [
                {"sku": "a", "price": 2.5, "count": 4, "tags": ["x", "y"]},
                {"sku": "b", "price": 10, "count": 1},
                {"sku": "a", "price": 1, "count": 3, "tags": ["z"]},
            ]},
            "text": "Hello world",
            "none": null,
            "empty": [],
        },
        "context": {"State": {"Name": "S"}},
    })
}

fn evaluated(text: &str) -> Result<Option<Value>, JsonataError> {
    let variables = Map::from_iter([("total".to_owned(), json!(20)), ("list".to_owned(), json!([3, 1, 2]))]);
    let states = states();
    let bindings = Bindings {
        states: &states,
        variables: &variables,
        now_millis: 1_700_000_000_123,
    };
    Expression::parse(text)?.evaluate(&bindings, 42)
}

fn check(text: &str, expected: &Value) {
    assert_eq!(evaluated(text), Ok(Some(expected.clone())), "{text}");
}

#[test]
fn the_language_is_evaluated() {
    for (text, expected) in [
        ("$states.input.order.id", json!(7)),
        ("$states.context.State.Name", json!("S")),
        ("$total / 8", json!(2.5)),
        ("$states.input.order.lines.sku", json!(["a", "b", "a"])),
        ("$states.input.order.lines[price > 2].sku", json!(["a", "b"])),
        ("$states.input.order.lines[-1].count", json!(3)),
        ("$states.input.order.lines[sku = 'b'].price", json!(10)),
        ("$states.input.order.lines[sku = 'b'].price[]", json!([10])),
        ("$states.input.order.lines.tags", json!(["x", "y", "z"])),
        ("$states.input.order.lines[0].tags[1]", json!("y")),
        ("$sum($states.input.order.lines.(price * count))", json!(23)),
        ("$states.input.order.lines{sku: $sum(count)}", json!({"a": 7, "b": 1})),
        ("$states.input.order.lines^(>price, sku).price", json!([10, 2.5, 1])),
        (
            "$states.input.order.lines#$i[$i > 0].{'at': $i, 'sku': sku}",
            json!([{"at": 1, "sku": "b"}, {"at": 2, "sku": "a"}]),
        ),
        ("$states.input.order.lines@$l.$l.sku", json!(["a", "b", "a"])),
        ("$states.input.order.lines.tags.{'t': $, 'of': %.sku}[1].of", json!("a")),
        ("$states.input.order.*[0]", json!(7)),
        ("$count($states.input.**.price)", json!(3)),
        ("[1..3, 'x']", json!([1, 2, 3, "x"])),
        (
            "{'a': 1, 'b': {'c': [true, null]}}",
            json!({"a": 1, "b": {"c": [true, null]}}),
        ),
        ("{'gone': $nothing, 'here': 1}", json!({"here": 1})),
        ("($x := 2; $y := $x * 3; $y - 1)", json!(5)),
        (
            "($f := function($n) { $n <= 1 ? 1 : $n * $f($n - 1) }; $f(10))",
            json!(3_628_800),
        ),
        (
            "($even := function($n) { $n = 0 ? true : $odd($n - 1) }; $odd := function($n) { $n = 0 ? false : $even($n - 1) }; $even(20001))",
            json!(false),
        ),
        ("$list ~> $sort ~> $map(function($v, $i) { $v * $i })", json!([0, 2, 6])),
        ("($half := $power(?, 0.5); $half(16))", json!(4)),
        ("($trimmed := $trim ~> $uppercase; $trimmed('  a b '))", json!("A B")),
        ("$reduce($list, function($a, $b) { $a + $b }, 10)", json!(16)),
        (
            "$states.input.order ~> |lines[sku = 'b']|{'price': 0}, 'count'| ~> $lookup('lines') ~> $filter(function($l) { $l.sku = 'b' })",
            json!({"sku": "b", "price": 0}),
        ),
        (
            "'a' & 1 & null & true & [1.50, {'b': 2}]",
            json!("a1nulltrue[1.5,{\"b\":2}]"),
        ),
        ("0.1 + 0.2 & ''", json!("0.3")),
        ("2 in $list and not_there or true", json!(true)),
        ("[1, [2]] = [1, [2]]", json!(true)),
        ("$nothing ?? 'default'", json!("default")),
        ("'' ?: 'empty'", json!("empty")),
        ("/* why */ 1 /* not */ + 1", json!(2)),
        ("`text` = 1", json!(false)),
        ("\"\\u00fc\\ud83d\\ude00\\n\"", json!("ü😀\n")),
        ("$states.input.none", json!(null)),
        ("$states.input.empty", json!([])),
        ("-5 % 3", json!(-2)),
    ] {
        check(text, &expected);
    }
    for nothing in [
        "$nothing",
        "$states.input.no.where",
        "$",
        "states.input",
        "nothing + 1",
        "$list[9]",
        "1 > nothing",
    ] {
        assert_eq!(evaluated(nothing), Ok(None), "{nothing}");
    }
}

#[test]
fn functions_have_their_values() {
    for (text, expected) in [
        ("$substring('Hello', -3, 2)", json!("ll")),
        (
            "$substringBefore('a-b', '-') & $substringAfter('a-b', '-')",
            json!("ab"),
        ),
        ("$pad('x', -3, '#') & $pad('y', 3)", json!("##xy  ")),
        ("$split('a, b,c', /,\\s*/)", json!(["a", "b", "c"])),
        ("$join(['a', 'b'], '-')", json!("a-b")),
        ("$contains('hello$world', /^hello\\$/)", json!(true)),
        ("$match('ab12cd3', /[a-z]+(\\d+)/).groups", json!(["12", "3"])),
        (
            "$replace('John Smith', /(\\w+)\\s(\\w+)/, '$2, $1')",
            json!("Smith, John"),
        ),
        ("$replace('abc', 'b', function($m) { 'x' })", json!("axc")),
        ("$number('12.50') + $number(true)", json!(13.5)),
        (
            "[$round(2.5), $round(-12.345, 2), $floor(-1.5), $ceil(1.2), $abs(-3), $sqrt(9)]",
            json!([2, -12.34, -2, 2, 3, 3]),
        ),
        (
            "$formatNumber(12345.678, '#,##0.00') & $formatNumber(0.14, '01%') & $formatNumber(-5, '0.0;(0.0)')",
            json!("12,345.6814%(5.0)"),
        ),
        ("$formatBase(255, 16)", json!("ff")),
        (
            "[$max($list), $min($list), $average($list), $count($list)]",
            json!([3, 1, 2, 3]),
        ),
        ("$zip([1, 2], ['a', 'b'])", json!([[1, "a"], [2, "b"]])),
        ("$distinct([1, 2, 1, {'a': 1}, {'a': 1}])", json!([1, 2, {"a": 1}])),
        ("$append($list, 4) ~> $reverse", json!([4, 2, 1, 3])),
        ("$keys({'a': 1, 'b': 2})", json!(["a", "b"])),
        ("$merge([{'a': 1}, {'a': 2, 'b': 3}])", json!({"a": 2, "b": 3})),
        ("$spread({'a': 1, 'b': 2})", json!([{"a": 1}, {"b": 2}])),
        ("$each({'a': 1}, function($v, $k) { $k & $v })", json!("a1")),
        ("$sift({'a': 1, 'b': 2}, function($v) { $v > 1 })", json!({"b": 2})),
        (
            "$type({}) & $type([]) & $type(null) & $type($sum)",
            json!("objectarraynullfunction"),
        ),
        ("$single($list, function($v) { $v = 2 })", json!(2)),
        ("$string({'a': [1, 'x']}, false)", json!("{\"a\":[1,\"x\"]}")),
        ("$base64decode($base64encode('grüß'))", json!("grüß")),
        (
            "$encodeUrlComponent('a b&ü') & $encodeUrl('?a=b c')",
            json!("a%20b%26%C3%BC?a=b%20c"),
        ),
        ("$decodeUrlComponent('a%20b')", json!("a b")),
        ("$millis()", json!(1_700_000_000_123_u64)),
        ("$now()", json!("2023-11-14T22:13:20.123Z")),
        (
            "$fromMillis(1700000000123, '[FNn], [D1o] [MNn,3-3] [Y], [h]:[m][P] [Z]', '+0130')",
            json!("Tuesday, 14th Nov 2023, 11:43pm +01:30"),
        ),
        ("$toMillis('2023-11-14T22:13:20.123Z')", json!(1_700_000_000_123_u64)),
        (
            "$toMillis('14/11/2023 10:13 pm', '[D01]/[M01]/[Y0001] [h]:[m] [P]')",
            json!(1_699_999_980_000_u64),
        ),
        ("$partition([1, 2, 3], 2)", json!([[1, 2], [3]])),
        ("$range(0, 10, 3)", json!([0, 3, 6, 9])),
        ("$range(3, 1, -1)", json!([3, 2, 1])),
        ("$range(1, 9, 9)", json!(1)),
        ("$hash('input data', 'MD5')", json!("812f45842bc6d66ee14572ce20db8e86")),
        ("$parse('{\"a\": [1]}').a[0]", json!(1)),
        ("$length($uuid())", json!(36)),
        (
            "$random() < 1 and $random(5) = $random(5) and $random() != $random()",
            json!(true),
        ),
    ] {
        check(text, &expected);
    }
}

#[test]
fn errors_have_codes_and_texts() {
    for (text, expected) in [
        ("$sum", "D1014: A function cannot be a result: it has no form in JSON"),
        (
            "{'a': [function($x) { $x }]}",
            "D1014: A function cannot be a result: it has no form in JSON",
        ),
        ("$eval('1')", "T1006: Attempted to invoke a non-function"),
        ("$randomSeeded(1)", "T1006: Attempted to invoke a non-function"),
        (
            "sum([1])",
            "T1005: Attempted to invoke a non-function. Did you mean $sum?",
        ),
        (
            "1 + 'a'",
            "T2002: The right side of the \"+\" operator must evaluate to a number",
        ),
        (
            "'a' < 1",
            "T2009: The values \"a\" and 1 either side of operator \"<\" must be of the same data type",
        ),
        (
            "$length(1)",
            "T0410: Argument 1 of function \"length\" does not match function signature",
        ),
        (
            "$sum('a')",
            "T0412: Argument 1 of function \"sum\" must be an array of \"numbers\"",
        ),
        (
            "{1: 2}",
            "T1003: Key in object structure must evaluate to a string; got: 1",
        ),
        ("$number('x')", "D3030: Unable to cast value to a number: \"x\""),
        ("$error('stop')", "D3137: stop"),
        ("1 / 0", "D1001: Number out of range: Infinity"),
        ("(", "S0203: Expected \")\" before end of expression"),
        ("$x := ", "S0207: Unexpected end of expression"),
        ("[1, 2", "S0203: Expected \"]\" before end of expression"),
        ("'open", "S0101: String literal must be terminated by a matching quote"),
        ("1 2", "S0201: Syntax error: 2"),
    ] {
        assert_eq!(
            evaluated(text).map_err(|error| error.to_string()),
            Err(expected.to_owned()),
            "{text}"
        );
    }
}

#[test]
fn nothing_runs_forever_or_fills_the_memory() {
    let long = |open: &str, inner: &str, close: &str| format!("{}{inner}{}", open.repeat(2000), close.repeat(2000));
    for (text, code) in [
        ("($f := function($x) { $f($x) }; $f(1))".to_owned(), "D1012"),
        ("($f := function($x) { 1 + $f($x) }; $f(1))".to_owned(), "D1011"),
        ("[1..10000000]".to_owned(), "D1012"),
        ("[1..100000000]".to_owned(), "D2014"),
        ("$reduce([1..40], function($s) { $s & $s }, 'xxxx')".to_owned(), "T0410"),
        (
            "$reduce([1..40], function($s, $x) { $s & $s }, 'xxxx')".to_owned(),
            "D1012",
        ),
        (
            "$reduce([1..60], function($s, $x) { [[$s], [$s]] }, 1)".to_owned(),
            "D1012",
        ),
        ("$reduce([1..9999], function($s, $x) { [[$s]] }, 1)".to_owned(), "D1011"),
        ("$pad('x', 1e12)".to_owned(), "D1012"),
        (long("(", "1", ")"), "D1011"),
        (long("[", "1", "]"), "D1011"),
        (long("-", "1", ""), "D1011"),
        (long("1+", "1", ""), "D1011"),
        (long("function(){", "1", "}"), "D1011"),
    ] {
        match evaluated(&text) {
            Err(error) if error.code == code => {}
            // `$reduce` says so itself.
            Err(error) if code == "T0410" && error.code == "D3050" => {}
            other => panic!("{}: {other:?}", text.chars().take(60).collect::<String>()),
        }
    }
}

#[test]
fn templates_are_filled_in() {
    let (states, variables) = (states(), Map::new());
    let bindings = Bindings {
        states: &states,
        variables: &variables,
        now_millis: 0,
    };
    let template = json!({"a": "{% $states.input.order.id %}", "b": [1, "{%1+1%}", "plain {% 1 %}"], "{% 1 %}": null});
    let filled = json!({"a": 7, "b": [1, 2, "plain {% 1 %}"], "{% 1 %}": null});
    assert_eq!(fill(&template, &bindings, 1), Ok(filled));
    let error = fill(&json!({"a": ["{% $x %}"]}), &bindings, 1).unwrap_err();
    assert_eq!(
        (error.place.as_str(), error.expression.as_str(), error.problem),
        ("a/0", "$x", Problem::Undefined)
    );
    let uuids = fill(&json!(["{% $uuid() %}", "{% $uuid() %}"]), &bindings, 1).unwrap();
    assert_ne!(uuids[0], uuids[1]);
    assert_eq!(
        Ok(uuids),
        fill(&json!(["{% $uuid() %}", "{% $uuid() %}"]), &bindings, 1)
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_text_is_read_without_panic(text in "\\PC{0,40}") {
        prop_assert_ne!(evaluated(&text).map_err(|error| error.code), Err("U1000".to_owned()));
    }

    #[test]
    fn any_tokens_are_evaluated_without_panic(
        tokens in proptest::collection::vec(
            "(\\$states|\\$list|\\$[a-c]|\\$string|\\$map|\\$split|\\$substring|\\$pad|\\$range|\\$fromMillis|function\\(\\$a\\)\\{|[a-c]|'[a-c]?'|-?[0-9]{1,3}|1e300|/a+/|\\.|\\.\\.|[\\[\\](){},;:?*%@#^&|=<>+~-]|:=|~>|\\*\\*|in|and)",
            0..14,
        ),
    ) {
        let text = tokens.concat();
        prop_assert_ne!(evaluated(&text).map_err(|error| error.code), Err("U1000".to_owned()), "{}", text);
    }

    #[test]
    fn functions_take_any_arguments_without_panic(
        function in "(substring|pad|split|round|formatBase|formatNumber|power|range|partition|fromMillis|toMillis|replace|match|number|random|zip|reduce|single|lookup|decodeUrl|parse|hash)",
        arguments in proptest::collection::vec("(-?[0-9]{1,3}|-?1e[0-9]{1,3}|'[#0,.%e a-c]{0,4}'|'\\[[YMDFHhmsfPZ](N|Nn|01|,2)?\\]'|\\[1, 'a'\\]|\\{'a': 1\\}|/[ab]/|null|nothing|function\\(\\$x, \\$y\\)\\{\\$x\\})", 0..4),
    ) {
        let text = format!("${function}({})", arguments.join(", "));
        prop_assert_ne!(evaluated(&text).map_err(|error| error.code), Err("U1000".to_owned()), "{}", text);
    }

    #[test]
    fn json_comes_back(number: i32, text in "[a-z\"\\\\]{0,8}") {
        let states = json!({"input": {"n": number, "t": text, "l": [[number], {"x": null}]}});
        let variables = Map::new();
        let bindings = Bindings { states: &states, variables: &variables, now_millis: 0 };
        let back = Expression::parse("$states").unwrap().evaluate(&bindings, 0);
        prop_assert_eq!(back, Ok(Some(states.clone())));
    }
}
