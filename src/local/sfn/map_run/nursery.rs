//! New child executions of a map run, up to where the first slice of their work leads them.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

use super::runner::NewChild;
use crate::asl::model::StateMachine;
use crate::engine::map_run::Children;
use crate::engine::{Happened, Millis, Start};
use crate::local::random;
use crate::local::sfn::logging::Log;
use crate::local::sfn::names::{execution_arn, express_arn, region_of};
use crate::local::sfn::rehearsal::Rehearsal;
use crate::local::sfn::run::{Batch, Run, SLICE, World};
use crate::local::sfn::shared::Shared;

/// What the child executions of a map run have in common.
pub(super) struct Nursery {
    pub(super) label: String,
    pub(super) express: bool,
    /// The execution that waits for the map run.
    pub(super) parent: Start,
    pub(super) processor: Arc<StateMachine>,
    pub(super) logging: serde_json::Value,
    pub(super) children: Children,
    /// How they are rehearsed, if they are.
    pub(super) rehearsal: Option<Arc<Rehearsal>>,
}

impl Nursery {
    /// Makes at most so many child executions from the one at `first` on, fewer if that takes long. If time is virtual, they
    /// begin at that one.
    pub(super) fn first_steps(
        &self,
        first: usize,
        most: usize,
        time: Option<Millis>,
        shared: &Shared,
    ) -> Vec<NewChild> {
        let begun = Instant::now();
        let mut new = Vec::new();
        for index in (first..self.children.len()).take(most) {
            new.extend(self.new_child(index, time, shared));
            if begun.elapsed() >= 4 * SLICE {
                break;
            }
        }
        new
    }

    fn new_child(&self, index: usize, time: Option<Millis>, shared: &Shared) -> Option<NewChild> {
        let child = self.children.get(index)?;
        let clock = || time.unwrap_or_else(|| shared.now());
        let now = clock();
        let name = random::uuid_in_order(now);
        let region = region_of(&self.parent.execution_arn);
        // In a child execution, the name of the machine has a label as well.
        let machine = self.parent.state_machine_name.split('/').next().unwrap_or_default();
        let machine_arn = self.parent.state_machine_arn.split('/').next().unwrap_or_default();
        let labelled = format!("{machine}/{}", self.label);
        let start = Start {
            execution_arn: if self.express {
                express_arn(region, &labelled, &name, &random::uuid())
            } else {
                execution_arn(region, &labelled, &name)
            },
            execution_name: name,
            state_machine_arn: format!("{machine_arn}/{}", self.label),
            state_machine_name: labelled,
            role_arn: self.parent.role_arn.clone(),
            input: child.input.clone(),
            started_at: now,
        };
        let log = Log::of(&self.logging, &start);
        let mut run = Run::new(self.processor.clone(), start.clone(), log).rehearsed(self.rehearsal.clone());
        let mut first = Batch::default();
        run.take(Happened::Started, now, &mut first);
        let world = World {
            now: &clock,
            activity_exists: &|arn| shared.has_activity(arn),
        };
        run.advance(&mut VecDeque::new(), &world, &mut first);
        Some(NewChild {
            index,
            items: child.items,
            start,
            run,
            first,
        })
    }
}
