//! Finding `${…}` in texts.

/// A piece of a text.
#[derive(Debug, PartialEq)]
pub(super) enum Piece<'t> {
    /// Stands for itself.
    Text(&'t str),
    /// Stands for a value.
    Reference(Reference<'t>),
}

/// `${Name}`, `${Name.Attribute}` or `${AWS::Region}`.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Reference<'t> {
    /// As written, with its braces.
    pub(super) written: &'t str,
    /// `Name`, or `AWS::Region`.
    pub(super) name: &'t str,
    /// `Attribute`, if given.
    pub(super) attribute: Option<&'t str>,
    /// Which of the occurrences of `written` in the text it is, from 0.
    pub(super) occurrence: usize,
}

/// Takes a text apart. `$${` stands for `${`; whatever else looks like a reference but is none stands for itself.
pub(super) fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut done = 0;
    let mut from = 0;
    while let Some(at) = text[from..].find("${").map(|at| at + from) {
        if at > done && text[..at].ends_with('$') {
            pieces.push(Piece::Text(&text[done..at - 1]));
            done = at;
            from = at + 2;
            continue;
        }
        let Some(mut reference) = reference(&text[at..]) else {
            from = at + 2;
            continue;
        };
        reference.occurrence = text[..at].matches(reference.written).count();
        if at > done {
            pieces.push(Piece::Text(&text[done..at]));
        }
        done = at + reference.written.len();
        from = done;
        pieces.push(Piece::Reference(reference));
    }
    if done < text.len() {
        pieces.push(Piece::Text(&text[done..]));
    }
    pieces
}

/// The reference that a text begins with.
fn reference(text: &str) -> Option<Reference<'_>> {
    let end = text.find('}')?;
    let body = &text[2..end];
    let (name, attribute) = match body.split_once('.') {
        Some((name, attribute)) => (name, Some(attribute)),
        None => (body, None),
    };
    let pseudo = attribute.is_none() && name.strip_prefix("AWS::").is_some_and(is_name);
    let plain = is_name(name) && attribute.is_none_or(is_name);
    (pseudo || plain).then(|| Reference {
        written: &text[..=end],
        name,
        attribute,
        occurrence: 0,
    })
}

fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_taken_apart() {
        let check = |text: &str, expected: &str| {
            let shown: Vec<_> = pieces(text)
                .iter()
                .map(|piece| match piece {
                    Piece::Text(text) => format!("'{text}'"),
                    Piece::Reference(found) => {
                        format!("{}.{}#{}", found.name, found.attribute.unwrap_or("-"), found.occurrence)
                    }
                })
                .collect();
            assert_eq!(shown.join(" "), expected, "{text}");
        };
        check("", "");
        check("plain", "'plain'");
        check("${A}", "A.-#0");
        check("${A.Arn}:*", "A.Arn#0 ':*'");
        check("${A}${A}é${A}", "A.-#0 A.-#1 'é' A.-#2");
        check("arn:${AWS::Partition}:x", "'arn:' AWS::Partition.-#0 ':x'");
        check("$${A} ${A}", "'' '${A} ' A.-#1");
        check("a$${A}", "'a' '${A}'");
        check("$$${A}", "'$' '${A}'");
        check("{% ${ $x } %}", "'{% ${ $x } %}'");
        check("${", "'${'");
        check("${}${A.B.C}${1}", "'${}${A.B.C}${1}'");
        check("${X ${A}", "'${X ' A.-#0");
    }
}
