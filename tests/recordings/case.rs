//! A recorded case: the calls that were made on AWS, and what AWS answered.

use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::{Map, Value};

/// A case, as its file has it.
#[derive(Clone, Debug, Deserialize)]
pub struct Case {
    /// The recorded test.
    pub id: String,
    /// Its area.
    pub category: String,
    /// What is mostly compared.
    pub kind: String,
    /// The services it needs, besides IAM.
    pub services: Vec<String>,
    /// What happens to the task tokens that come through a queue.
    pub needs_driver: Option<Callbacks>,
    /// In order.
    pub steps: Vec<Step>,
}

/// How callbacks are answered.
#[derive(Clone, Debug, Deserialize)]
pub struct Callbacks {
    pub queue: String,
    pub heartbeats: u32,
    pub then: String,
    #[serde(default)]
    pub params: Map<String, Value>,
    pub output: Option<String>,
}

/// One step of a case: a call, a wait, or a look into a log group.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Step {
    /// `service.Operation`
    pub call: Option<String>,
    pub params: Value,
    /// The source of a function, by file name.
    pub files: Map<String, Value>,
    /// Tokens, each with its path in the reply.
    pub take: Map<String, Value>,
    pub key: Option<String>,
    #[serde(deserialize_with = "present")]
    pub expect: Option<Value>,
    pub poll: bool,
    pub may_fail: bool,
    pub client_side: bool,
    pub wait: Option<Wait>,
    pub logs: Option<String>,
}

/// Until the execution has the status, or the event is in its history.
#[derive(Clone, Debug, Deserialize)]
pub struct Wait {
    pub execution: String,
    pub event: Option<String>,
    pub status: Option<String>,
}

/// An expected `null` is an expectation too.
fn present<'a, D: serde::Deserializer<'a>>(from: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(from).map(Some)
}

/// Where the recordings are, if they are there at all.
pub fn folder() -> Option<PathBuf> {
    let folder = std::env::var_os("STEPSTACK_RECORDINGS").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/aws-recordings"),
        PathBuf::from,
    );
    let cases = folder.join("cases");
    [cases, folder].into_iter().find(|folder| folder.is_dir())
}

/// All cases of a folder, by id; with `STEPSTACK_RECORDINGS_ONLY` those whose id or category holds that text.
pub fn load(folder: &Path) -> Vec<Case> {
    let mut cases = Vec::new();
    read(folder, &mut cases);
    if let Ok(only) = std::env::var("STEPSTACK_RECORDINGS_ONLY") {
        cases.retain(|case| case.id.contains(&only) || case.category.contains(&only));
    }
    cases.sort_by(|a, b| a.id.cmp(&b.id));
    cases
}

fn read(folder: &Path, cases: &mut Vec<Case>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read(&path, cases);
        } else if path.extension().is_some_and(|ending| ending == "json") {
            let text = fs::read_to_string(&path).unwrap();
            cases.push(serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display())));
        }
    }
}
