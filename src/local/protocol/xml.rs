//! Writing the XML of the query protocol.

use std::fmt::Write;

/// For operations whose result element is there, but empty: with no content at all it is left out.
pub(crate) const EMPTY_RESULT: &str = "\n";

/// Writes elements, escaping their text.
#[derive(Default)]
pub(crate) struct Writer(String);

impl Writer {
    /// `<name>text</name>`.
    pub(crate) fn text(&mut self, name: &str, text: &str) {
        // Writing to a String cannot fail.
        let _ = write!(self.0, "<{name}>{}</{name}>", escape(text));
    }

    /// `<name>…</name>` around what `content` writes.
    pub(crate) fn element(&mut self, name: &str, content: impl FnOnce(&mut Self)) {
        let _ = write!(self.0, "<{name}>");
        content(self);
        let _ = write!(self.0, "</{name}>");
    }

    /// `<name><member>…</member>…</name>`: a list, its members written by `member`.
    pub(crate) fn list<T>(
        &mut self,
        name: &str,
        items: impl IntoIterator<Item = T>,
        mut member: impl FnMut(&mut Self, T),
    ) {
        self.element(name, |out| {
            for item in items {
                out.element("member", |out| member(out, item));
            }
        });
    }

    /// What was written.
    pub(crate) fn finish(self) -> String {
        self.0
    }
}

/// Escapes text for an element's content; characters that XML 1.0 cannot hold become U+FFFD.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            // As it is, a reader would take it for a line feed.
            '\r' => escaped.push_str("&#xD;"),
            '\t' | '\n' => escaped.push(character),
            '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => escaped.push('\u{fffd}'),
            _ => escaped.push(character),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_escaped_and_elements_nest() {
        let mut out = Writer::default();
        out.text("A", "<a & b>\r\n\u{1}é");
        out.list("Tags", [("k", "v")], |out, (key, value)| {
            out.text("Key", key);
            out.text("Value", value);
        });
        assert_eq!(
            out.finish(),
            "<A>&lt;a &amp; b&gt;&#xD;\n\u{fffd}é</A><Tags><member><Key>k</Key><Value>v</Value></member></Tags>"
        );
    }
}
