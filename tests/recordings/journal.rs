//! Holds journals against histories: what an execution was fed, fed again, must give the same history byte for byte and leave
//! the same outstanding, whatever part of it is fed.

use stepstack::engine::{self, Effect, Execution, HistoryEvent, Input, Pending};
use stepstack::local::sfn::Journal;

/// At most so many places of a journal are looked at; of longer ones, places evenly apart.
const PLACES: usize = 400;

/// The first difference, if there is one.
pub fn check(journal: &Journal) -> Option<String> {
    let arn = &journal.start.execution_arn;
    let stored: Vec<String> = journal.events.iter().map(text).collect();

    // Once through, to know what is outstanding after each input.
    let mut execution = Execution::new(journal.start.clone());
    let mut events = Vec::new();
    let mut after: Vec<(usize, Pending)> = Vec::new();
    for input in &journal.inputs {
        feed(journal, &mut execution, input, &mut events);
        after.push((events.len(), execution.pending()));
    }
    if let Some(n) = (0..stored.len().max(events.len())).find(|n| stored.get(*n) != events.get(*n)) {
        return Some(format!(
            "{arn}: event {}: stored {:?}, replayed {:?}",
            n + 1,
            stored.get(n),
            events.get(n)
        ));
    }

    // Then from the beginning up to every place, through the form in which it is stored.
    let start = serde_json::from_str(&serde_json::to_string(&journal.start).unwrap()).unwrap();
    let inputs: Vec<Input> = serde_json::from_str(&serde_json::to_string(&journal.inputs).unwrap()).unwrap();
    let step = journal.inputs.len().div_ceil(PLACES).max(1);
    for place in (0..inputs.len()).step_by(step) {
        let mut execution = Execution::new(engine::Start::clone(&start));
        let mut events = Vec::new();
        for input in &inputs[..=place] {
            feed(journal, &mut execution, input, &mut events);
        }
        let (count, pending) = &after[place];
        if events.len() != *count || events[..] != stored[..*count] {
            return Some(format!("{arn}: another history after input {place}"));
        }
        if execution.pending() != *pending {
            return Some(format!(
                "{arn}: outstanding after input {place}: {pending:?}, replayed {:?}",
                execution.pending()
            ));
        }
    }
    None
}

fn feed(journal: &Journal, execution: &mut Execution, input: &Input, events: &mut Vec<String>) {
    for effect in engine::step(&journal.machine, execution, input) {
        if let Effect::History(event) = effect {
            events.push(text(&event));
        }
    }
}

fn text(event: &HistoryEvent) -> String {
    serde_json::to_string(event).unwrap()
}
