//! Functions are `Pending`, and updates `InProgress`, until their code lies unpacked where it will run.
//!
//! The phases live in memory: after a restart every function is settled, and its code is unpacked when it is next invoked.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::function::Function;
use super::{Lambda, code, table, user_error};
use crate::local::api::ApiError;
use crate::local::store::StoreError;

/// Where a function stands.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Phase {
    Settled,
    Creating,
    Updating,
    /// Its code could not be unpacked, for that reason.
    Failed(String),
}

impl Phase {
    /// `State`, `LastUpdateStatus` and their reasons.
    ///
    /// <https://docs.aws.amazon.com/lambda/latest/dg/functions-states.html>
    pub(super) fn members(&self) -> Vec<(&'static str, String)> {
        let being_created = "The function is being created.".to_owned();
        match self {
            Self::Settled => vec![
                ("State", "Active".to_owned()),
                ("LastUpdateStatus", "Successful".to_owned()),
            ],
            Self::Creating => vec![
                ("State", "Pending".to_owned()),
                ("StateReason", being_created),
                ("StateReasonCode", "Creating".to_owned()),
            ],
            Self::Updating => vec![
                ("State", "Active".to_owned()),
                ("LastUpdateStatus", "InProgress".to_owned()),
                ("LastUpdateStatusReason", being_created),
                ("LastUpdateStatusReasonCode", "Creating".to_owned()),
            ],
            Self::Failed(reason) => vec![
                ("State", "Failed".to_owned()),
                ("StateReason", reason.clone()),
                ("StateReasonCode", "InternalError".to_owned()),
                ("LastUpdateStatus", "Failed".to_owned()),
                ("LastUpdateStatusReason", reason.clone()),
                ("LastUpdateStatusReasonCode", "InternalError".to_owned()),
            ],
        }
    }

    /// That a function may be invoked or deleted.
    pub(super) fn allow_use(&self) -> Result<(), ApiError> {
        let state = match self {
            Self::Settled | Self::Updating => return Ok(()),
            Self::Creating => "Pending",
            Self::Failed(_) => "Failed",
        };
        Err(conflict(&format!(
            "The function is currently in the following state: {state}"
        )))
    }

    /// That a function may be changed.
    pub(super) fn allow_update(&self, arn: &str) -> Result<(), ApiError> {
        match self {
            Self::Settled | Self::Failed(_) => Ok(()),
            Self::Creating => self.allow_use(),
            Self::Updating => Err(conflict(&format!("An update is in progress for resource: {arn}"))),
        }
    }
}

fn conflict(why: &str) -> ApiError {
    user_error(
        409,
        "ResourceConflictException",
        format!("The operation cannot be performed at this time. {why}"),
    )
}

/// The phases of all functions that are not settled, each with the revision that it is of.
#[derive(Default)]
pub(super) struct Preparations(Mutex<HashMap<Key, (String, Phase)>>);

type Key = (String, String);

impl Preparations {
    pub(super) fn phase(&self, function: &Function) -> Phase {
        let phase = self.phases().get(&key(function)).map(|(_, phase)| phase.clone());
        phase.unwrap_or(Phase::Settled)
    }

    pub(super) fn begin(&self, function: &Function, phase: Phase) {
        self.phases()
            .insert(key(function), (function.revision_id.clone(), phase));
    }

    /// Unless something else has begun meanwhile.
    fn end(&self, function: &Function, result: Result<(), String>) {
        let mut phases = self.phases();
        if let Entry::Occupied(mut entry) = phases.entry(key(function))
            && entry.get().0 == function.revision_id
        {
            match result {
                Ok(()) => drop(entry.remove()),
                Err(problem) => entry.get_mut().1 = Phase::Failed(problem),
            }
        }
    }

    /// The function is gone.
    pub(super) fn forget(&self, function: &Function) {
        self.phases().remove(&key(function));
    }

    fn phases(&self) -> MutexGuard<'_, HashMap<Key, (String, Phase)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn key(function: &Function) -> Key {
    (function.region.clone(), function.name.clone())
}

impl Lambda {
    /// Unpacks in the background, and then settles the function.
    pub(super) fn prepare(&self, function: Function) {
        let lambda = self.clone();
        tokio::spawn(async move {
            let unpacked = lambda.code_folder(&function).await;
            let result = unpacked.map(drop).map_err(|problem| could_not_be_unpacked(&problem));
            lambda.inner.preparations.end(&function, result);
        });
    }

    /// The folder with the function's code; unpacks it if it is not there.
    pub(super) async fn code_folder(&self, function: &Function) -> io::Result<PathBuf> {
        let folder = self
            .function_folder(function)
            .join(code::folder_name(&function.code.sha256));
        if !folder.is_dir() {
            let (lambda, function, folder) = (self.clone(), function.clone(), folder.clone());
            tokio::task::spawn_blocking(move || lambda.unpack(&function, &folder))
                .await
                .map_err(io::Error::other)??;
        }
        folder.canonicalize()
    }

    fn unpack(&self, function: &Function, folder: &Path) -> io::Result<()> {
        let zip = self
            .inner
            .store
            .read(|at| table::code(at, &function.region, &function.name))
            .map_err(|problem: StoreError| io::Error::other(problem))?
            .ok_or_else(|| io::Error::other("the function was deleted"))?;
        if code::sha256(&zip) != function.code.sha256 {
            return Err(io::Error::other("the function's code was changed meanwhile"));
        }
        let parent = self.function_folder(function);
        fs::create_dir_all(&parent)?;
        if !self.inner.executor.is_busy(&function.region, &function.name) {
            remove_others(&parent, folder);
        }
        let scratch = format!("{}{}", scratch_prefix(), self.inner.surroundings.uuid());
        code::unpack(&zip, folder, &scratch)
    }

    pub(super) fn function_folder(&self, function: &Function) -> PathBuf {
        self.inner.functions.join(&function.region).join(&function.name)
    }
}

pub(super) fn could_not_be_unpacked(problem: &io::Error) -> String {
    format!("The code could not be unpacked: {problem}")
}

/// Of folders in which this process unpacks.
fn scratch_prefix() -> String {
    format!("unpacking-{}-", std::process::id())
}

/// Code of before, which nobody runs any more, and what a process that was killed left.
fn remove_others(parent: &Path, keep: &Path) {
    for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
        let path = entry.path();
        let in_use = entry.file_name().to_string_lossy().starts_with(&scratch_prefix());
        if path != keep && !in_use {
            // What cannot be removed now is tried again at the next change.
            let _ = fs::remove_dir_all(path);
        }
    }
}
