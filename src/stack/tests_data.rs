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
