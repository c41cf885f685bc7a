#![allow(clippy::unwrap_used)]

use proptest::prelude::*;

use super::*;

fn read(name: &str, text: &str) -> (Option<Node>, Vec<Diagnostic>) {
    parse(&SourceFile::new(name, text))
}

/// `line:col code message (hints)` of each finding.
fn findings(found: &[Diagnostic]) -> Vec<String> {
    found
        .iter()
        .map(|found| {
            let span = found.span.as_ref().unwrap();
            let (line, column) = span.file.line_column(span.range.start);
            let hints: String = found.hints.iter().map(|hint| format!(" ({hint})")).collect();
            format!("{line}:{column} {} {}{hints}", found.code, found.message)
        })
        .collect()
}

/// What is read, as JSON, then the findings.
fn check(name: &str, text: &str, json: &str, expected: &[&str]) {
    let (node, found) = read(name, text);
    assert_eq!(
        node.map(|node| node.to_json().to_string()).unwrap_or_default(),
        json,
        "{text}"
    );
    assert_eq!(findings(&found), expected, "{text}");
}

/// Every key and value with the text that its span covers, depth first.
fn spans(text: &str) -> String {
    fn walk(node: &Node, text: &str, out: &mut Vec<String>) {
        let slice = |span: &Option<Span>| format!("{:?}", &text[span.as_ref().unwrap().range.clone()]);
        match &node.value {
            Value::Map(entries) => {
                out.push(format!("map {}", slice(&node.span)));
                for entry in entries {
                    out.push(format!("key {}", slice(&entry.key_span)));
                    walk(&entry.value, text, out);
                }
            }
            Value::List(items) => {
                out.push(format!("list {}", slice(&node.span)));
                items.iter().for_each(|item| walk(item, text, out));
            }
            _ => out.push(slice(&node.span)),
        }
    }
    let mut out = Vec::new();
    walk(&read("x.yaml", text).0.unwrap(), text, &mut out);
    out.join("\n")
}

#[test]
fn values_are_typed_by_the_core_schema() {
    check(
        "a.yaml",
        "a: yes\nb: 'true'\nc: true\nd: 1.0\ne: 1\nf:\ng: \"~\"\nh: !!str 12\ni: ! 3\nj: |\n  x\n  y\nk: >-\n  p\n  q\n",
        r#"{"a":"yes","b":"true","c":true,"d":1.0,"e":1,"f":null,"g":"~","h":"12","i":"3","j":"x\ny\n","k":"p q"}"#,
        &[],
    );
    check(
        "a.yaml",
        "1: a\n1.0: b\ntrue: c\n~: d\n",
        r#"{"1":"a","1.0":"b","true":"c","~":"d"}"#,
        &[],
    );
    check("a.yml", "[1, {a: b}, c: d]", r#"[1,{"a":"b"},{"c":"d"}]"#, &[]);
    check(
        "a.JSON",
        "\u{feff}{\"a\"\n:\t-0,\"<<\":[]}",
        r#"{"a":-0.0,"<<":[]}"#,
        &[],
    );
    check(
        "a.yaml",
        "a: .inf",
        r#"{"a":".inf"}"#,
        &["1:4 bad-number `.inf` is a number that JSON cannot hold"],
    );
}

#[test]
fn aliases_and_merge_keys_are_resolved() {
    check("a.yaml", "a: &x {p: 1}\nb: *x\n", r#"{"a":{"p":1},"b":{"p":1}}"#, &[]);
    check(
        "a.yaml",
        "&k a: 1\nb: *k\n*k : 3\n",
        r#"{"a":1,"b":"a"}"#,
        &["3:1 duplicate-key the key `a` is written twice (it is first written at 1:4)"],
    );
    check(
        "a.yaml",
        "a: &x {p: 1, q: 2}\nb: {<<: *x, q: 3}\n",
        r#"{"a":{"p":1,"q":2},"b":{"q":3,"p":1}}"#,
        &[],
    );
    check("a.yaml", "<<: [{p: 1}, {p: 2, q: 3}]\n", r#"{"p":1,"q":3}"#, &[]);
    check(
        "a.yaml",
        "<<: 5\n",
        "{}",
        &["1:5 bad-key `<<` takes a mapping, found a number"],
    );
    check(
        "a.yaml",
        "a: *x\n",
        "",
        &["1:4 syntax while parsing node, found unknown anchor"],
    );
    check(
        "a.yaml",
        "a: &x [*x]\n",
        "",
        &["1:8 syntax an alias stands inside of what it refers to"],
    );
}

#[test]
fn all_duplicates_are_found_and_the_first_value_stays() {
    check(
        "a.yaml",
        "a: 1\nb: {c: 1, c: 2}\na: 3\n'a': 4\n",
        r#"{"a":1,"b":{"c":1}}"#,
        &[
            "2:11 duplicate-key the key `c` is written twice (it is first written at 2:5)",
            "3:1 duplicate-key the key `a` is written twice (it is first written at 1:1)",
            "4:1 duplicate-key the key `a` is written twice (it is first written at 1:1)",
        ],
    );
    check(
        "a.json",
        "{\"a\": 1,\n \"a\": 2}",
        r#"{"a":1}"#,
        &["2:2 duplicate-key the key `a` is written twice (it is first written at 1:2)"],
    );
}

#[test]
fn what_cannot_be_read_is_said() {
    for (name, text, expected) in [
        ("a.yaml", "", "1:1 empty-file `a.yaml` is empty"),
        ("a.yaml", "# only\n", "1:1 empty-file `a.yaml` is empty"),
        ("a.yaml", "---\n", "1:1 empty-file `a.yaml` is empty"),
        ("a.json", " \n", "1:1 empty-file `a.json` is empty"),
        (
            "a.yaml",
            "a: 1\n---\nb: 2\n",
            "2:1 several-documents a second document begins here, but a file must hold only one",
        ),
        ("a.yaml", "a: [1,\nb: 2", "1:4 syntax unclosed bracket '['"),
        (
            "a.yaml",
            "a: b: c",
            "1:5 syntax mapping values are not allowed in this context",
        ),
        ("a.json", "{\n  \"a\": 1,\n}", "3:1 syntax trailing comma"),
        ("a.json", "{\"é\": x}", "1:7 syntax expected value"),
        (
            "a.json",
            "{\"a\": 1 // no\n}",
            "1:9 syntax expected `,` or `}` (JSON has no comments)",
        ),
        ("a.asl.json", "a: 1", "1:1 syntax expected value"),
        ("a.json", "{\"a\": 1", "1:7 syntax EOF while parsing an object"),
        ("a.json", "{} {}", "1:4 syntax trailing characters"),
    ] {
        check(name, text, "", &[expected]);
    }
    check(
        "a.yaml",
        "? [a]\n: 1\nb: 2\n: 3\n",
        r#"{"b":2}"#,
        &[
            "1:3 bad-key a key must be a string, found a list",
            "4:1 bad-key a key is missing before the colon",
        ],
    );
    check(
        "a.yaml",
        "a: !Ref x\nb: !GetAtt [x]\nc: !!int x\n",
        r#"{"a":"x","b":["x"],"c":"x"}"#,
        &[
            "1:9 unknown-tag unknown tag `!Ref` (references are written as text: `${LogicalId.Arn}`)",
            "2:12 unknown-tag unknown tag `!GetAtt`",
            "3:10 unknown-tag `x` is not what its tag `!!int` says (references are written as text: `${LogicalId.Arn}`)",
        ],
    );
}

#[test]
fn depth_and_aliases_are_limited() {
    for (name, text) in [
        ("a.yaml", "[".repeat(2000)),
        ("a.json", "[".repeat(2000) + &"]".repeat(2000)),
        ("a.yaml", "- ".repeat(2000)),
        ("a.yaml", "{a: ".repeat(2000)),
        (
            "a.yaml",
            (1..300).fold("- &a0 []\n".to_owned(), |text, n| {
                text + &format!("- &a{n} [*a{}]\n", n - 1)
            }),
        ),
    ] {
        let (node, found) = read(name, &text);
        assert!(node.is_none());
        assert_eq!(found.len(), 1);
        assert_eq!(
            (found[0].code, found[0].message.as_str()),
            ("too-deep", "nested deeper than 120 levels")
        );
    }
    let laughs = (1..20).fold("- &a0 lol\n".to_owned(), |text, n| {
        text + &format!("- &a{n} [{}]\n", vec![format!("*a{}", n - 1); 10].join(","))
    });
    assert_eq!(read("a.yaml", &laughs).1[0].code, "too-large");
    let long_key = format!("{{\"{}\": 1}}", "k".repeat(5000));
    assert!(read("a.json", &long_key).0.is_some());
    let deepest = "[".repeat(MAX_DEPTH) + &"]".repeat(MAX_DEPTH);
    assert!(read("a.json", &deepest).0.is_some());
}

// (A list that is not indented under its key begins at its first item, for the parser.)
#[test]
fn spans_cover_what_was_written() {
    assert_eq!(
        spans("{\"é\":\t\"\\u00e9\",\r\n\t\"b\" : [1, {}]}"),
        "map \"{\\\"é\\\":\\t\\\"\\\\u00e9\\\",\\r\\n\\t\\\"b\\\" : [1, {}]}\"\n\
         key \"\\\"é\\\"\"\n\"\\\"\\\\u00e9\\\"\"\nkey \"\\\"b\\\"\"\nlist \"[1, {}]\"\n\"1\"\nmap \"{}\""
    );
    assert_eq!(
        spans("a: # c\n  b: 'it''s'\n  c: plain\n    text # c\nd: |\n  x\n  y\n\n# c\ne:\n- 1\n- &n q\n"),
        "map \"a: # c\\n  b: 'it''s'\\n  c: plain\\n    text # c\\nd: |\\n  x\\n  y\\n\\n# c\\ne:\\n- 1\\n- &n q\"\n\
         key \"a\"\nmap \"b: 'it''s'\\n  c: plain\\n    text\"\nkey \"b\"\n\"'it''s'\"\nkey \"c\"\n\"plain\\n    text\"\n\
         key \"d\"\n\"x\\n  y\"\nkey \"e\"\nlist \"1\\n- &n q\"\n\"1\"\n\"q\""
    );
}

/// Any JSON value that is not nested too deep.
fn any_json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<u64>().prop_map(Into::into),
        any::<f64>().prop_map(Into::into),
        // Without the control characters that YAML refuses where JSON would not.
        "[ -~\t\n\r\u{a0}-\u{fdff}\u{10000}-\u{10ffff}]{0,12}".prop_map(Into::into),
        "(yes|null|~|1|<<|- a|a: b|#|[*&!%@`]x| |)".prop_map(Into::into),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..5).prop_map(Into::into),
            proptest::collection::vec(("[ -~é]{0,8}", inner), 0..5)
                .prop_map(|entries| serde_json::Value::Object(entries.into_iter().collect())),
        ]
    })
}

fn without_spans(node: Node) -> Node {
    Node::from_json(&node.to_json())
}

proptest! {
    #[test]
    fn what_serde_json_writes_is_read_back(value in any_json(), pretty: bool) {
        prop_assume!(!value.is_null());
        let text = if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) }.unwrap();
        for name in ["a.json", "a.yaml"] {
            let (node, found) = read(name, &text);
            prop_assert_eq!(findings(&found), Vec::<String>::new());
            prop_assert_eq!(without_spans(node.unwrap()), Node::from_json(&value));
        }
    }

    #[test]
    fn any_text_is_read_or_refused(text in ".{0,60}", yaml in "[a\\-:?\\[\\]{},&*!|>'\"%@#~<\n\t é]{0,40}") {
        for name in ["a.yaml", "a.json"] {
            for text in [&text, &yaml] {
                let (node, found) = read(name, text);
                prop_assert!(node.is_some() || !found.is_empty());
                for span in found.iter().filter_map(|found| found.span.as_ref()) {
                    prop_assert!(text.get(span.range.clone()).is_some(), "{:?} {:?}", text, found);
                }
            }
        }
    }

    #[test]
    fn a_mutated_document_is_read_or_refused(cut in 0usize..400, length in 0usize..8, put in "[:\\-{}\\[\\]&*a\n \t\"']{0,4}") {
        const DOCUMENT: &str = "name: call-center\nfunctions: # c\n  A: &a\n    code: ../x\n    tags: {a: 'b', \"c\": d}\n  \
            B: {<<: *a, memory: 1_0}\nlist:\n- |\n  text\n- >-\n   folded\n\n- [1, 2.0, ~]\n? é\n: !!str 1\n";
        let start = cut.min(DOCUMENT.len());
        let end = (start + length).min(DOCUMENT.len());
        if let (Some(before), Some(after)) = (DOCUMENT.get(..start), DOCUMENT.get(end..)) {
            let text = format!("{before}{put}{after}");
            let (node, found) = read("a.yaml", &text);
            prop_assert!(node.is_some() || !found.is_empty());
        }
    }
}
