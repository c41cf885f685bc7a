//! From text to tree: the events of the YAML parser, put together without recursion.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use serde_yaml::granit_parser::{ErrorKind, Event, Parser, ScalarStyle, ScanError, StructureStyle, Tag, options};

use super::{Entry, MAX_DEPTH, Node, Value, scalar};
use crate::diagnostic::{Diagnostic, SourceFile, Span};

/// How much aliases may add to a tree, in nodes and bytes of text: against documents that grow without bound.
const MAX_ALIAS_WEIGHT: usize = 1 << 20;

/// Refuses what is not strict JSON.
pub(super) fn check_json(file: &Arc<SourceFile>) -> Result<(), Diagnostic> {
    let text = without_bom(&file.text);
    if text.trim().is_empty() {
        return Ok(()); // the reader says that it is empty
    }
    let Err(error) = serde_json::from_str::<serde::de::IgnoredAny>(text) else {
        return Ok(());
    };
    if error.to_string().starts_with("recursion limit") {
        return Ok(()); // the reader stops at its own, lower limit
    }
    let start = file.text.len() - text.len();
    let line_start: usize = start
        + text
            .split_inclusive('\n')
            .take(error.line().saturating_sub(1))
            .map(str::len)
            .sum::<usize>();
    let offset = line_start + error.column().saturating_sub(1);
    let message = error.to_string();
    let message = message.split(" at line ").next().unwrap_or(&message).to_owned();
    let found = Diagnostic::error("syntax", message.clone()).at(Some(&one_character(file, offset)));
    Err(match file.text.get(offset..) {
        Some(rest) if rest.starts_with('}') && message == "key must be a string" => Diagnostic {
            message: "trailing comma".to_owned(),
            ..found
        },
        Some(rest) if rest.starts_with(['/', '#']) => found.hint("JSON has no comments"),
        _ => found,
    })
}

/// Reads a text of one document.
pub(super) fn read(file: &Arc<SourceFile>) -> (Option<Node>, Vec<Diagnostic>) {
    let text = without_bom(&file.text);
    let mut reader = Reader {
        file,
        offset: file.text.len() - text.len(),
        open: Vec::new(),
        anchors: HashMap::new(),
        alias_weight: 0,
        root: None,
        found: Vec::new(),
    };
    // The length of a key is a limit of YAML, not of JSON, which is read here as well.
    let options = options! { emit_comments: false, simple_key_max_lookahead: text.len().max(1024) };
    for event in Parser::new_from_str_with_options(text, options) {
        let outcome = match event {
            Ok((event, span)) => {
                let range = span.byte_range().unwrap_or(0..0);
                reader.event(event, range.start + reader.offset..range.end + reader.offset)
            }
            Err(error) => Err(reader.syntax_error(&error)),
        };
        if let Err(fatal) = outcome {
            reader.found.push(fatal);
            return (None, reader.found);
        }
    }
    let is_empty =
        |node: &Node| node.value == Value::Null && node.span.as_ref().is_none_or(|span| span.range.is_empty());
    match reader.root {
        Some(root) if !is_empty(&root) => (Some(root), reader.found),
        _ => {
            let found = Diagnostic::error("empty-file", format!("`{}` is empty", file.name));
            (None, vec![found.at(Some(&span_of(file, 0..0)))])
        }
    }
}

/// A list or mapping that has begun and not ended.
struct Open {
    start: usize,
    style: StructureStyle,
    anchor: usize,
    content: Content,
}

enum Content {
    List(Vec<Node>),
    Map {
        entries: Vec<Entry>,
        /// Where each key was first written.
        seen: HashMap<String, usize>,
        /// What comes in through `<<`; explicit keys win over it.
        merged: Vec<Entry>,
        key: Key,
    },
}

/// Where a mapping stands between a key and its value.
enum Key {
    Awaited,
    Read(String, Span),
    /// A plain `<<`.
    Merge,
    /// A key that was refused: its value is read and dropped.
    Refused,
}

struct Reader<'a> {
    file: &'a Arc<SourceFile>,
    /// Bytes before the text that the parser sees.
    offset: usize,
    open: Vec<Open>,
    anchors: HashMap<usize, Node>,
    alias_weight: usize,
    root: Option<Node>,
    found: Vec<Diagnostic>,
}

impl Reader<'_> {
    /// Takes one event. Errors: what makes going on pointless.
    fn event(&mut self, event: Event<'_>, range: Range<usize>) -> Result<(), Diagnostic> {
        match event {
            Event::DocumentStart(..) if self.root.is_some() => Err(Diagnostic::error(
                "several-documents",
                "a second document begins here, but a file must hold only one",
            )
            .at(Some(&self.span(range)))),
            Event::Scalar(text, style, anchor, tag) => {
                if self.awaits_key() {
                    self.key(&text, style, tag.as_deref(), anchor, range);
                    return Ok(());
                }
                let value = self.scalar(&text, style, tag.as_deref(), &range);
                let range = self.without_trailing_space(range);
                let node = self.node(range, value);
                self.complete(node, anchor)
            }
            Event::SequenceStart(style, anchor, tag) => {
                self.collection_tag(tag.as_deref(), "seq", &range);
                self.begin(range, style, anchor, Content::List(Vec::new()))
            }
            Event::MappingStart(style, anchor, tag) => {
                self.collection_tag(tag.as_deref(), "map", &range);
                let content = Content::Map {
                    entries: Vec::new(),
                    seen: HashMap::new(),
                    merged: Vec::new(),
                    key: Key::Awaited,
                };
                self.begin(range, style, anchor, content)
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(range),
            Event::Alias(id) => self.alias(id, range),
            _ => Ok(()),
        }
    }

    /// Whether a key is what comes next.
    fn awaits_key(&self) -> bool {
        let content = self.open.last().map(|open| &open.content);
        matches!(content, Some(Content::Map { key: Key::Awaited, .. }))
    }

    fn set_key(&mut self, new: Key) {
        if let Some(Content::Map { key, .. }) = self.open.last_mut().map(|open| &mut open.content) {
            *key = new;
        }
    }

    /// Takes a scalar as a key, as it is written: `1.0:` is the key "1.0".
    fn key(&mut self, text: &str, style: ScalarStyle, tag: Option<&Tag>, anchor: usize, range: Range<usize>) {
        let is_plain = style == ScalarStyle::Plain && tag.is_none();
        let range = self.without_trailing_space(range);
        if is_plain && text == "<<" {
            return self.set_key(Key::Merge);
        }
        if is_plain && range.is_empty() {
            self.found
                .push(self.at(range, "bad-key", "a key is missing before the colon"));
            return self.set_key(Key::Refused);
        }
        if tag.is_some() {
            self.scalar(text, style, tag, &range);
        }
        if anchor != 0 {
            self.anchors
                .insert(anchor, self.node(range.clone(), Value::String(text.to_owned())));
        }
        self.set_key(Key::Read(text.to_owned(), self.span(range)));
    }

    fn scalar(&mut self, text: &str, style: ScalarStyle, tag: Option<&Tag>, range: &Range<usize>) -> Value {
        let outcome = match tag {
            None if style == ScalarStyle::Plain => scalar::plain(text).map_err(|message| ("bad-number", message)),
            None => Ok(Value::String(text.to_owned())),
            Some(tag) if tag.to_string() == "!" => Ok(Value::String(text.to_owned())),
            Some(tag) => match tag.core_suffix() {
                Some(suffix) => scalar::tagged(suffix, text)
                    .ok_or_else(|| ("unknown-tag", format!("`{text}` is not what its tag `!!{suffix}` says"))),
                None => Err(("unknown-tag", format!("unknown tag `{tag}`"))),
            },
        };
        outcome.unwrap_or_else(|(code, message)| {
            let mut found = self.at(range.clone(), code, message);
            if code == "unknown-tag" {
                found = found.hint("references are written as text: `${LogicalId.Arn}`");
            }
            self.found.push(found);
            Value::String(text.to_owned())
        })
    }

    fn collection_tag(&mut self, tag: Option<&Tag>, expected: &str, range: &Range<usize>) {
        if let Some(tag) = tag
            && tag.core_suffix() != Some(expected)
            && tag.to_string() != "!"
        {
            self.found
                .push(self.at(range.clone(), "unknown-tag", format!("unknown tag `{tag}`")));
        }
    }

    fn begin(
        &mut self,
        range: Range<usize>,
        style: StructureStyle,
        anchor: usize,
        content: Content,
    ) -> Result<(), Diagnostic> {
        if self.open.len() == MAX_DEPTH {
            return Err(self.too_deep(range));
        }
        self.open.push(Open {
            start: range.start,
            style,
            anchor,
            content,
        });
        Ok(())
    }

    fn end(&mut self, range: Range<usize>) -> Result<(), Diagnostic> {
        let Some(open) = self.open.pop() else {
            return Ok(());
        };
        let (value, last) = match open.content {
            Content::List(items) => {
                let last = items
                    .last()
                    .and_then(|item| item.span.as_ref())
                    .map(|span| span.range.end);
                (Value::List(items), last)
            }
            Content::Map {
                mut entries,
                mut seen,
                merged,
                ..
            } => {
                let last = entries
                    .last()
                    .and_then(|entry| entry.value.span.as_ref())
                    .map(|span| span.range.end);
                entries.extend(
                    merged
                        .into_iter()
                        .filter(|entry| seen.insert(entry.key.clone(), 0).is_none()),
                );
                (Value::Map(entries), last)
            }
        };
        // The parser notices the end of a block only at what follows it.
        let end = match open.style {
            StructureStyle::Flow => range.end,
            StructureStyle::Block => last.unwrap_or(open.start),
        };
        let node = self.node(open.start..end.max(open.start), value);
        self.complete(node, open.anchor)
    }

    fn alias(&mut self, id: usize, range: Range<usize>) -> Result<(), Diagnostic> {
        let Some(target) = self.anchors.get(&id) else {
            return Err(self.at(range, "syntax", "an alias stands inside of what it refers to"));
        };
        let (depth, weight) = measure(target);
        if self.open.len() + depth > MAX_DEPTH {
            return Err(self.too_deep(range));
        }
        self.alias_weight += weight;
        if self.alias_weight > MAX_ALIAS_WEIGHT {
            return Err(self.at(range, "too-large", "aliases make this document too large"));
        }
        let value = target.value.clone();
        match value {
            Value::String(text) if self.awaits_key() => {
                self.set_key(Key::Read(text, self.span(range)));
                Ok(())
            }
            value => self.complete(self.node(range, value), 0),
        }
    }

    /// Puts a finished node where it belongs.
    fn complete(&mut self, node: Node, anchor: usize) -> Result<(), Diagnostic> {
        if anchor != 0 {
            self.anchors.insert(anchor, node.clone());
        }
        let Some(open) = self.open.last_mut() else {
            self.root = Some(node);
            return Ok(());
        };
        let (entries, seen, merged, key) = match &mut open.content {
            Content::List(items) => {
                items.push(node);
                return Ok(());
            }
            Content::Map {
                entries,
                seen,
                merged,
                key,
            } => (entries, seen, merged, key),
        };
        match std::mem::replace(key, Key::Awaited) {
            Key::Awaited => {
                *key = Key::Refused;
                let message = format!("a key must be a string, found {}", node.kind());
                self.found
                    .push(Diagnostic::error("bad-key", message).at(node.span.as_ref()));
            }
            Key::Refused => {}
            Key::Merge => match merge(node) {
                Ok(from) => merged.extend(from),
                Err(found) => self.found.push(found),
            },
            Key::Read(name, span) => match seen.get(&name) {
                Some(&first) => {
                    let (line, column) = self.file.line_column(first);
                    self.found.push(
                        Diagnostic::error("duplicate-key", format!("the key `{name}` is written twice"))
                            .at(Some(&span))
                            .hint(format!("it is first written at {line}:{column}")),
                    );
                }
                None => {
                    seen.insert(name.clone(), span.range.start);
                    entries.push(Entry {
                        key: name,
                        key_span: Some(span),
                        value: node,
                    });
                }
            },
        }
        Ok(())
    }

    fn syntax_error(&self, error: &ScanError) -> Diagnostic {
        let offset = error.marker().byte_offset().unwrap_or(0) + self.offset;
        if *error.kind() == ErrorKind::RecursionLimitExceeded {
            return self.too_deep(offset..offset);
        }
        Diagnostic::error("syntax", error.info()).at(Some(&one_character(self.file, offset)))
    }

    fn too_deep(&self, range: Range<usize>) -> Diagnostic {
        self.at(range, "too-deep", format!("nested deeper than {MAX_DEPTH} levels"))
    }

    /// A block scalar and the parser's idea of its end include the line breaks after it.
    fn without_trailing_space(&self, range: Range<usize>) -> Range<usize> {
        let trimmed = self
            .file
            .text
            .get(range.clone())
            .map_or(0, |text| text.trim_end().len());
        range.start..range.start + trimmed
    }

    fn at(&self, range: Range<usize>, code: &'static str, message: impl Into<String>) -> Diagnostic {
        Diagnostic::error(code, message).at(Some(&self.span(range)))
    }

    fn node(&self, range: Range<usize>, value: Value) -> Node {
        Node {
            span: Some(self.span(range)),
            value,
        }
    }

    fn span(&self, range: Range<usize>) -> Span {
        span_of(self.file, range)
    }
}

/// The entries that a merge key brings in: those of a mapping, or of several, the first of which wins.
fn merge(node: Node) -> Result<Vec<Entry>, Diagnostic> {
    let sources = match node.value {
        Value::Map(entries) => return Ok(entries),
        Value::List(items) => items,
        _ => vec![node],
    };
    let mut merged: Vec<Entry> = Vec::new();
    for source in sources {
        let message = format!("`<<` takes a mapping, found {}", source.kind());
        let Value::Map(entries) = source.value else {
            return Err(Diagnostic::error("bad-key", message).at(source.span.as_ref()));
        };
        for entry in entries {
            if !merged.iter().any(|there| there.key == entry.key) {
                merged.push(entry);
            }
        }
    }
    Ok(merged)
}

/// Depth and weight (nodes and bytes of text) of a tree.
fn measure(node: &Node) -> (usize, usize) {
    match &node.value {
        Value::List(items) => items
            .iter()
            .map(measure)
            .fold((1, 1), |sum, (depth, weight)| (sum.0.max(depth + 1), sum.1 + weight)),
        Value::Map(entries) => entries
            .iter()
            .map(|entry| (measure(&entry.value), entry.key.len()))
            .fold((1, 1), |sum, ((depth, weight), key)| {
                (sum.0.max(depth + 1), sum.1 + weight + key)
            }),
        Value::String(text) => (0, 1 + text.len()),
        _ => (0, 1),
    }
}

fn without_bom(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}

fn span_of(file: &Arc<SourceFile>, range: Range<usize>) -> Span {
    Span {
        file: Arc::clone(file),
        range,
    }
}

/// The character at an offset, or the end of the text.
fn one_character(file: &Arc<SourceFile>, offset: usize) -> Span {
    let text = &file.text;
    let start = (0..=offset.min(text.len()))
        .rev()
        .find(|&at| text.is_char_boundary(at))
        .unwrap_or(0);
    let length = text
        .get(start..)
        .and_then(|rest| rest.chars().next())
        .map_or(0, char::len_utf8);
    span_of(file, start..start + length)
}
