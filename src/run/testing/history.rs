//! From history events to visits of states. Events name the one before them, which tells the visit that they belong to; AWS's
//! histories are exact in this, those of emulators may not be: then the definition and the names of states have to tell.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::Value;

use super::record::Visit;
use crate::asl::graph::Graph;
use crate::cloud::HistoryItem;

/// Reads a history, event by event.
pub(super) struct Reader<'g> {
    visits: Vec<Visit>,
    progress: Vec<Progress>,
    /// Visits that were not left.
    open: BTreeSet<usize>,
    /// For each event, the visit it belongs to, and whether what follows it is inside of that, or comes from it.
    events: HashMap<u64, (usize, Place)>,
    places: Option<Places<'g>>,
}

/// Where what follows an event stands.
#[derive(Clone, Copy, PartialEq)]
enum Place {
    /// In the visit: an event of the same state.
    Same,
    /// Inside of the visit, at the start of a branch or iteration.
    Inside,
    /// After the visit.
    After,
}

/// How far the work of a visit is.
#[derive(Default)]
struct Progress {
    attempts: u32,
    /// Whether an attempt is under way.
    trying: bool,
    /// Whether some visit came from it.
    followed: bool,
}

/// What a definition says of its states.
struct Places<'g> {
    /// The state that each is inside of.
    parents: BTreeMap<&'g str, Option<&'g str>>,
    edges: BTreeSet<(&'g str, &'g str)>,
}

impl<'g> Places<'g> {
    fn of(graph: &'g Graph) -> Self {
        let name = |index: usize| graph.nodes.get(index).map(|node| node.name.as_str());
        let parent = |scope: usize| graph.scopes.get(scope).and_then(|scope| name(scope.parent?));
        Self {
            parents: graph
                .nodes
                .iter()
                .map(|node| (node.name.as_str(), parent(node.scope)))
                .collect(),
            edges: graph
                .edges
                .iter()
                .filter_map(|edge| name(edge.from).zip(name(edge.to)))
                .collect(),
        }
    }
}

impl<'g> Reader<'g> {
    pub(super) fn new(graph: Option<&'g Graph>) -> Self {
        Self {
            visits: Vec::new(),
            progress: Vec::new(),
            open: BTreeSet::new(),
            events: HashMap::new(),
            places: graph.map(Places::of),
        }
    }

    pub(super) fn into_visits(self) -> Vec<Visit> {
        self.visits
    }

    pub(super) fn take(&mut self, item: &HistoryItem) {
        if let Some(state_type) = item.kind.strip_suffix("StateEntered") {
            self.enter(item, state_type);
        } else if item.kind.ends_with("StateExited") {
            self.exit(item);
        } else if let Some(visit) = self.visit_of(item) {
            self.within_state(item, visit);
        }
    }

    fn enter(&mut self, item: &HistoryItem, state_type: &str) {
        let state = item.state.clone().unwrap_or_default();
        let within = self.holder(item, &state);
        let from = self.origin(item, &state, within);
        if let Some(progress) = from.and_then(|from| self.progress.get_mut(from)) {
            progress.followed = true;
        }
        let index = self.visits.len();
        self.visits.push(Visit {
            state,
            state_type: state_type.to_owned(),
            entered: item.id,
            within,
            from,
            input: item.data.clone().unwrap_or(Value::Null),
            output: None,
            retries: 0,
            errors: Vec::new(),
        });
        self.progress.push(Progress::default());
        self.open.insert(index);
        self.events.insert(item.id, (index, Place::Same));
    }

    /// The visit of the Parallel or Map state that a state is entered inside of.
    fn holder(&self, item: &HistoryItem, state: &str) -> Option<usize> {
        let said = match self.events.get(&item.previous_id) {
            Some((visit, Place::Inside)) => Some(*visit),
            Some((visit, Place::After | Place::Same)) => self.visits.get(*visit).and_then(|visit| visit.within),
            None => None,
        };
        let Some(parent) = self.places.as_ref().and_then(|places| places.parents.get(state)) else {
            return said;
        };
        let parent = (*parent)?;
        said.filter(|visit| self.is_visit_of(*visit, parent))
            .or_else(|| self.open_named(parent).next_back())
    }

    /// The visit that leads to a state.
    fn origin(&self, item: &HistoryItem, state: &str, within: Option<usize>) -> Option<usize> {
        let said = match self.events.get(&item.previous_id) {
            Some((visit, Place::After)) => Some(*visit),
            _ => None,
        };
        let Some(places) = &self.places else { return said };
        let leads_here = |visit: usize| {
            self.visits
                .get(visit)
                .is_some_and(|from| from.within == within && places.edges.contains(&(from.state.as_str(), state)))
        };
        if let Some(said) = said.filter(|said| leads_here(*said)) {
            return Some(said);
        }
        // The latest that was left, may lead here, and led nowhere else.
        (0..self.visits.len()).rev().find(|visit| {
            let is_done = !self.open.contains(visit);
            let is_free = self.progress.get(*visit).is_some_and(|progress| !progress.followed);
            is_done && is_free && leads_here(*visit)
        })
    }

    fn exit(&mut self, item: &HistoryItem) {
        let Some(name) = item.state.as_deref() else { return };
        let Some(index) = self.exited(item, name) else { return };
        self.close(index);
        self.events.insert(item.id, (index, Place::After));
        if let Some(visit) = self.visits.get_mut(index) {
            visit.output = Some(item.data.clone().unwrap_or(Value::Null));
        }
    }

    /// Neither it nor what is inside of it is left again.
    fn close(&mut self, index: usize) {
        let mut closed = vec![index];
        while let Some(index) = closed.pop() {
            self.open.remove(&index);
            let is_inside = |visit: &usize| self.visits.get(*visit).is_some_and(|visit| visit.within == Some(index));
            closed.extend(self.open.range(index..).copied().filter(is_inside));
        }
    }

    /// Which visit an exit ends: that of the event before, or what that is inside of; else the oldest of that name.
    fn exited(&self, item: &HistoryItem, name: &str) -> Option<usize> {
        let mut around = self.events.get(&item.previous_id).map(|(visit, _)| *visit);
        while let Some(visit) = around {
            if self.open.contains(&visit) && self.is_visit_of(visit, name) {
                return Some(visit);
            }
            around = self.visits.get(visit).and_then(|visit| visit.within);
        }
        self.open_named(name).next()
    }

    /// The visit that an event other than of entering and leaving belongs to.
    fn visit_of(&self, item: &HistoryItem) -> Option<usize> {
        let said = self.events.get(&item.previous_id).map(|(visit, _)| *visit);
        let wanted = match worker_of(&item.kind) {
            Some(wanted) => wanted,
            // `EvaluationFailed` names its state; others belong where they say.
            None => {
                let named = item.state.as_deref().and_then(|name| self.exited(item, name));
                return named.or(said);
            }
        };
        let fits = |visit: &usize| {
            let is_type = self.visits.get(*visit).is_some_and(|visit| visit.state_type == wanted);
            self.open.contains(visit) && is_type
        };
        let mut around = said;
        while let Some(visit) = around {
            if fits(&visit) {
                return Some(visit);
            }
            around = self.visits.get(visit).and_then(|visit| visit.within);
        }
        // A wrong `previousEventId`: the one that such an event can be about.
        let expects = |visit: &usize| {
            let trying = self.progress.get(*visit).is_some_and(|progress| progress.trying);
            fits(visit) && trying != item.kind.ends_with("Scheduled")
        };
        let open = || self.open.iter().copied();
        open().find(expects).or_else(|| open().rfind(fits))
    }

    fn within_state(&mut self, item: &HistoryItem, index: usize) {
        let kind = item.kind.as_str();
        let starts_inside = ["MapIterationStarted", "ParallelStateStarted", "MapStateStarted"].contains(&kind);
        let place = if starts_inside { Place::Inside } else { Place::Same };
        self.events.insert(item.id, (index, place));
        let (Some(visit), Some(progress)) = (self.visits.get_mut(index), self.progress.get_mut(index)) else {
            return;
        };
        if kind.ends_with("StateAborted") {
            self.open.remove(&index);
            return;
        }
        let begins =
            kind.ends_with("Scheduled") || ["ParallelStateStarted", "MapStateStarted", "MapRunStarted"].contains(&kind);
        let fails = is_failure(kind);
        if begins || (fails && !progress.trying) {
            progress.attempts += 1;
        }
        if begins {
            progress.trying = true;
        } else if fails {
            progress.trying = false;
            let error = item.error.clone().unwrap_or_default();
            // The frames of Map and Parallel tell no error.
            if item.error.is_some() || item.cause.is_some() {
                visit.errors.push((error, item.cause.clone().unwrap_or_default()));
            }
        }
        visit.retries = progress.attempts.saturating_sub(1);
    }

    fn is_visit_of(&self, visit: usize, name: &str) -> bool {
        self.visits.get(visit).is_some_and(|visit| visit.state == name)
    }

    fn open_named<'a>(&'a self, name: &'a str) -> impl DoubleEndedIterator<Item = usize> + 'a {
        self.open
            .iter()
            .copied()
            .filter(move |visit| self.is_visit_of(*visit, name))
    }
}

/// The type of the state that an event is of; none for those of every type.
fn worker_of(kind: &str) -> Option<&'static str> {
    let starts = |prefixes: &[&str]| prefixes.iter().any(|prefix| kind.starts_with(prefix));
    if starts(&["LambdaFunction", "Activity", "Task"]) {
        Some("Task")
    } else if starts(&["MapIteration", "MapState", "MapRun"]) {
        Some("Map")
    } else if starts(&["ParallelState"]) {
        Some("Parallel")
    } else {
        None
    }
}

/// Whether an attempt at the work of a state has failed with it; an iteration is not all of the work of a Map.
fn is_failure(kind: &str) -> bool {
    (kind.ends_with("Failed") || kind.ends_with("TimedOut"))
        && !kind.starts_with("MapIteration")
        && !kind.starts_with("Execution")
}
