//! What the ARN of a state machine leads to: the machine itself, one of its versions, or, by an alias, one of two.

use super::machine_rows::{self, Machine};
use super::names::{Kind, check_arn, machine_deleting, no_such_machine, unqualified};
use super::versions::{self, Version, number_of, version_arn};
use super::{States, aliases};
use crate::local::api::ApiError;
use crate::local::random;

/// A state machine at the revision that its ARN leads to.
pub(super) struct Target {
    /// Its `current` is the revision of the version, if there is one.
    pub(super) machine: Machine,
    pub(super) version: Option<Version>,
    /// Set if it was found by an alias.
    pub(super) alias_arn: Option<String>,
}

impl Target {
    /// The ARN of the version, if it is one.
    pub(super) fn version_arn(&self) -> Option<String> {
        let version = self.version.as_ref()?;
        Some(version_arn(&self.machine.arn, version.number))
    }
}

impl States {
    /// What an ARN with or without a version or alias leads to.
    pub(super) fn target(&self, arn: &str) -> Result<Target, ApiError> {
        check_arn(arn, Kind::StateMachine)?;
        let (machine_arn, qualifier) = unqualified(arn);
        self.shared.store.read(|connection| {
            let missing = || no_such_machine(arn);
            let mut machine = machine_rows::find(connection, machine_arn)?.ok_or_else(missing)?;
            let Some(qualifier) = qualifier else {
                return Ok(Target {
                    machine,
                    version: None,
                    alias_arn: None,
                });
            };
            let alias = match number_of(arn) {
                Some(_) => None,
                None => Some(aliases::find(connection, machine.id, qualifier)?.ok_or_else(missing)?),
            };
            let chosen = match &alias {
                Some(alias) => alias.choose(random::seed()).and_then(number_of),
                None => number_of(arn),
            };
            let version = versions::find(connection, machine.id, chosen.ok_or_else(missing)?)?.ok_or_else(missing)?;
            machine.current = machine_rows::revision(connection, version.revision)?;
            Ok(Target {
                machine,
                version: Some(version),
                alias_arn: alias.map(|_| arn.to_owned()),
            })
        })
    }

    /// The same, if the machine is not being deleted.
    pub(super) fn active_target(&self, arn: &str) -> Result<Target, ApiError> {
        let target = self.target(arn)?;
        if target.machine.status == "ACTIVE" {
            Ok(target)
        } else {
            Err(machine_deleting(arn))
        }
    }
}
