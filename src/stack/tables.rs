//! The section `tables`.

use indexmap::IndexMap;

use super::fields::Fields;
use super::model::{Billing, Index, Key, KeyPart, Projection, Table};
use super::names::{self, Context, Name};
use super::tags;
use crate::diagnostic::{Diagnostic, Span};
use crate::tree::{Entry, Node, Value};

/// Types that an attribute of a key can have: text, number, bytes.
const KEY_TYPES: &[&str] = &["S", "N", "B"];

/// Global secondary indexes that a table can have unless AWS was asked for more.
/// Source: <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html>
const MOST_INDEXES: usize = 20;

/// Reads one table.
pub(super) fn read(
    entry: &Entry,
    context: &Context<'_>,
    stack_tags: &IndexMap<String, String>,
    found: &mut Vec<Diagnostic>,
) -> Table {
    let mut fields = Fields::new(&entry.value, entry.key_span.as_ref(), format!("table `{}`", entry.key));
    let name = names::physical(&mut fields, context, entry, Name::Table);
    let key = fields.required("key").and_then(|node| key(node, &mut fields));
    let indexes = indexes(&mut fields);
    let billing = billing(&mut fields);
    let ttl = fields.text("ttl").map(|(attribute, span)| {
        check_attribute(attribute, span, &mut fields.found);
        attribute.to_owned()
    });
    let items = items(&mut fields);
    let tags = tags::read(&mut fields);
    tags::check_count(&mut fields, &tags, stack_tags);
    let key = key.unwrap_or_else(|| Key {
        partition: KeyPart {
            name: String::new(),
            kind: "S",
        },
        sort: None,
    });
    check_types(&key, &indexes, &mut fields);
    fields.finish(found);
    Table {
        span: entry.key_span.clone(),
        name,
        key,
        indexes,
        billing,
        ttl,
        items,
        tags,
    }
}

/// `Id`, or `{partition: …, sort: …}` of attributes, each `Id` or `{name: Id, type: N}`; a text unless it says otherwise.
fn key(node: &Node, fields: &mut Fields<'_>) -> Option<Key> {
    let partition_only = |partition| Key { partition, sort: None };
    match &node.value {
        Value::Map(_) => {
            let mut parts = Fields::new(node, node.span.as_ref(), format!("the key of {}", fields.what));
            let partition = parts
                .required("partition")
                .and_then(|node| part(node, &mut parts.found));
            let sort = parts.node("sort").map(|node| part(node, &mut parts.found));
            parts.finish(&mut fields.found);
            let mut key = partition_only(partition?);
            if let Some(sort) = sort {
                let sort = sort?;
                if sort.name == key.partition.name {
                    let message = format!("partition and sort key are both `{}`", sort.name);
                    fields
                        .found
                        .push(Diagnostic::error("bad-value", message).at(node.span.as_ref()));
                }
                key.sort = Some(sort);
            }
            Some(key)
        }
        _ => part(node, &mut fields.found).map(partition_only),
    }
}

fn part(node: &Node, found: &mut Vec<Diagnostic>) -> Option<KeyPart> {
    match &node.value {
        Value::String(name) => {
            check_attribute(name, node.span.as_ref(), found);
            Some(KeyPart {
                name: name.clone(),
                kind: "S",
            })
        }
        Value::Map(_) => {
            let mut fields = Fields::new(node, node.span.as_ref(), "the key attribute");
            let name = fields.required_text("name");
            if let Some((name, span)) = name {
                check_attribute(name, span, &mut fields.found);
            }
            let kind = fields.one_of("type", KEY_TYPES).unwrap_or("S");
            fields.finish(found);
            let name = name?.0.to_owned();
            Some(KeyPart { name, kind })
        }
        _ => {
            let message = format!(
                "`key`: expected the name of an attribute or a mapping, found {}",
                node.kind()
            );
            found.push(Diagnostic::error("wrong-type", message).at(node.span.as_ref()));
            None
        }
    }
}

/// Key attributes have 1 to 255 bytes.
/// Source: <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html>
fn check_attribute(name: &str, span: Option<&Span>, found: &mut Vec<Diagnostic>) {
    if !(1..=255).contains(&name.len()) {
        let message = format!(
            "the attribute name `{name}` has {} bytes, 1 to 255 are allowed",
            name.len()
        );
        found.push(Diagnostic::error("bad-name", message).at(span));
    }
}

fn indexes(fields: &mut Fields<'_>) -> IndexMap<String, Index> {
    let mistakes = fields.found.len();
    let entries = fields.map("indexes");
    if let Some(wrong) = fields.found.get_mut(mistakes) {
        let form = "its entries have the form `NAME: { key: …, projection: … }`, the key as that of the table";
        wrong.hints.push(form.to_owned());
    }
    if let Some(entry) = entries.get(MOST_INDEXES) {
        let message = format!("{} has more than {MOST_INDEXES} indexes", fields.what);
        fields
            .found
            .push(Diagnostic::error("too-many", message).at(entry.key_span.as_ref()));
    }
    let mut indexes = IndexMap::new();
    for entry in entries {
        names::check_index(entry, &mut fields.found);
        let what = format!("index `{}`", entry.key);
        let mut index = Fields::new(&entry.value, entry.key_span.as_ref(), what);
        let key = index.required("key").and_then(|node| key(node, &mut index));
        let projection = projection(&mut index);
        index.finish(&mut fields.found);
        indexes.extend(key.map(|key| (entry.key.clone(), Index { key, projection })));
    }
    indexes
}

/// `ALL`, `KEYS_ONLY`, or a list of attributes.
fn projection(fields: &mut Fields<'_>) -> Projection {
    let node = fields.node("projection");
    if let Some(Value::List(_)) = node.map(|node| &node.value) {
        let attributes = fields.texts("projection").into_iter();
        // Sorted, to be compared with what DynamoDB tells.
        let mut attributes: Vec<String> = attributes.map(|(name, _)| name.to_owned()).collect();
        attributes.sort();
        return Projection::Include(attributes);
    }
    match fields.one_of("projection", &["ALL", "KEYS_ONLY"]) {
        Some("KEYS_ONLY") => Projection::KeysOnly,
        _ => Projection::All,
    }
}

/// `PAY_PER_REQUEST`, or `{read: 5, write: 5}` capacity units.
fn billing(fields: &mut Fields<'_>) -> Billing {
    let Some(node) = fields.node("billing") else {
        return Billing::OnDemand;
    };
    if !matches!(node.value, Value::Map(_)) {
        fields.one_of("billing", &["PAY_PER_REQUEST"]);
        return Billing::OnDemand;
    }
    let mut units = Fields::new(node, node.span.as_ref(), "`billing`");
    let mut number = |key| {
        units.required(key);
        units.integer(key, 1, 40_000).map_or(1, |(units, _)| units)
    };
    let (read, write) = (number("read"), number("write"));
    units.finish(&mut fields.found);
    Billing::Provisioned { read, write }
}

fn items(fields: &mut Fields<'_>) -> Vec<Node> {
    let mut items = Vec::new();
    for node in fields.list("items") {
        if matches!(node.value, Value::Map(_)) {
            items.push(node.clone());
        } else {
            let message = format!("`items`: expected a mapping, found {}", node.kind());
            fields
                .found
                .push(Diagnostic::error("wrong-type", message).at(node.span.as_ref()));
        }
    }
    items
}

/// An attribute has one type, in whichever keys it stands.
fn check_types(key: &Key, indexes: &IndexMap<String, Index>, fields: &mut Fields<'_>) {
    let mut types: IndexMap<&str, &str> = IndexMap::new();
    for part in parts(key, indexes) {
        let known = *types.entry(&part.name).or_insert(part.kind);
        if known != part.kind {
            let message = format!(
                "the attribute `{}` has the type {known} in one key and {} in another",
                part.name, part.kind
            );
            fields
                .found
                .push(Diagnostic::error("bad-value", message).at(fields.place));
        }
    }
}

/// The attributes of all keys.
fn parts<'a>(key: &'a Key, indexes: &'a IndexMap<String, Index>) -> impl Iterator<Item = &'a KeyPart> {
    let keys = std::iter::once(key).chain(indexes.values().map(|index| &index.key));
    keys.flat_map(|key| std::iter::once(&key.partition).chain(&key.sort))
}
