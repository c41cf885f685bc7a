//! A stack while its tests run: made under a name of its own.

use std::time::Duration;

use tokio::sync::watch;

use super::Args;
use crate::cli::apply::outcome_words;
use crate::cli::process;
use crate::cli::signals;
use crate::cloud::{Applied, ApplyOptions, Cloud, ErrorKind};
use crate::event::Sink;
use crate::plan::{self, Plan};
use crate::run::testing::Trouble;
use crate::stack;
use crate::stack::cases::Case;
use crate::stack::model::Stack;

/// How long steps under way may take to end when everything is to stop.
const GRACE: Duration = Duration::from_secs(10);

/// Seconds after which a run of another host, of which nothing can be known, is taken to have ended; longer if its cases may
/// take longer.
const LONGEST_RUN: u64 = 2 * 60 * 60;

/// The stack under a name that it has never had, for a run of these cases.
pub(super) fn isolated(stack: &Stack, cases: &[Case], args: &Args) -> Stack {
    let id = uuid::Uuid::new_v4().simple().to_string();
    let digits: String = id.chars().take(8).collect();
    let tags = plan::test_tags(&stack.name, &process::test_run(lasts(cases, args), args.keep));
    stack::isolate(stack, &format!("t{digits}"), tags)
}

/// Seconds that a run may take, with an hour to deploy and to remove, and what the user has patience for in both.
fn lasts(cases: &[Case], args: &Args) -> u64 {
    let longest = cases
        .iter()
        .map(|case| u64::from(case.timeout))
        .max()
        .unwrap_or_default();
    let rounds = cases.len().div_ceil(args.jobs as usize) as u64 * u64::from(args.retries + 1);
    let patience = args.patience.options().patience.as_secs().saturating_mul(2);
    (rounds * longest + 60 * 60).saturating_add(patience).max(LONGEST_RUN)
}

/// What a deploy came to.
pub(super) enum Deployed {
    /// Everything stands.
    Whole,
    /// Something does not, and why; whether the cloud refused.
    Incomplete(Trouble, bool),
    /// The user stopped it.
    Interrupted,
}

/// Executes the plan, until the user stops it.
pub(super) async fn deploy(
    cloud: &Cloud,
    plan: &Plan,
    options: &ApplyOptions,
    sink: &dyn Sink,
    interruptions: &watch::Receiver<u32>,
) -> Deployed {
    let (stop, stopped) = watch::channel(false);
    let options = ApplyOptions {
        stop: Some(stopped),
        ..options.clone()
    };
    let apply = cloud.apply(plan, &options, sink);
    let mut apply = std::pin::pin!(apply);
    let applied = tokio::select! {
        applied = &mut apply => applied,
        () = signals::asked(interruptions, 1) => {
            stop.send_replace(true);
            let _ = tokio::time::timeout(GRACE, &mut apply).await;
            return Deployed::Interrupted;
        }
    };
    if applied.failed.is_empty() && applied.skipped.is_empty() {
        return Deployed::Whole;
    }
    let refused = matches!(applied.kind, Some(ErrorKind::Refused | ErrorKind::Unreachable));
    Deployed::Incomplete(incomplete(&applied), refused)
}

fn incomplete(applied: &Applied) -> Trouble {
    let first = applied.failed.first();
    let why = first
        .map(|(step, why)| format!("; cannot {step}: {why}"))
        .unwrap_or_default();
    Trouble {
        what: "deploy".to_owned(),
        message: format!("it is incomplete: {}{why}", outcome_words(applied)),
        hints: Vec::new(),
    }
}
