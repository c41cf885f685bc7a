//! Which log groups are there: those of functions and state machines, and what is left of groups whose function is gone.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::error::Answer;
use super::log_group;
use super::observe::{by_name, each};
use super::scope::{FEW, Scope};
use crate::plan::observed::{Observed, ObservedLogGroup};
use crate::plan::{Kind, names};
use crate::stack::suffix_in;

/// Adds them to what is known; `functions` are the names of all functions that are there.
pub(super) async fn read(scope: &Arc<Scope>, observed: &mut Observed, functions: &[String]) -> Answer<()> {
    let functions: BTreeSet<String> = functions.iter().map(|name| names::function_log_group(name)).collect();
    let groups = read_groups(scope, observed, &functions).await?;
    let late = groups
        .iter()
        .filter(|group| group.tags.is_empty() && !functions.contains(&group.name));
    for group in late {
        match scope.run_of_untagged(Kind::LogGroup, &group.name) {
            Some(run) => {
                observed.untagged.insert((Kind::LogGroup, group.name.clone()), run);
            }
            None => scope.tell_late(&group.name),
        }
    }
    let kept: Vec<ObservedLogGroup> = groups
        .into_iter()
        .filter(|group| scope.keeps_log_group(observed, group))
        .collect();
    observed.log_groups.extend(by_name(kept, |group| &group.name));
    Ok(())
}

/// Groups named after functions and state machines, with their tags. A group without its function may be what a teardown
/// left that was cut off.
async fn read_groups(
    scope: &Arc<Scope>,
    observed: &Observed,
    functions: &BTreeSet<String>,
) -> Answer<Vec<ObservedLogGroup>> {
    let of_functions = observed.functions.keys().map(|name| names::function_log_group(name));
    let of_machines = observed
        .state_machines
        .keys()
        .map(|name| names::machine_log_group(name));
    let named: BTreeSet<String> = of_functions
        .chain(of_machines)
        .chain(scope.wanted(Kind::LogGroup).cloned())
        .collect();
    let roots = ["/aws/lambda/", "/aws/vendedlogs/states/"];
    let prefixes: Vec<String> = if scope.account && !scope.thorough {
        let ours = roots.map(|root| format!("{root}{}-", scope.stack));
        let elsewhere = named
            .iter()
            .filter(|name| !ours.iter().any(|prefix| name.starts_with(prefix)));
        ours.iter().chain(elsewhere).cloned().collect()
    } else {
        roots.map(str::to_owned).to_vec()
    };
    let listed = each(
        scope,
        prefixes.into_iter(),
        async |scope: Arc<Scope>, prefix: String| {
            let groups = log_group::list(&scope.clients, &prefix).await;
            scope.if_offered(Kind::LogGroup, groups).map(Some)
        },
    );
    let listed: Vec<ObservedLogGroup> = listed.await?.into_iter().flatten().collect();
    let of_tests = scope.tests.is_some();
    let all = !of_tests && !scope.account && listed.len() <= FEW;
    let ours = roots.map(|root| format!("{root}{}-", scope.stack));
    let candidates = listed.into_iter().filter(|group| {
        all || named.contains(&group.name)
            || ours.iter().any(|prefix| group.name.starts_with(prefix))
            || (of_tests && suffix_in(&group.name).is_some())
            || (scope.thorough && !of_tests && !functions.contains(&group.name))
    });
    each(
        scope,
        candidates,
        async |scope: Arc<Scope>, mut group: ObservedLogGroup| {
            let tags = log_group::tags(&scope.clients, &group).await;
            let tags = scope.tolerate(Kind::LogGroup, &group.name, tags)?;
            Ok(tags.map(|tags| {
                group.tags = tags;
                group
            }))
        },
    )
    .await
}
