//! The sections `topics`, `queues`, `tables` and `outputs`.
#![allow(clippy::unwrap_used)]

use super::model::{Billing, Projection};
use super::tests::{check, load_text};

#[test]
fn topics_queues_and_tables_are_read() {
    let (stack, found) = load_text(
        r#"
name: s
topics:
  Told:
    displayName: told
    subscriptions:
      - { protocol: sqs, endpoint: "${Box.Arn}", rawMessageDelivery: true, filterPolicy: { kind: [a] } }
      - { protocol: email, endpoint: a@example.com }
  Ordered: { fifo: true, contentBasedDeduplication: true }
queues:
  Box: { visibilityTimeout: 60, deadLetter: { queue: Dead, maxReceives: 3 } }
  Dead: { name: dead-letters, maximumMessageSize: 2048 }
  Ordered2: { fifo: true }
tables:
  Short: { key: Id }
  Long:
    key: { partition: Id, sort: { name: At, type: N } }
    indexes: { ByName: { key: Name, projection: [B, A] } }
    billing: { read: 5, write: 6 }
    ttl: Gone
    items: [{ Id: a, At: 1 }]
outputs: { Where: "${Box.Url}", Number: 7 }
"#,
        &[],
    );
    assert_eq!(found, [""; 0]);
    let stack = stack.unwrap();
    let names = |of: Vec<&String>| of.into_iter().cloned().collect::<Vec<_>>().join(" ");
    assert_eq!(
        names(stack.topics.values().map(|it| &it.name).collect()),
        "s-Told s-Ordered.fifo"
    );
    assert_eq!(
        names(stack.queues.values().map(|it| &it.name).collect()),
        "s-Box dead-letters s-Ordered2.fifo"
    );
    let told = &stack.topics["Told"];
    assert_eq!(told.subscriptions.len(), 2);
    assert!(told.subscriptions[0].raw_message_delivery && !told.subscriptions[1].raw_message_delivery);
    let queue = &stack.queues["Box"];
    assert_eq!((queue.visibility_timeout, queue.message_retention), (60, 345_600));
    assert_eq!(queue.dead_letter.as_ref().unwrap().queue, "Dead");
    let (short, long) = (&stack.tables["Short"], &stack.tables["Long"]);
    assert_eq!((short.key.partition.kind, short.billing), ("S", Billing::OnDemand));
    assert_eq!(long.key.sort.as_ref().unwrap().kind, "N");
    assert_eq!(
        long.indexes["ByName"].projection,
        Projection::Include(vec!["A".into(), "B".into()])
    );
    assert_eq!(long.billing, Billing::Provisioned { read: 5, write: 6 });
    assert_eq!((long.items.len(), stack.outputs.len()), (1, 2));
}

#[test]
fn mistakes_in_topics() {
    let topic = |lines: &str| format!("name: s\ntopics:\n  T:\n    {lines}\n");
    for (lines, expected) in [
        (
            "fifi: true",
            "4:5 unknown-key topic `T` has no key `fifi` (did you mean `fifo`?)",
        ),
        ("name: a b", "4:11 bad-name the topic name `a b` must not hold ' '"),
        (
            "name: a.fifo",
            "4:11 bad-name the topic name `a.fifo` must not hold '.' (or say `fifo: true`)",
        ),
        (
            "contentBasedDeduplication: true",
            "4:32 bad-value topic `T`: `contentBasedDeduplication` needs `fifo: true`",
        ),
        (
            "subscriptions: [{ protocol: sq, endpoint: x }]",
            "4:33 bad-value `protocol`: expected `sqs`, `lambda`, `http`, `https`, `email`, `email-json` or `sms`, found `sq` (did you mean `sqs`?)",
        ),
        (
            "subscriptions: [{ protocol: sqs }]",
            "4:21 missing-key the subscription of topic `T` has no `endpoint`",
        ),
        (
            "subscriptions: [{ protocol: http, endpoint: \"https://a\" }]",
            "4:49 bad-value `endpoint`: `http` expects an address that begins with `http://`, found `https://a`",
        ),
        (
            "subscriptions: [{ protocol: email, endpoint: a@b, rawMessageDelivery: true }]",
            "4:75 bad-value `rawMessageDelivery` is for `sqs`, `http` and `https`, not for `email`",
        ),
        (
            "subscriptions: [{ protocol: email, endpoint: a@b, filterPolicyScope: MessageBody }]",
            "4:74 bad-value `filterPolicyScope` is for a `filterPolicy`",
        ),
    ] {
        check(&topic(lines), &[expected]);
    }
}

#[test]
fn filter_policies() {
    let check_policy = |policy: &str, scope: &str, expected: &[&str]| {
        let text = format!(
            "name: s\ntopics:\n  T:\n    subscriptions:\n      - protocol: email\n        endpoint: a@b\n{scope}        filterPolicy:\n          {policy}\n"
        );
        check(&text, expected);
    };
    let body = "        filterPolicyScope: MessageBody\n";
    for policy in [
        "a: [1, x, true, null]",
        "a: [{ prefix: x }, { suffix: x }, { equals-ignore-case: x }, { exists: false }, { cidr: 10.0.0.0/8 }]",
        "a: [{ numeric: [\"=\", 1] }, { numeric: [\">\", 0, \"<=\", 5] }, { anything-but: x }, { anything-but: [1, 2] }]",
        "a: [{ anything-but: { prefix: x } }, \"${AWS::Region}\"]",
        "$or: [{ a: [1] }, { b: [2] }]",
    ] {
        check_policy(policy, "", &[]);
    }
    check_policy("a: { b: [1], c: { d: [x] } }", body, &[]);
    for (policy, scope, expected) in [
        (
            "a: 1",
            "",
            "8:14 bad-value `filterPolicy`: `a`: expected a list of values, found a number (`a: [1]`)",
        ),
        (
            "a: { b: [1] }",
            "",
            "8:14 bad-value `filterPolicy`: `a`: expected a list of values, found a mapping (only messages' bodies have nested values: `filterPolicyScope: MessageBody`)",
        ),
        (
            "a: { b: x }",
            body,
            "9:19 bad-value `filterPolicy`: `b`: expected a list of values, found a string (`b: [\"x\"]`)",
        ),
        (
            "a: []",
            "",
            "8:14 bad-value `filterPolicy`: the list of `a` is empty, and so nothing would match",
        ),
        (
            "a: [[1]]",
            "",
            "8:15 bad-value `filterPolicy`: expected a value or an operator, found a list",
        ),
        (
            "a: [{ like: x }]",
            "",
            "8:15 bad-value `filterPolicy`: there is no operator `like` (operators: prefix, suffix, equals-ignore-case, anything-but, numeric, exists, cidr)",
        ),
        (
            "a: [{ prefix: 1 }]",
            "",
            "8:25 bad-value `filterPolicy`: `prefix` expects a string",
        ),
        (
            "a: [{ cidr: 10.0.0.0 }]",
            "",
            "8:23 bad-value `filterPolicy`: `cidr` expects a network like `10.0.0.0/24`",
        ),
        (
            "a: [{ numeric: [\"~\", 1] }]",
            "",
            "8:26 bad-value `filterPolicy`: `numeric` expects one or two comparisons, e.g. `[\">=\", 1, \"<\", 5]`",
        ),
        (
            "$or: [{ a: [1] }, { b: 2 }]",
            "",
            "8:34 bad-value `filterPolicy`: `b`: expected a list of values, found a number (`b: [2]`)",
        ),
        (
            "{ a: [1], b: [1], c: [1], d: [1], e: [1], f: [1] }",
            "",
            "8:11 bad-value `filterPolicy`: has 6 keys, at most 5 are allowed",
        ),
    ] {
        check_policy(policy, scope, &[expected]);
    }
}

#[test]
fn mistakes_in_queues_and_tables() {
    let queues = |lines: &str| format!("name: s\nqueues:\n  {lines}\n");
    let tables = |lines: &str| format!("name: s\ntables:\n  {lines}\n");
    for (text, expected) in [
        (
            queues("Q: { delay: 901 }"),
            "3:15 out-of-range `delay`: expected a whole number from 0 to 900, found 901",
        ),
        (
            queues("Q: { deadLetter: { queue: Qu, maxReceives: 1 } }"),
            "3:29 undefined-reference there is no queue `Qu` (did you mean `Q`?)",
        ),
        (
            queues("Q: { deadLetter: { queue: Q, maxReceives: 1 } }"),
            "3:3 bad-value the dead letters of the queue `Q` lead back to it",
        ),
        (
            queues("Q: { deadLetter: { queue: D, maxReceives: 1 } }\n  D: { fifo: true }"),
            "3:3 bad-value queue `Q` is no FIFO queue, and so must its dead-letter queue `D` be",
        ),
        (tables("T: {}"), "3:3 missing-key table `T` has no `key`"),
        (
            tables("T: { key: { partition: { name: Id, type: X } } }"),
            "3:44 bad-value `type`: expected `S`, `N` or `B`, found `X`",
        ),
        (
            tables("T: { key: { partition: Id, sort: Id } }"),
            "3:13 bad-value partition and sort key are both `Id`",
        ),
        (
            tables("T: { key: Id, indexes: { Byx: { key: { partition: { name: Id, type: N } } } } }"),
            "3:3 bad-value the attribute `Id` has the type S in one key and N in another",
        ),
        (
            tables("T: { key: Id, indexes: { a: { key: B } } }"),
            "3:28 bad-name the index name `a` has 1 characters, at least 3 are needed",
        ),
        (
            tables("T: { key: Id, indexes: [B] }"),
            "3:26 wrong-type `indexes`: expected a mapping, found a list (its entries have the form `NAME: { key: …, projection: … }`, the key as that of the table)",
        ),
        (
            tables("T: { key: Id, items: [7] }"),
            "3:25 wrong-type `items`: expected a mapping, found a number",
        ),
        (
            "name: s\ntopics: { A: {} }\noutputs: { B: [] }\n".to_owned(),
            "3:15 wrong-type output `B`: expected a string, found a list",
        ),
    ] {
        check(&text, &[expected]);
    }
}
