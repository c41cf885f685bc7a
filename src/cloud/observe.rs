//! What is there: everything that carries the stack's tag, and whatever has a name that is wanted. Reads only.
//!
//! AWS has no way to list functions, roles and state machines by tag in one service, and reading the tags of everything in
//! an account takes minutes. So names are listed, which is cheap, and tags are read of what may be ours: wanted names,
//! names with the stack's prefix, and whatever resources of ours refer to. All tags are read where there are few resources, as
//! in an emulator, and when it is not known what is wanted, as when a stack is removed: then nothing may be overlooked.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::sync::Arc;

use tokio::task::JoinSet;

use super::error::{Answer, Fault};
use super::unlisted::Unlisted;
use super::{Clients, Cloud, CloudError, ResourceStatus, function, log_group, machine, observe_data, role};
use crate::plan::desired::Tags;
use crate::plan::observed::{
    Observed, ObservedFunction, ObservedLogGroup, ObservedMachine, ObservedRole, other_region, owner,
};
use crate::plan::{Desired, Identity, Kind, Tested, is_of_test, names};
use crate::stack::suffix_in;

/// Reads in flight at once.
const READS: usize = 16;

/// What AWS's services say of what is not allowed.
pub(super) const DENIED: &[&str] = &["AccessDenied", "AccessDeniedException", "AuthorizationError"];

/// An emulator with more resources of a kind than this is searched as an account is.
const FEW: usize = 100;

impl Cloud {
    /// What is there: all that carries the stack's tag, and whatever has a name that is wanted. Reads only.
    pub async fn observe(&self, stack: &str, desired: Option<&Desired>) -> Result<Observed, CloudError> {
        self.look(Scope::new(self, stack, desired)).await
    }

    /// All that carries the tag of a stack of which no more is known than these kinds of its resources, maybe not all.
    /// Reads only.
    pub async fn observe_all(&self, stack: &str, kinds: &BTreeSet<Kind>) -> Result<Observed, CloudError> {
        let mut scope = Scope::new(self, stack, None);
        scope.kinds.clone_from(kinds);
        self.look(scope).await
    }

    /// Everything that test runs of a stack have made and not removed. Reads only.
    pub async fn observe_tests(&self, tested: &Tested) -> Result<Observed, CloudError> {
        let mut scope = Scope::new(self, &tested.stack, None);
        scope.kinds.clone_from(&tested.kinds);
        scope.tests = Some(tested.clone());
        self.look(scope).await
    }

    async fn look(&self, scope: Scope) -> Result<Observed, CloudError> {
        let scope = Arc::new(scope);
        let (functions, roles, machines) = tokio::try_join!(
            async { scope.if_offered(Kind::Function, function::list(&self.clients).await) },
            async { scope.if_offered(Kind::Role, role::list(&self.clients).await) },
            async { scope.if_offered(Kind::StateMachine, machine::list(&self.clients).await) },
        )?;
        let machine_arns: BTreeMap<String, String> = machines.into_iter().collect();
        let machine_names: Vec<String> = machine_arns.keys().cloned().collect();
        let arn_of = |name: String| match machine_arns.get(&name) {
            Some(arn) => arn.clone(),
            None => self.identity.machine_arn(&name),
        };
        let functions_read = scope.candidates(Kind::Function, &functions);
        let roles_read = scope.candidates(Kind::Role, &roles);
        let machines_read = scope
            .candidates(Kind::StateMachine, &machine_names)
            .into_iter()
            .map(arn_of);
        let mut observed = Observed::default();
        let (machines, found, found_roles) = tokio::try_join!(
            read_machines(&scope, machines_read),
            read_functions(&scope, functions_read.iter().cloned()),
            read_roles(&scope, roles_read.iter().cloned()),
        )?;
        observed
            .state_machines
            .extend(by_name(machines, |machine| &machine.name));
        observed.functions.extend(by_name(found, |function| &function.name));
        observed.roles.extend(by_name(found_roles, |role| &role.name));

        // What ours refer to may be ours too, whatever its name.
        let more = observed
            .functions_called()
            .difference(&functions_read)
            .cloned()
            .collect::<Vec<_>>();
        let more = more.into_iter().filter(|name| functions.contains(name));
        observed
            .functions
            .extend(by_name(read_functions(&scope, more).await?, |function| &function.name));
        let more = observed
            .roles_used()
            .difference(&roles_read)
            .cloned()
            .collect::<Vec<_>>();
        let more = more.into_iter().filter(|name| roles.contains(name));
        observed
            .roles
            .extend(by_name(read_roles(&scope, more).await?, |role| &role.name));

        observe_data::read(&scope, &mut observed).await?;
        let groups = read_log_groups(&scope, &observed, &functions).await?;
        observed.log_groups.extend(by_name(groups, |group| &group.name));
        let others: Vec<String> = observed
            .log_groups
            .values()
            .filter(|group| !scope.keeps_log_group(&observed, group))
            .map(|group| group.name.clone())
            .collect();
        for name in others {
            observed.log_groups.remove(&name);
        }
        Ok(observed)
    }

    /// The stack's resources as they stand.
    pub async fn resources(&self, stack: &str) -> Result<Vec<ResourceStatus>, CloudError> {
        let observed = self.observe(stack, None).await?;
        let status = |kind, name: &str, arn: &str, status: &str| ResourceStatus {
            kind,
            name: name.to_owned(),
            arn: arn.to_owned(),
            status: (!status.is_empty()).then(|| status.to_owned()),
        };
        let roles = observed
            .roles
            .values()
            .map(|role| status(Kind::Role, &role.name, &role.arn, ""));
        let groups = observed
            .log_groups
            .values()
            .map(|group| status(Kind::LogGroup, &group.name, &group.arn, ""));
        let functions = observed
            .functions
            .values()
            .map(|function| status(Kind::Function, &function.name, &function.arn, &function.state));
        let machines = observed
            .state_machines
            .values()
            .map(|machine| status(Kind::StateMachine, &machine.name, &machine.arn, &machine.status));
        let (data, subscriptions) = observe_data::statuses(&observed);
        let resources = roles.chain(groups).chain(data).chain(functions).chain(machines);
        Ok(resources.chain(subscriptions).collect())
    }
}

/// What to look for.
pub(super) struct Scope {
    pub(super) clients: Clients,
    stack: String,
    pub(super) identity: Arc<Identity>,
    wanted: BTreeSet<(Kind, String)>,
    /// Whether this is an AWS account, where there may be much that is none of our business.
    account: bool,
    /// Whether all has to be looked at, however much it is.
    thorough: bool,
    /// The stack whose test runs it is about, if it is not about the stack itself.
    tests: Option<Tested>,
    /// Kinds that the stack has resources of.
    kinds: BTreeSet<Kind>,
    /// Whether this is an emulator of others, which may lack services.
    may_lack: bool,
    unlisted: Unlisted,
}

impl Scope {
    fn new(cloud: &Cloud, stack: &str, desired: Option<&Desired>) -> Self {
        let mut wanted = BTreeSet::new();
        if let Some(desired) = desired {
            wanted.extend(desired.roles.keys().map(|name| (Kind::Role, name.clone())));
            wanted.extend(desired.log_groups.keys().map(|name| (Kind::LogGroup, name.clone())));
            let topics = desired.topics.values().map(|wanted| (Kind::Topic, &wanted.name));
            let queues = desired.queues.values().map(|wanted| (Kind::Queue, &wanted.name));
            let tables = desired.tables.values().map(|wanted| (Kind::Table, &wanted.name));
            let data = topics.chain(queues).chain(tables);
            wanted.extend(data.map(|(kind, name)| (kind, name.clone())));
            wanted.extend(
                desired
                    .functions
                    .values()
                    .map(|wanted| (Kind::Function, wanted.name.clone())),
            );
            wanted.extend(
                desired
                    .state_machines
                    .values()
                    .map(|wanted| (Kind::StateMachine, wanted.name.clone())),
            );
        }
        Self {
            clients: cloud.clients.clone(),
            stack: stack.to_owned(),
            identity: Arc::clone(&cloud.identity),
            wanted,
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

    fn wanted(&self, kind: Kind) -> impl Iterator<Item = &String> {
        self.wanted
            .iter()
            .filter(move |(wanted, _)| *wanted == kind)
            .map(|(_, name)| name)
    }

    /// Names of which the tags are worth reading. An account's lists lag, so that wanted names are asked for by name.
    pub(super) fn candidates(&self, kind: Kind, listed: &[String]) -> BTreeSet<String> {
        let all = self.tests.is_none() && (self.thorough || (!self.account && listed.len() <= FEW));
        let asked = self.wanted(kind).filter(|_| self.account);
        let ours = listed.iter().filter(|name| all || self.expects(kind, name));
        ours.chain(asked).cloned().collect()
    }

    /// Whether a name is wanted or looks like one of ours.
    fn expects(&self, kind: Kind, name: &str) -> bool {
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

    /// What may not even be read, and does not look like ours, is not ours.
    pub(super) fn tolerate<T>(&self, kind: Kind, name: &str, read: Answer<Option<T>>) -> Answer<Option<T>> {
        match read {
            Err(fault) if !self.expects(kind, name) && fault.is(DENIED) => Ok(None),
            read => read,
        }
    }

    /// A stack without a kind of resources should not need the permission to list them; who may not list them has not
    /// made any.
    pub(super) fn tolerate_list<T>(&self, kind: Kind, listed: Answer<Vec<T>>) -> Answer<Vec<T>> {
        match listed {
            Err(fault) if fault.is(DENIED) && self.wanted(kind).next().is_none() => Ok(Vec::new()),
            listed => self.if_offered(kind, listed),
        }
    }

    /// A stack without a kind of resources can stand in an emulator that lacks the service for it.
    fn if_offered<T>(&self, kind: Kind, listed: Answer<Vec<T>>) -> Answer<Vec<T>> {
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

    /// The test run that must have made what has this name, though it carries no tags. Some emulators drop those that a resource is
    /// created with, and the run was killed before it set them again. AWS keeps them: there such a thing is not ours.
    pub(super) fn run_without_tags(&self, kind: Kind, name: &str) -> Option<String> {
        let tested = self.tests.as_ref().filter(|_| self.may_lack)?;
        tested.run_with(kind, name)
    }

    /// All functions and state machines that were found are kept ones: what is named after them goes with them.
    fn keeps_log_group(&self, observed: &Observed, group: &ObservedLogGroup) -> bool {
        match observed.owner_of_log_group(group) {
            Some(_) if self.tests.is_some() => owner(&group.tags).is_none() || is_of_test(&self.stack, &group.tags),
            owner => owner == Some(self.stack.as_str()) || self.wants(Kind::LogGroup, &group.name),
        }
    }
}

async fn read_functions(scope: &Arc<Scope>, names: impl Iterator<Item = String>) -> Answer<Vec<ObservedFunction>> {
    each(scope, names, async |scope: Arc<Scope>, name: String| {
        let found = function::read(&scope.clients, &name).await;
        let found = scope.tolerate(Kind::Function, &name, found)?;
        Ok(found.filter(|found| scope.keeps(Kind::Function, &found.name, &found.tags)))
    })
    .await
}

async fn read_roles(scope: &Arc<Scope>, names: impl Iterator<Item = String>) -> Answer<Vec<ObservedRole>> {
    each(scope, names, async |scope: Arc<Scope>, name: String| {
        let found = role::read(&scope.clients, &name, |tags| scope.keeps(Kind::Role, &name, tags)).await;
        scope.tolerate(Kind::Role, &name, found)
    })
    .await
}

async fn read_machines(scope: &Arc<Scope>, arns: impl Iterator<Item = String>) -> Answer<Vec<ObservedMachine>> {
    each(scope, arns, async |scope: Arc<Scope>, arn: String| {
        let name = arn.rsplit(':').next().unwrap_or_default();
        let found = machine::read(&scope.clients, &arn, |tags| scope.keeps(Kind::StateMachine, name, tags)).await;
        scope.tolerate(Kind::StateMachine, name, found)
    })
    .await
}

/// Groups named after functions and state machines, with their tags. A group without its function may be what a teardown
/// left that was cut off.
async fn read_log_groups(
    scope: &Arc<Scope>,
    observed: &Observed,
    functions: &[String],
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
    let all = scope.tests.is_none() && !scope.account && listed.len() <= FEW;
    let ours = roots.map(|root| format!("{root}{}-", scope.stack));
    let functions: BTreeSet<String> = functions.iter().map(|name| names::function_log_group(name)).collect();
    let candidates = listed.into_iter().filter(|group| {
        all || named.contains(&group.name)
            || ours.iter().any(|prefix| group.name.starts_with(prefix))
            || (scope.tests.is_some() && suffix_in(&group.name).is_some())
            || (scope.thorough && scope.tests.is_none() && !functions.contains(&group.name))
    });
    let read = each(
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
    );
    let mut groups = read.await?;
    if let Some(tested) = &scope.tests {
        for group in &mut groups {
            let is_late = group.tags.is_empty() && !functions.contains(&group.name);
            group.late_of = tested.run_that_logged(&group.name).filter(|_| is_late);
        }
    }
    Ok(groups)
}

/// Reads many things, several at once; what is not there is left out.
pub(super) async fn each<I, T, F>(
    scope: &Arc<Scope>,
    items: impl Iterator<Item = I>,
    read: impl Fn(Arc<Scope>, I) -> F,
) -> Answer<Vec<T>>
where
    T: Send + 'static,
    F: Future<Output = Answer<Option<T>>> + Send + 'static,
{
    let mut reads = JoinSet::new();
    let mut found = Vec::new();
    let keep = |read: Result<Answer<Option<T>>, _>| {
        read.map_err(|error| Fault::other(format!("cannot read what is there: {error}")))?
    };
    for item in items {
        if reads.len() >= READS
            && let Some(read) = reads.join_next().await
        {
            found.extend(keep(read)?);
        }
        reads.spawn(read(Arc::clone(scope), item));
    }
    while let Some(read) = reads.join_next().await {
        found.extend(keep(read)?);
    }
    Ok(found)
}

pub(super) fn by_name<T>(found: Vec<T>, name: impl Fn(&T) -> &String) -> impl Iterator<Item = (String, T)> {
    found.into_iter().map(move |found| (name(&found).clone(), found))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::cloud::tests::{connected, connected_as, error, nothing};

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
    async fn a_topic_that_lost_its_tags_is_known_by_its_name_where_that_happens() {
        let tested = Tested {
            stack: "s".to_owned(),
            deployed_as: "s-t00c0ffee".to_owned(),
            names: [(Kind::Topic, "s-t00c0ffee-Told".to_owned())].into(),
            ..Tested::default()
        };
        for (target, name, expected) in [
            ("localstack", "s-t12345678-Told", Some("s-t12345678")),
            ("localstack", "s-t12345678-Asked", None),
            ("localstack", "s-Told", None),
            ("aws", "s-t12345678-Told", None),
            ("local", "s-t12345678-Told", None),
        ] {
            let arn = format!("arn:aws:sns:us-east-1:000000000000:{name}");
            let listed = format!(
                "<ListTopicsResponse><ListTopicsResult><Topics><member><TopicArn>{arn}</TopicArn></member></Topics>\
                </ListTopicsResult></ListTopicsResponse>"
            );
            let (mut cloud, _) = connected_as("localstack", None, move |operation, _| match operation {
                "ListTopics" => Ok((200, listed.clone())),
                "GetTopicAttributes" | "ListTagsForResource" | "ListSubscriptionsByTopic" => Ok((
                    200,
                    format!("<{operation}Response><{operation}Result/></{operation}Response>"),
                )),
                other => nothing(other),
            })
            .await;
            Arc::make_mut(&mut cloud.identity).target = target.to_owned();
            let observed = cloud.observe_tests(&tested).await.unwrap();
            let owner = observed.topics.get(name).and_then(|topic| owner(&topic.tags));
            assert_eq!(owner, expected, "{target} {name}");
        }
    }
}
