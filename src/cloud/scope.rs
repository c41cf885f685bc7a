//! What is looked for when it is observed what is there, and what of that is kept.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::error::{Answer, Fault};
use super::unlisted::Unlisted;
use super::{Clients, Cloud};
use crate::plan::desired::Tags;
use crate::plan::observed::{Observed, ObservedLogGroup, other_region, owner};
use crate::plan::{Desired, Identity, Kind, Tested, is_of_test};
use crate::stack::suffix_in;

/// What AWS's services say of what is not allowed.
const DENIED: &[&str] = &["AccessDenied", "AccessDeniedException", "AuthorizationError"];

/// An emulator with more resources of a kind than this is searched as an account is.
pub(super) const FEW: usize = 100;

/// What to look for.
pub(super) struct Scope {
    pub(super) clients: Clients,
    pub(super) stack: String,
    pub(super) identity: Arc<Identity>,
    pub(super) wanted: BTreeSet<(Kind, String)>,
    /// Whether this is an AWS account, where there may be much that is none of our business.
    pub(super) account: bool,
    /// Whether all has to be looked at, however much it is.
    pub(super) thorough: bool,
    /// The stack whose test runs it is about, if it is not about the stack itself.
    pub(super) tests: Option<Tested>,
    /// Kinds that the stack has resources of.
    pub(super) kinds: BTreeSet<Kind>,
    /// Whether this is an emulator of others, which may lack services, and lose tags.
    may_lack: bool,
    pub(super) unlisted: Unlisted,
}

impl Scope {
    pub(super) fn new(cloud: &Cloud, stack: &str, desired: Option<&Desired>) -> Self {
        Self {
            clients: cloud.clients.clone(),
            stack: stack.to_owned(),
            identity: Arc::clone(&cloud.identity),
            wanted: desired.map(Desired::names).unwrap_or_default(),
            account: cloud.identity.target == "aws",
            thorough: desired.is_none(),
            tests: None,
            kinds: desired.map(Desired::kinds).unwrap_or_default(),
            may_lack: cloud.identity.target == "localstack",
            unlisted: cloud.unlisted.clone(),
        }
    }

    fn wants(&self, kind: Kind, name: &str) -> bool {
        self.wanted.contains(&(kind, name.to_owned()))
    }

    pub(super) fn wanted(&self, kind: Kind) -> impl Iterator<Item = &String> {
        self.wanted
            .iter()
            .filter(move |(wanted, _)| *wanted == kind)
            .map(|(_, name)| name)
    }

    /// Names of which the tags are worth reading. An account's lists lag, so that wanted names are asked for by name.
    pub(super) fn candidates(&self, kind: Kind, listed: &[String]) -> BTreeSet<String> {
        let all = self.tests.is_none() && (self.thorough || (!self.account && listed.len() <= FEW));
        let asked = self.wanted(kind).filter(|_| self.account);
        let ours = listed.iter().filter(|name| all || self.may_be_ours(kind, name));
        ours.chain(asked).cloned().collect()
    }

    /// Whether a name is wanted or looks like one of ours.
    fn may_be_ours(&self, kind: Kind, name: &str) -> bool {
        if self.tests.is_some() {
            return suffix_in(name).is_some();
        }
        let bare = if kind == Kind::LogGroup {
            name.rsplit('/').next()
        } else {
            Some(name)
        };
        let rest = bare.and_then(|bare| bare.strip_prefix(self.stack.as_str()));
        rest.is_some_and(|rest| rest.starts_with('-')) || self.wants(kind, name)
    }

    /// Whether something is ours as far as its name tells. Names that only carry some suffix may be of other stacks' tests, and what
    /// older runs left must not keep this one's own from being removed.
    fn is_named_as_ours(&self, kind: Kind, name: &str) -> bool {
        match &self.tests {
            None => self.may_be_ours(kind, name),
            Some(tested) if self.wanted.is_empty() => tested.run_with(kind, name).is_some(),
            Some(_) => self.wants(kind, name),
        }
    }

    /// What may not even be read, and does not look like ours, is not ours.
    pub(super) fn tolerate<T>(&self, kind: Kind, name: &str, read: Answer<Option<T>>) -> Answer<Option<T>> {
        match read {
            Err(fault) if fault.is_denied() && !self.is_named_as_ours(kind, name) => {
                if self.tests.is_some() && suffix_in(name).is_some() {
                    self.unlisted.say_unread(kind, name, &fault);
                }
                Ok(None)
            }
            read => read,
        }
    }

    /// A stack without a kind of resources should not need the permission to list them.
    pub(super) fn tolerate_list<T>(&self, kind: Kind, listed: Answer<Vec<T>>) -> Answer<Vec<T>> {
        match listed {
            Err(fault) if fault.is_denied() && !self.kinds.contains(&kind) => {
                self.unlisted.say(kind, &fault);
                Ok(Vec::new())
            }
            listed => self.if_offered(kind, listed),
        }
    }

    /// A stack without a kind of resources can stand in an emulator that lacks the service for it.
    pub(super) fn if_offered<T>(&self, kind: Kind, listed: Answer<Vec<T>>) -> Answer<Vec<T>> {
        match listed {
            Err(fault) if self.may_lack && !self.kinds.contains(&kind) && fault.is_no_service() => {
                self.unlisted.say(kind, &fault);
                Ok(Vec::new())
            }
            listed => listed,
        }
    }

    pub(super) fn keeps(&self, kind: Kind, name: &str, tags: &Tags) -> bool {
        let ours = if self.tests.is_some() {
            is_of_test(&self.stack, tags)
        } else {
            owner(tags) == Some(self.stack.as_str())
        };
        (ours && other_region(tags, &self.identity.region).is_none()) || self.wants(kind, name)
    }

    /// The test run that must have made what has this name, though it carries no tags. A function that still runs when it is deleted
    /// writes logs after all that had tags is gone. And some emulators drop the tags that a resource is created with, where the run
    /// may be killed before it sets them again. In an account nothing is ours that does not say so.
    pub(super) fn run_of_untagged(&self, kind: Kind, name: &str) -> Option<String> {
        let tested = self.tests.as_ref()?;
        match kind {
            Kind::LogGroup if !self.account => tested.run_that_logged(name),
            kind if self.may_lack => tested.run_with(kind, name),
            _ => None,
        }
    }

    /// In an account, late logs of a test run stay, and who pays for them should know.
    pub(super) fn tell_late(&self, group: &str) {
        let is_of_test = |tested: &Tested| tested.run_that_logged(group).is_some();
        if self.account && self.tests.as_ref().is_some_and(is_of_test) {
            self.unlisted.say_late(group);
        }
    }

    /// All functions and state machines that were found are kept ones: what is named after them goes with them.
    pub(super) fn keeps_log_group(&self, observed: &Observed, group: &ObservedLogGroup) -> bool {
        match observed.owner_of_log_group(group) {
            Some(_) if self.tests.is_some() => owner(&group.tags).is_none() || is_of_test(&self.stack, &group.tags),
            owner => owner == Some(self.stack.as_str()) || self.wants(Kind::LogGroup, &group.name),
        }
    }
}

impl Fault {
    /// Whether it is about permissions.
    pub(super) fn is_denied(&self) -> bool {
        self.is(DENIED)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::cloud::tests::{connected, connected_as, error, nothing, tested_with};

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[tokio::test]
    async fn in_an_account_only_what_may_be_ours_is_read() {
        let (cloud, _) = connected(|_, _| error(400, "Unexpected", "")).await;
        let check = |account: bool, thorough: bool, listed: &[&str], expected: &[&str]| {
            let mut scope = Scope::new(&cloud, "s", None);
            (scope.account, scope.thorough) = (account, thorough);
            scope.wanted.insert((Kind::Function, "wanted".to_owned()));
            let candidates = scope.candidates(Kind::Function, &names(listed));
            assert_eq!(
                candidates.into_iter().collect::<Vec<_>>(),
                expected,
                "{account} {thorough}"
            );
        };
        let listed = ["other", "s-mine", "s2-theirs"];
        check(true, false, &listed, &["s-mine", "wanted"]);
        check(true, true, &listed, &["other", "s-mine", "s2-theirs", "wanted"]);
        check(false, false, &listed, &listed);
        let many: Vec<String> = (0..=FEW)
            .map(|at| format!("other-{at}"))
            .chain(names(&listed))
            .collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        check(false, false, &many, &["s-mine"]);
    }

    #[tokio::test]
    async fn a_denied_read_is_an_error_only_if_it_may_be_ours() {
        let (cloud, _) = connected(|_, _| error(400, "Unexpected", "")).await;
        let scope = Scope::new(&cloud, "s", None);
        let check = |kind: Kind, name: &str, code: &str, expected: bool| {
            let mut fault = Fault::other("denied");
            fault.code = code.to_owned();
            assert_eq!(
                scope.tolerate::<()>(kind, name, Err(fault)).is_ok(),
                expected,
                "{name} {code}"
            );
        };
        check(Kind::Function, "other", "AccessDeniedException", true);
        check(Kind::Function, "other", "ServiceException", false);
        check(Kind::Function, "s-mine", "AccessDeniedException", false);
        check(Kind::LogGroup, "/aws/lambda/s-mine", "AccessDeniedException", false);
        check(Kind::LogGroup, "/aws/lambda/other", "AccessDeniedException", true);
    }

    #[tokio::test]
    async fn what_may_not_be_read_matters_to_tests_only_where_it_must_be_theirs() {
        let (cloud, _) = connected(|_, _| error(400, "Unexpected", "")).await;
        let tested = tested_with(Kind::Role, "s-t00c0ffee-role");
        let check = |own: bool, name: &str, expected: bool| {
            let mut scope = Scope::new(&cloud, "s", None);
            scope.tests = Some(tested.clone());
            if own {
                scope.wanted.clone_from(&tested.names);
            }
            let mut fault = Fault::other("denied");
            fault.code = "AccessDenied".to_owned();
            let is_tolerated = scope.tolerate::<()>(Kind::Role, name, Err(fault)).is_ok();
            assert_eq!(is_tolerated, expected, "{own} {name}");
        };
        check(false, "theirs-tdeadbeef-role", true);
        check(false, "s-tdeadbeef-role", false);
        check(true, "theirs-tdeadbeef-role", true);
        check(true, "s-tdeadbeef-role", true);
        check(true, "s-t00c0ffee-role", false);
    }

    #[tokio::test(start_paused = true)]
    async fn a_list_that_is_denied_matters_if_the_stack_has_such_things() {
        let answer = |operation: &str, _| match operation {
            "ListTopics" => {
                let body = "<ErrorResponse><Error><Code>AuthorizationError</Code><Message>no</Message></Error></ErrorResponse>";
                Ok((403, body.to_owned()))
            }
            other => nothing(other),
        };
        let (cloud, _) = connected_as("localstack", None, answer).await;
        for (kinds, is_error) in [(vec![Kind::Topic, Kind::Role], true), (vec![Kind::Role], false)] {
            let tested = Tested {
                kinds: kinds.into_iter().collect(),
                ..Tested::default()
            };
            let tests = cloud.observe_tests(&tested, false).await;
            let all = cloud.observe_all("s", &tested.kinds).await;
            assert_eq!((tests.is_err(), all.is_err()), (is_error, is_error), "{tested:?}");
        }
    }
}
