//! XML, as far as reports need it: elements, attributes, text. Well-formed whatever is put in.

use std::borrow::Cow;
use std::fmt::Write as _;

/// A document that grows from its beginning to its end. Elements are indented, text is not.
pub(super) struct Xml {
    text: String,
    open: Vec<&'static str>,
}

impl Xml {
    pub(super) fn new() -> Self {
        Self {
            text: "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n".to_owned(),
            open: Vec::new(),
        }
    }

    /// Opens an element.
    pub(super) fn open(&mut self, name: &'static str, attributes: &[(&'static str, &str)]) {
        self.start(name, attributes);
        self.text.push_str(">\n");
        self.open.push(name);
    }

    /// Closes the element that was opened last.
    pub(super) fn close(&mut self) {
        if let Some(name) = self.open.pop() {
            self.indent();
            let _ = writeln!(self.text, "</{name}>");
        }
    }

    /// A whole element with text in it.
    pub(super) fn element(&mut self, name: &'static str, attributes: &[(&'static str, &str)], text: &str) {
        self.start(name, attributes);
        if text.is_empty() {
            self.text.push_str("/>\n");
        } else {
            let _ = writeln!(self.text, ">{}</{name}>", escaped(text, false));
        }
    }

    /// The document, with all that is open closed.
    pub(super) fn finish(mut self) -> String {
        while !self.open.is_empty() {
            self.close();
        }
        self.text
    }

    fn start(&mut self, name: &str, attributes: &[(&'static str, &str)]) {
        self.indent();
        let _ = write!(self.text, "<{name}");
        for (attribute, value) in attributes {
            let _ = write!(self.text, " {attribute}=\"{}\"", escaped(value, true));
        }
    }

    fn indent(&mut self) {
        self.text.push_str(&"  ".repeat(self.open.len()));
    }
}

/// Characters that no XML document may hold, not even as references, in words: `\u{1b}`.
///
/// Source: <https://www.w3.org/TR/xml/#charsets>
pub(super) fn allowed(text: &str) -> Cow<'_, str> {
    if text.chars().all(is_allowed) {
        return Cow::Borrowed(text);
    }
    let mut written = String::with_capacity(text.len() + 8);
    for character in text.chars() {
        match is_allowed(character) {
            true => written.push(character),
            false => written.extend(character.escape_unicode()),
        }
    }
    Cow::Owned(written)
}

fn is_allowed(character: char) -> bool {
    matches!(character, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}

/// Readers make blanks of tabs and line breaks in attributes, and line feeds of carriage returns, unless they are references.
fn escaped(text: &str, in_attribute: bool) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in allowed(text).chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            // In text, `]]>` must not stand.
            '>' => escaped.push_str("&gt;"),
            '"' if in_attribute => escaped.push_str("&quot;"),
            '\t' | '\n' if in_attribute => {
                let _ = write!(escaped, "&#{};", u32::from(character));
            }
            '\r' => escaped.push_str("&#13;"),
            _ => escaped.push(character),
        }
    }
    escaped
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(text: &str) {
        let mut xml = Xml::new();
        xml.open("a", &[("one", text), ("two", text)]);
        xml.element("b", &[("three", text)], text);
        let written = xml.finish();
        let read = roxmltree::Document::parse(&written).unwrap();
        let a = read.root_element();
        let b = a.first_element_child().unwrap();
        let expected = allowed(text);
        let found = [a.attribute("one"), a.attribute("two"), b.attribute("three")];
        assert_eq!(found, [Some(expected.as_ref()); 3]);
        assert_eq!(b.text().unwrap_or_default(), expected);
    }

    #[test]
    fn what_was_written_is_read() {
        for text in [
            "",
            " a  b ",
            "]]>",
            "<![CDATA[x]]>&amp;&#0;",
            "\"'<>&",
            "a\r\nb\tc\rd\n",
            "\0\u{1}\u{8}\u{b}\u{1b}[31m\u{1f}\u{7f}\u{85}\u{9b}",
            "\u{fffe}\u{ffff}\u{fffd}\u{feff}\u{2028}🦀",
        ] {
            check(text);
        }
        assert_eq!(allowed("\u{1b}[1m"), "\\u{1b}[1m");
    }

    proptest! {
        #[test]
        fn whatever_was_written_is_read(text in any::<String>(), marks in "[\\x00-\\x20\\]>&<;\"#\u{fffe}\u{ffff}]{0,20}") {
            check(&text);
            check(&format!("{marks}{text}{marks}"));
        }
    }
}
