//! Replays what AWS answered. The recordings are not part of the project: they are looked for beside the checkout, in
//! `../shared/aws-recordings`, or in the folder that `STEPSTACK_RECORDINGS` names. Without them there is nothing to replay.
//!
//! Every case runs in this process, against a local cloud of its own. `STEPSTACK_RECORDINGS_ONLY=text` replays only cases with
//! that text in their id or category.
#![cfg(feature = "local")]
#![allow(clippy::unwrap_used, missing_docs, reason = "a test that fails may panic")]

#[path = "recordings/answer.rs"]
mod answer;
#[path = "recordings/callbacks.rs"]
mod callbacks;
#[path = "recordings/case.rs"]
mod case;
#[path = "recordings/client/mod.rs"]
mod client;
#[path = "recordings/cloud.rs"]
mod cloud;
#[path = "recordings/history.rs"]
mod history;
#[path = "recordings/journal.rs"]
mod journal;
#[path = "recordings/killing.rs"]
mod killing;
#[path = "recordings/known.rs"]
mod known;
#[path = "recordings/matcher.rs"]
mod matcher;
#[path = "recordings/replay.rs"]
mod replay;
#[path = "recordings/table.rs"]
mod table;
#[path = "recordings/text.rs"]
mod text;
#[path = "recordings/tokens.rs"]
mod tokens;

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::Arc;

use tokio::runtime::Runtime;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use case::Case;
use cloud::Cloud;
use replay::{Started, Verdict};

/// Cases at once. Most of them wait most of the time.
const AT_ONCE: usize = 16;

/// Past the test harness, which would keep it to itself.
fn say(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// The cases, if the recordings are there.
fn cases() -> Option<Vec<Case>> {
    let Some(folder) = case::folder() else {
        say("recordings: all cases skipped, there is no ../shared/aws-recordings and STEPSTACK_RECORDINGS is not set");
        return None;
    };
    Some(case::load(&folder))
}

/// Those of which the local cloud has all services.
async fn within_reach(cases: &[Case]) -> Vec<Case> {
    let cloud = Cloud::open().await;
    let services = cloud.services().await;
    cloud.close().await;
    // Some recordings call Step Functions by its name in ARNs.
    let has = |service: &String| service == "states" || services.contains(service);
    let within = cases.iter().filter(|case| case.services.iter().all(has));
    within.cloned().collect()
}

/// Does something with each case, a few at a time.
async fn each<T: Send + 'static, F: Future<Output = T> + Send + 'static>(
    cases: Vec<Case>,
    work: impl Fn(Case) -> F,
) -> Vec<(String, T)> {
    let permits = Arc::new(Semaphore::new(AT_ONCE));
    let mut tasks = JoinSet::new();
    for case in cases {
        let permits = permits.clone();
        let id = case.id.clone();
        let work = work(case);
        tasks.spawn(async move {
            let _permit = permits.acquire_owned().await.unwrap();
            (id, work.await)
        });
    }
    tasks.join_all().await
}

/// How a case went, what of its journals does not fit, and how often the local cloud was killed.
struct Done {
    verdict: Verdict,
    journals: Vec<String>,
    kills: usize,
}

/// Replays a case and holds the journals of its executions against their histories.
async fn run(case: Case, killed: bool) -> Done {
    let cloud = Cloud::open().await;
    let started = Started::default();
    let killer = killed.then(|| tokio::spawn(killing::kill(cloud.clone(), started.clone())));
    let verdict = replay::replay(cloud.clone(), &case, started).await;
    if let Some(killer) = killer {
        killer.abort();
        let _ = killer.await;
    }
    let journals = cloud.cloud().await.journals().unwrap();
    let done = Done {
        verdict,
        journals: journals.iter().filter_map(journal::check).collect(),
        kills: cloud.kills(),
    };
    tokio::spawn(async move { cloud.close().await });
    done
}

/// How often a case that should pass and does not is run again, alone. Some depend on how fast this machine is. And a kill may hit the
/// moment between what a task does and its entry in the journal, or between an answer and whoever waits for it: then something is
/// done twice, or a worker has never heard of its task, as may be anywhere. What is really wrong is wrong each time.
const AGAIN: usize = 4;

/// Runs cases, a few at once.
async fn run_all(cases: Vec<Case>, killed: bool) -> BTreeMap<String, Done> {
    let all = cases.clone();
    let mut done: BTreeMap<_, _> = each(cases, |case| run(case, killed)).await.into_iter().collect();
    let known = known::failures();
    for case in all {
        let failed = |done: &Done| !done.verdict.strict && done.journals.is_empty();
        for _ in 0..AGAIN {
            if done.get(&case.id).is_some_and(failed) && !known.contains_key(case.id.as_str()) {
                done.insert(case.id.clone(), run(case.clone(), killed).await);
            }
        }
    }
    done
}

#[test]
fn the_local_cloud_answers_as_aws_did() {
    let Some(cases) = cases() else { return };
    let runtime = Runtime::new().unwrap();
    let done = runtime.block_on(async { run_all(within_reach(&cases).await, false).await });
    let mut results = BTreeMap::new();
    let mut wrong = Vec::new();
    for (id, done) in &done {
        results.insert(id.as_str(), done.verdict.clone());
        wrong.extend(done.journals.iter().map(|journal| format!("{id}: {journal}")));
    }
    say(&table::table(&cases, &results));
    if let Ok(what) = std::env::var("STEPSTACK_RECORDINGS_LIST") {
        say(&known::rewritten(&results, what == "print"));
    }
    wrong.extend(known::disagreements(&results));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn executions_go_on_after_the_death_of_the_process() {
    let Some(mut cases) = cases() else { return };
    let known = known::failures();
    cases.retain(|case| killing::has_moments(case) && !known.contains_key(case.id.as_str()));
    let runtime = Runtime::new().unwrap();
    let done = runtime.block_on(async { run_all(within_reach(&cases).await, true).await });
    let mut wrong = Vec::new();
    for (id, done) in &done {
        wrong.extend(done.journals.iter().map(|journal| format!("{id}: {journal}")));
        let kills = done.kills;
        let difference = done.verdict.difference.iter();
        wrong.extend(difference.map(|difference| format!("{id}, killed {kills} times:\n    {difference}")));
    }
    let (count, kills) = (done.len(), done.values().map(|done| done.kills).sum::<usize>());
    say(&format!(
        "recordings: {count} cases with the local cloud killed {kills} times in the middle"
    ));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(kills >= count / 2, "{kills} kills in {count} cases");
}
