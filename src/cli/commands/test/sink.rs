//! What is told while cases run: those that run at once would be told all mixed up, and deploys are not what was asked for.

use std::sync::Arc;

use crate::cli::app::App;
use crate::event::{Event, Sink};

/// Passes on what is about the cases, and what goes wrong beside them.
struct Outline(Arc<dyn Sink>);

impl Sink for Outline {
    fn emit(&self, event: Event) {
        if is_told(&event) {
            self.0.emit(event);
        }
    }
}

/// Programs are told everything.
pub(super) fn of(app: &App) -> Arc<dyn Sink> {
    let sink = Arc::clone(app.reporter.sink());
    if app.json_events() {
        return sink;
    }
    Arc::new(Outline(sink))
}

fn is_told(event: &Event) -> bool {
    matches!(
        event,
        Event::SuiteStarted { .. }
            | Event::CaseStarted { .. }
            | Event::CaseFinished { .. }
            | Event::SuiteFinished { .. }
            | Event::Swept { .. }
            | Event::StepFailed { .. }
            | Event::Note { .. }
            | Event::Warning { .. }
    )
}
