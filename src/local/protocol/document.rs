//! Reading XML: elements and text, which is all that the protocols of AWS use of it.

/// An element.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Element {
    pub(crate) name: String,
    /// The text, if there are no elements inside.
    pub(crate) text: String,
    pub(crate) children: Vec<Element>,
}

impl Element {
    /// The first child of that name.
    pub(crate) fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name)
    }

    /// The text of a child; empty if there is none.
    pub(crate) fn text_of(&self, name: &str) -> &str {
        self.child(name).map_or("", |child| child.text.as_str())
    }

    /// How long the document is when AWS writes it: each element on a line of its own, two spaces deeper than the one
    /// around it. `opening` is what the tag of the outermost has besides its name.
    pub(crate) fn length(&self, opening: usize) -> usize {
        opening + self.length_at(0)
    }

    /// Recurses as deep as elements nest, at most [`DEEPEST`].
    fn length_at(&self, depth: usize) -> usize {
        let tags = 2 * self.name.len() + "<></>".len();
        let indent = 2 * depth;
        if self.children.is_empty() {
            return indent + tags + self.text.len() + 1;
        }
        let inside: usize = self.children.iter().map(|child| child.length_at(depth + 1)).sum();
        indent + tags + 1 + inside + indent + 1
    }
}

/// Deeper documents are none of AWS.
const DEEPEST: usize = 64;

/// Reads a document; none if it is not one.
pub(crate) fn parse(document: &str) -> Option<Element> {
    let mut open: Vec<Element> = vec![Element::default()];
    let mut rest = document;
    while let Some((text, after)) = rest.split_once('<') {
        if let Some(element) = open.last_mut() {
            element.text.push_str(text);
        }
        let (tag, after) = after.split_once('>')?;
        rest = after;
        match tag.as_bytes().first()? {
            b'?' | b'!' => {}
            b'/' => close(&mut open, tag.get(1..)?)?,
            _ if open.len() > DEEPEST => return None,
            _ => {
                let name = tag.trim_end_matches('/').split_whitespace().next()?;
                open.push(Element {
                    name: name.to_owned(),
                    ..Element::default()
                });
                if tag.ends_with('/') {
                    close(&mut open, name)?;
                }
            }
        }
    }
    let document = open.pop().filter(|_| open.is_empty())?;
    document.children.into_iter().next()
}

/// Ends the innermost element.
fn close(open: &mut Vec<Element>, name: &str) -> Option<()> {
    let mut element = open.pop().filter(|element| element.name == name.trim())?;
    element.text = if element.children.is_empty() {
        unescape(&element.text)
    } else {
        String::new()
    };
    open.last_mut()?.children.push(element);
    Some(())
}

fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        out.push_str(before);
        let Some((name, after)) = after.split_once(';') else {
            out.push('&');
            rest = after;
            continue;
        };
        match named(name) {
            Some(character) => out.push(character),
            None => {
                out.push('&');
                out.push_str(name);
                out.push(';');
            }
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

fn named(name: &str) -> Option<char> {
    Some(match name {
        "lt" => '<',
        "gt" => '>',
        "amp" => '&',
        "quot" => '"',
        "apos" => '\'',
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix('x') {
                Some(hex) => u32::from_str_radix(hex, 16),
                None => number.parse(),
            };
            char::from_u32(code.ok()?)?
        }
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn elements_text_and_entities_are_read() {
        let document =
            "<?xml version=\"1.0\"?>\n<A xmlns=\"ns\"><B>x &lt; y &#xD;&unknown;</B> <C/><D><E>1</E><E>2</E></D></A>";
        let root = parse(document).unwrap();
        assert_eq!(root.name, "A");
        assert_eq!(root.text_of("B"), "x < y \r&unknown;");
        assert_eq!(root.child("C").unwrap().children, []);
        let numbers: Vec<&str> = root
            .child("D")
            .unwrap()
            .children
            .iter()
            .map(|e| e.text.as_str())
            .collect();
        assert_eq!(numbers, ["1", "2"]);
    }

    #[test]
    fn what_is_no_document_is_none() {
        for text in ["", "text", "<A>", "<A></B>", "</A>", "<A", &"<A>".repeat(1000)] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn documents_are_as_long_as_aws_writes_them() {
        let namespace = " xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\"";
        let pretty = format!("<P{namespace}>\n  <R>\n    <Id>123</Id>\n  </R>\n</P>\n");
        let root = parse(&pretty).unwrap();
        assert_eq!(root.length(namespace.len()), pretty.len());
    }
}
