//! Where the fields of a definition stand.

use serde_json::Value;

/// A field in a definition.
#[derive(Clone, Debug)]
pub(super) struct Spot {
    /// The part of the definition that has it, as `list::PARTS` names it.
    pub(super) part: &'static str,
    pub(super) language: &'static str,
    pub(super) field: String,
    /// The JSON pointer of what has it.
    pub(super) parent: String,
}

/// All fields of a definition.
pub(super) fn spots(definition: &Value) -> Vec<Spot> {
    let mut walk = Walk { spots: Vec::new() };
    walk.machine("Machine", definition, String::new(), "JSONPath");
    walk.spots
}

struct Walk {
    spots: Vec<Spot>,
}

impl Walk {
    /// Notes the fields of one object.
    fn fields(&mut self, part: &'static str, object: &Value, parent: &str, language: &'static str) {
        for field in object.as_object().into_iter().flat_map(|members| members.keys()) {
            self.spots.push(Spot {
                part,
                language,
                field: field.strip_suffix(".$").unwrap_or(field).to_owned(),
                parent: parent.to_owned(),
            });
        }
    }

    fn machine(&mut self, part: &'static str, machine: &Value, pointer: String, language: &'static str) {
        let language = language_of(machine, language);
        self.fields(part, machine, &pointer, language);
        if let Some(config) = machine.get("ProcessorConfig") {
            self.fields(
                "ProcessorConfig",
                config,
                &format!("{pointer}/ProcessorConfig"),
                language,
            );
        }
        for (name, state) in machine["States"].as_object().into_iter().flatten() {
            self.state(state, &format!("{pointer}/States/{name}"), language);
        }
    }

    fn state(&mut self, state: &Value, pointer: &str, language: &'static str) {
        let machine_language = language;
        let language = language_of(state, language);
        self.fields(part_of(state), state, pointer, language);
        for (field, part) in [("Retry", "Retrier"), ("Catch", "Catcher")] {
            for (index, handler) in state[field].as_array().into_iter().flatten().enumerate() {
                self.fields(part, handler, &format!("{pointer}/{field}/{index}"), language);
            }
        }
        for (index, rule) in state["Choices"].as_array().into_iter().flatten().enumerate() {
            self.rule(rule, &format!("{pointer}/Choices/{index}"), language);
        }
        for (index, branch) in state["Branches"].as_array().into_iter().flatten().enumerate() {
            self.machine(
                "Branch",
                branch,
                format!("{pointer}/Branches/{index}"),
                machine_language,
            );
        }
        for part in ["ItemProcessor", "Iterator"] {
            if let Some(processor) = state.get(part) {
                self.machine(part, processor, format!("{pointer}/{part}"), machine_language);
            }
        }
        for part in ["Credentials", "ItemReader", "ItemBatcher", "ResultWriter"] {
            let Some(object) = state.get(part) else { continue };
            let pointer = format!("{pointer}/{part}");
            self.fields(part, object, &pointer, language);
            for inner in ["ReaderConfig", "WriterConfig"] {
                if let Some(config) = object.get(inner) {
                    self.fields(inner, config, &format!("{pointer}/{inner}"), language);
                }
            }
        }
    }

    fn rule(&mut self, rule: &Value, pointer: &str, language: &'static str) {
        self.fields("Choice Rule", rule, pointer, language);
        for list in ["And", "Or"] {
            for (index, inner) in rule[list].as_array().into_iter().flatten().enumerate() {
                self.rule(inner, &format!("{pointer}/{list}/{index}"), language);
            }
        }
        if let Some(inner) = rule.get("Not") {
            self.rule(inner, &format!("{pointer}/Not"), language);
        }
    }
}

fn language_of(object: &Value, around: &'static str) -> &'static str {
    match object["QueryLanguage"].as_str() {
        Some("JSONata") => "JSONata",
        Some("JSONPath") => "JSONPath",
        _ => around,
    }
}

fn part_of(state: &Value) -> &'static str {
    match state["Type"].as_str() {
        Some("Map") if state["ItemProcessor"]["ProcessorConfig"]["Mode"] == "DISTRIBUTED" => "Distributed Map",
        Some(name) => ["Task", "Pass", "Choice", "Wait", "Succeed", "Fail", "Parallel", "Map"]
            .into_iter()
            .find(|known| *known == name)
            .unwrap_or(""),
        None => "",
    }
}

/// The members of `$states` or of the context object, and the like, that a text of a definition mentions: the JSON pointers
/// of all texts in which it stands.
pub(super) fn texts_with(definition: &Value, needle: &str) -> Vec<String> {
    let mut found = Vec::new();
    search(definition, needle, String::new(), &mut found);
    found
}

fn search(value: &Value, needle: &str, pointer: String, found: &mut Vec<String>) {
    match value {
        Value::String(text) if mentions(text, needle) => found.push(pointer),
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                search(item, needle, format!("{pointer}/{index}"), found);
            }
        }
        Value::Object(members) => {
            for (key, member) in members {
                search(member, needle, format!("{pointer}/{key}"), found);
            }
        }
        _ => {}
    }
}

/// Whether a text has a word that does not go on.
fn mentions(text: &str, needle: &str) -> bool {
    text.match_indices(needle).any(|(at, _)| {
        let next = text[at + needle.len()..].chars().next();
        needle.ends_with(['(', '.']) || !next.is_some_and(|c| c.is_ascii_alphanumeric())
    })
}
