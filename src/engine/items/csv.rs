//! CSV as Step Functions reads it: RFC 4180 with backslashes as a second way to escape
//! ([CSV files](https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itemreader.html)).

use serde_json::{Map, Value};

use super::ReadError;

/// Where the names of the columns are, and what separates them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Layout {
    delimiter: char,
    /// None if they are in the first row.
    headers: Option<Vec<String>>,
}

impl Layout {
    /// Reads `CSVDelimiter`, `CSVHeaderLocation` and `CSVHeaders`.
    pub(super) fn of(config: &Value) -> Result<Self, ReadError> {
        let delimiter = match config["CSVDelimiter"].as_str() {
            None | Some("COMMA") => ',',
            Some("PIPE") => '|',
            Some("SEMICOLON") => ';',
            Some("SPACE") => ' ',
            Some("TAB") => '\t',
            Some(other) => return Err(unknown("CSVDelimiter", other)),
        };
        let headers = match config["CSVHeaderLocation"].as_str() {
            Some("FIRST_ROW") => None,
            Some("GIVEN") => Some(given(config)?),
            Some(other) => return Err(unknown("CSVHeaderLocation", other)),
            None => {
                return Err(ReadError::Config {
                    field: "CSVHeaderLocation",
                    problem: "is missing".to_owned(),
                });
            }
        };
        Ok(Self { delimiter, headers })
    }

    /// Columns whose names are known.
    pub(super) fn given(headers: Vec<String>) -> Self {
        Self {
            delimiter: ',',
            headers: Some(headers),
        }
    }
}

fn unknown(field: &'static str, value: &str) -> ReadError {
    ReadError::Config {
        field,
        problem: format!("is not known here: {value}"),
    }
}

fn given(config: &Value) -> Result<Vec<String>, ReadError> {
    let names = config["CSVHeaders"].as_array().and_then(|headers| {
        let name = |header: &Value| header.as_str().map(str::to_owned);
        headers.iter().map(name).collect::<Option<Vec<String>>>()
    });
    names.ok_or_else(|| ReadError::Config {
        field: "CSVHeaders",
        problem: "must be a list of names".to_owned(),
    })
}

/// One object for each row, with texts as values. Values that a row lacks are empty, those that it has too many are left
/// out.
pub(super) fn items(text: &str, layout: &Layout, most: usize) -> Result<Vec<Value>, ReadError> {
    let mut rows = Rows {
        rest: text.chars().peekable(),
        delimiter: layout.delimiter,
    };
    let headers = match &layout.headers {
        Some(headers) => headers.clone(),
        None => rows.next().unwrap_or_default(),
    };
    let mut names: Vec<&str> = headers.iter().map(String::as_str).collect();
    names.sort_unstable();
    if names.windows(2).any(|pair| pair.first() == pair.last()) {
        return Err(ReadError::DuplicateHeaders);
    }
    let item = |row: Vec<String>| {
        let values = row.into_iter().chain(std::iter::repeat_with(String::new));
        let members = headers.iter().cloned().zip(values.map(Value::String));
        Value::Object(members.collect::<Map<_, _>>())
    };
    Ok(rows.take(most).map(item).collect())
}

/// The rows of a text, without those that have nothing in them at all.
struct Rows<'a> {
    rest: std::iter::Peekable<std::str::Chars<'a>>,
    delimiter: char,
}

impl Iterator for Rows<'_> {
    type Item = Vec<String>;

    fn next(&mut self) -> Option<Vec<String>> {
        loop {
            self.rest.peek()?;
            if let Some(row) = self.row() {
                return Some(row);
            }
        }
    }
}

impl Rows<'_> {
    /// The fields up to the end of the line, if anything is on it.
    fn row(&mut self) -> Option<Vec<String>> {
        let mut row = Vec::new();
        let mut empty = true;
        let mut field = String::new();
        let mut quoted = false;
        while let Some(letter) = self.rest.next() {
            empty &= matches!(letter, '\r' | '\n');
            match letter {
                '"' if quoted && self.rest.next_if_eq(&'"').is_some() => field.push('"'),
                '"' => quoted = !quoted,
                // Before anything else it is left out, so that only the other one stays.
                '\\' => {
                    let delimiter = self.delimiter;
                    let escaped = |next: &char| *next == '\\' || *next == '"' || *next == delimiter;
                    field.extend(self.rest.next_if(escaped));
                }
                letter if quoted => field.push(letter),
                letter if letter == self.delimiter => row.push(std::mem::take(&mut field)),
                '\r' if self.rest.peek() == Some(&'\n') => {}
                '\n' => break,
                letter => field.push(letter),
            }
        }
        row.push(field);
        (!empty).then_some(row)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::engine::items::read;

    #[track_caller]
    fn check(extra: Value, text: &str, expected: Value) {
        let mut config = json!({ "InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW" });
        config
            .as_object_mut()
            .unwrap()
            .extend(extra.as_object().unwrap().clone());
        let found = match read(&config, text.as_bytes()) {
            Ok(items) => Value::Array(items),
            Err(error) => error.to_string().into(),
        };
        assert_eq!(found, expected, "{text:?}");
    }

    #[test]
    fn names_in_the_first_row() {
        check(
            json!({}),
            "A,B\n1,2\r\n\n3\n4,5,6\n   \n",
            json!([{"A": "1", "B": "2"}, {"A": "3", "B": ""}, {"A": "4", "B": "5"}, {"A": "   ", "B": ""}]),
        );
        check(
            json!({}),
            "A,\n1,2,3\n,,,\n",
            json!([{"A": "1", "": "2"}, {"A": "", "": ""}]),
        );
        check(json!({}), "", json!([]));
        check(json!({}), "A", json!([]));
    }

    #[test]
    fn names_that_are_given() {
        let given = |headers: Value| json!({ "CSVHeaderLocation": "GIVEN", "CSVHeaders": headers });
        check(given(json!(["A", "B"])), "1,2", json!([{"A": "1", "B": "2"}]));
        check(
            given(json!(["A", "A"])),
            "1,2",
            json!("CSV headers cannot contain duplicates."),
        );
        check(
            given(json!("A")),
            "1",
            json!("The field 'CSVHeaders' of the ReaderConfig must be a list of names."),
        );
    }

    #[test]
    fn delimiters_and_limits() {
        for (name, delimiter) in [
            ("COMMA", ','),
            ("PIPE", '|'),
            ("SEMICOLON", ';'),
            ("SPACE", ' '),
            ("TAB", '\t'),
        ] {
            let text = format!("A{delimiter}B\n1{delimiter}2\n3{delimiter}4");
            check(
                json!({ "CSVDelimiter": name, "MaxItems": 1 }),
                &text,
                json!([{"A": "1", "B": "2"}]),
            );
        }
        check(
            json!({ "CSVDelimiter": "COLON" }),
            "A",
            json!("The field 'CSVDelimiter' of the ReaderConfig is not known here: COLON."),
        );
    }

    #[test]
    fn quotes_and_backslashes() {
        for (field, expected) in [
            (r#""a,b""#, "a,b"),
            ("\"a\nb\"", "a\nb"),
            (r#""say ""hi""""#, "say \"hi\""),
            (r#""""#, ""),
            (r"a\,b", "a,b"),
            (r"a\\b", r"a\b"),
            (r"a\nb", "anb"),
            (r#"\"a\""#, "\"a\""),
            ("'a'", "'a'"),
            ("\"open", "open"),
            ("a\\", "a"),
        ] {
            check(json!({}), &format!("A\n{field}"), json!([{ "A": expected }]));
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in "[a,\"\\\\\n\r ]{0,40}") {
            let layout = Layout::given(vec!["A".to_owned()]);
            prop_assert!(items(&text, &layout, 100).is_ok());
        }

        #[test]
        fn what_is_quoted_comes_back(fields in proptest::collection::vec("[a-z,\"\n;]{1,6}", 1..4)) {
            let row: Vec<String> = fields.iter().map(|field| format!("\"{}\"", field.replace('"', "\"\""))).collect();
            let headers: Vec<String> = (0..fields.len()).map(|at| at.to_string()).collect();
            let found = items(&row.join(","), &Layout::given(headers.clone()), 2).unwrap();
            let expected: Map<String, Value> = headers.into_iter().zip(fields.into_iter().map(Value::String)).collect();
            prop_assert_eq!(found, [Value::Object(expected)]);
        }
    }
}
