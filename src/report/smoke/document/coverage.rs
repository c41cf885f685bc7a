//! The coverage of a suite, as the document has it.

use serde::Serialize;

use super::super::coverage::percent;
use super::Place;
use crate::run::testing::coverage::Share;
use crate::run::testing::{Coverage, MachineCoverage};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CoverageDocument<'a> {
    states: ShareDocument,
    transitions: ShareDocument,
    machines: Vec<Machine<'a>>,
}

#[derive(Serialize)]
struct ShareDocument {
    covered: usize,
    of: usize,
    percent: f64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Machine<'a> {
    state_machine: &'a str,
    states: Vec<StateDocument<'a>>,
    transitions: Vec<TransitionDocument<'a>>,
}

#[derive(Serialize)]
struct StateDocument<'a> {
    name: &'a str,
    pointer: &'a str,
    visits: u64,
    #[serde(flatten)]
    place: Option<Place<'a>>,
}

#[derive(Serialize)]
struct TransitionDocument<'a> {
    from: &'a str,
    to: &'a str,
    label: &'a str,
    taken: u64,
    #[serde(flatten)]
    place: Option<Place<'a>>,
}

impl<'a> CoverageDocument<'a> {
    pub(super) fn of(coverage: &'a Coverage) -> Self {
        Self {
            states: ShareDocument::of(coverage.states()),
            transitions: ShareDocument::of(coverage.transitions()),
            machines: coverage.machines.iter().map(Machine::of).collect(),
        }
    }
}

impl ShareDocument {
    fn of(share: Share) -> Self {
        Self {
            covered: share.covered,
            of: share.of,
            percent: percent(share),
        }
    }
}

impl<'a> Machine<'a> {
    fn of(machine: &'a MachineCoverage) -> Self {
        let states = machine.states.iter().map(|state| StateDocument {
            name: &state.name,
            pointer: &state.pointer,
            visits: state.visits,
            place: Place::of(state.span.as_ref()),
        });
        let transitions = machine.transitions.iter().map(|transition| TransitionDocument {
            from: &transition.from,
            to: &transition.to,
            label: &transition.label,
            taken: transition.taken,
            place: Place::of(transition.span.as_ref()),
        });
        Self {
            state_machine: &machine.state_machine,
            states: states.collect(),
            transitions: transitions.collect(),
        }
    }
}
