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
use super::scope::Scope;
use super::{Cloud, CloudError, ResourceStatus, function, machine, observe_data, observe_logs, role};
use crate::plan::observed::{Observed, ObservedFunction, ObservedMachine, ObservedRole};
use crate::plan::{Desired, Kind, Tested};

/// Reads in flight at once.
const READS: usize = 16;

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
    /// What this run has made may not be listed yet where it is to be removed, `own`, and is asked for by name.
    pub async fn observe_tests(&self, tested: &Tested, own: bool) -> Result<Observed, CloudError> {
        let mut scope = Scope::new(self, &tested.stack, None);
        scope.kinds.clone_from(&tested.kinds);
        scope.tests = Some(tested.clone());
        if own {
            scope.wanted.clone_from(&tested.names);
        }
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
        observe_logs::read(&scope, &mut observed, &functions).await?;
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
