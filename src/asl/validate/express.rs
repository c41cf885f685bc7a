//! What Express state machines cannot do.
//!
//! Source: <https://docs.aws.amazon.com/step-functions/latest/dg/choosing-workflow-type.html>

use super::{each_state, error};
use crate::asl::integration::{Integration, Pattern};
use crate::asl::model::{StateKind, StateMachine};
use crate::diagnostic::Diagnostic;

/// Checks what only Standard state machines may have, beyond [`super::validate`].
pub fn validate_express(machine: &StateMachine) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    each_state(machine, "", &mut |state, pointer| match &state.kind {
        StateKind::Task(task) => {
            let integration = Integration::parse(&task.resource);
            let (what, aws) = match integration.pattern() {
                _ if matches!(integration, Integration::Activity(_)) => {
                    ("an activity".to_owned(), "Activity ARN".to_owned())
                }
                Pattern::RequestResponse => return,
                Pattern::WaitForTaskToken => (
                    "`.waitForTaskToken`".to_owned(),
                    // The space at the end is AWS's.
                    "'.waitForTaskToken' service integration ".to_owned(),
                ),
                Pattern::Sync | Pattern::Sync2 => ("`.sync`".to_owned(), "'.sync' service integration ".to_owned()),
            };
            found.push(error(
                state,
                format!("{pointer}/Resource"),
                "express",
                format!(
                    "state `{}` uses {what}, which Express state machines do not have",
                    state.name
                ),
                format!("Express state machine does not support {aws}"),
            ));
        }
        StateKind::Map(map) => {
            let mode = map.processor_config.as_ref().and_then(|config| config.get("Mode"));
            if mode.is_some_and(|mode| mode == "DISTRIBUTED") {
                let field = if map.legacy_iterator {
                    "Iterator"
                } else {
                    "ItemProcessor"
                };
                found.push(error(
                    state,
                    format!("{pointer}/{field}/ProcessorConfig/Mode"),
                    "express",
                    format!(
                        "state `{}` is a distributed Map, which Express state machines do not have",
                        state.name
                    ),
                    "The field 'Mode' with value 'DISTRIBUTED' is not supported inside 'EXPRESS' state machines",
                ));
            }
        }
        _ => {}
    });
    found
}
