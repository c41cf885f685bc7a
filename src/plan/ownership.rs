//! Whose a resource is: nothing is changed or deleted that does not carry the stack's tag.

use super::desired::Desired;
use super::observed::{Observed, other_region, owner};
use super::{Kind, names};
use crate::diagnostic::Diagnostic;

/// A resource of a wanted name that does not carry the stack's tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stranger {
    /// What it is.
    pub kind: Kind,
    /// Its physical name.
    pub name: String,
    /// The stack that it belongs to, if any says so.
    pub owner: Option<String>,
}

/// What has a name that the stack wants, and is not the stack's: neither `deploy` nor `teardown` touches it.
pub fn strangers(desired: &Desired, observed: &Observed) -> Vec<Stranger> {
    let mut found = Vec::new();
    let mut check = |kind: Kind, name: &str, owner: Option<&str>| {
        if owner != Some(&desired.stack) {
            found.push(Stranger {
                kind,
                name: name.to_owned(),
                owner: owner.map(str::to_owned),
            });
        }
    };
    for role in desired.roles.keys().filter_map(|name| observed.roles.get(name)) {
        check(Kind::Role, &role.name, owner(&role.tags));
    }
    for group in desired
        .log_groups
        .keys()
        .filter_map(|name| observed.log_groups.get(name))
    {
        // Late logs make a group again after a teardown; with the stack's own prefix it cannot be anything else.
        let remains = group
            .name
            .starts_with(&format!("{}{}-", names::FUNCTION_LOGS, desired.stack));
        let owner = observed.owner_of_log_group(group);
        if owner.is_some() || !remains {
            check(Kind::LogGroup, &group.name, owner);
        }
    }
    for function in desired
        .functions
        .values()
        .filter_map(|wanted| observed.functions.get(&wanted.name))
    {
        check(Kind::Function, &function.name, owner(&function.tags));
    }
    for machine in desired
        .state_machines
        .values()
        .filter_map(|wanted| observed.state_machines.get(&wanted.name))
    {
        check(Kind::StateMachine, &machine.name, owner(&machine.tags));
    }
    found
}

/// Why the stack cannot have what has its names.
pub(super) fn conflicts(desired: &Desired, observed: &Observed, adopt: bool) -> Vec<Diagnostic> {
    let strangers = strangers(desired, observed).into_iter();
    let mut found: Vec<Diagnostic> = strangers
        .filter(|stranger| stranger.owner.is_some() || !adopt)
        .map(|stranger| conflict(&stranger))
        .collect();
    for role in desired.roles.keys().filter_map(|name| observed.roles.get(name)) {
        let elsewhere = other_region(&role.tags, &desired.identity.region);
        if let Some(region) = elsewhere.filter(|_| owner(&role.tags) == Some(&desired.stack)) {
            let message = format!(
                "role `{}` is there and belongs to the stack `{}` in the region {region}: IAM has the roles of all regions",
                role.name, desired.stack
            );
            let problem = Diagnostic::error("not-ours", message);
            found.push(problem.hint("give the stack another name in this region, or tear it down in the other one"));
        }
    }
    found
}

fn conflict(stranger: &Stranger) -> Diagnostic {
    let what = format!("{} `{}`", stranger.kind.label(), stranger.name);
    match &stranger.owner {
        Some(owner) => Diagnostic::error(
            "not-ours",
            format!("{what} is there and belongs to the stack `{owner}`"),
        )
        .hint("choose another `name` for it, or another name for this stack"),
        None => Diagnostic::error(
            "not-ours",
            format!(
                "{what} is there and carries no `{}` tag: it was not made by this stack",
                super::OWNER_TAG
            ),
        )
        .hint("`--adopt` takes it over: it is then changed to what the stack file says, and removed by `teardown`")
        .hint("or choose another `name` for it"),
    }
}
