//! Whose a resource is: nothing is changed or deleted that does not carry the stack's tag.

use super::desired::Desired;
use super::observed::{Observed, other_region, owner};
use super::{Kind, names};
use crate::diagnostic::Diagnostic;

/// Resources of wanted names that belong to somebody else.
pub(super) fn strangers(desired: &Desired, observed: &Observed, adopt: bool) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let mut check = |kind: Kind, name: &str, owner: Option<&str>| {
        let what = format!("{} `{name}`", kind.label());
        match owner {
            Some(owner) if owner == desired.stack => {}
            Some(owner) => found.push(
                Diagnostic::error("not-ours", format!("{what} is there and belongs to the stack `{owner}`"))
                    .hint("choose another `name` for it, or another name for this stack"),
            ),
            None if adopt => {}
            None => found.push(
                Diagnostic::error(
                    "not-ours",
                    format!("{what} is there and carries no `{}` tag: it was not made by this stack", super::OWNER_TAG),
                )
                .hint("`--adopt` takes it over: it is then changed to what the stack file says, and removed by `teardown`")
                .hint("or choose another `name` for it"),
            ),
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
