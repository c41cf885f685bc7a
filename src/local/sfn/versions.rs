//! Versions of state machines: numbered, never changed
//! ([versions](https://docs.aws.amazon.com/step-functions/latest/dg/concepts-state-machine-version.html)).

use rusqlite::{Connection, OptionalExtension, params};
use serde_json::{Value, json};

use super::machine_rows::{self, Machine};
use super::names::{Kind, check_arn, no_such_machine, unqualified};
use super::paging::Asked;
use super::request::{Request, hidden, text};
use super::{States, aliases, seconds};
use crate::engine::Millis;
use crate::local::api::{ApiError, Call};
use crate::local::store::StoreError;

/// The revision id that stands for none: that of a machine which was never updated.
const INITIAL: &str = "INITIAL";

/// A published version.
pub(super) struct Version {
    pub(super) number: i64,
    /// The revision that it is of.
    pub(super) revision: i64,
    pub(super) description: Option<String>,
    pub(super) created_at: Millis,
}

impl States {
    /// PublishStateMachineVersion: the same revision again is the same version.
    pub(super) fn publish_state_machine_version(&self, call: &Call) -> Result<Value, ApiError> {
        let mut request = Request::new(&call.input);
        let arn = request.required("stateMachineArn", text(256));
        let description = request.optional("description", hidden(0, 256));
        let revision_id = request.optional("revisionId", text(256));
        request.finish()?;
        check_arn(arn, Kind::StateMachine)?;
        self.active_machine(arn)?;
        let now = self.shared.now();
        self.shared.store.write(|transaction| {
            let machine = machine_rows::find(transaction, arn)?.ok_or_else(|| no_such_machine(arn))?;
            let current = machine.current.content.revision_id.as_deref();
            if let Some(wanted) = revision_id
                && wanted != current.unwrap_or(INITIAL)
            {
                return Err(ApiError::new(
                    "ConflictException",
                    format!(
                        "Failed to publish the State Machine version for revision {wanted}. The current State Machine revision is {}.",
                        current.unwrap_or("null")
                    ),
                ));
            }
            let version = publish(transaction, &machine, description, now)?;
            Ok(json!({
                "stateMachineVersionArn": version_arn(arn, version.number),
                "creationDate": seconds(version.created_at),
            }))
        })
    }

    /// ListStateMachineVersions, the newest first.
    pub(super) fn list_state_machine_versions(&self, call: &Call) -> Result<Value, ApiError> {
        let mut request = Request::new(&call.input);
        let arn = request.required("stateMachineArn", text(256));
        let asked = Asked::read(&mut request, 1024);
        request.finish()?;
        let machine = self.machine(arn)?;
        let page = asked.of(format!("versions/{}", machine.id))?;
        let mut rows: Vec<(i64, Millis)> = self.shared.store.read(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT number, created_at FROM sfn_versions WHERE machine = ?1 AND number < ?2 ORDER BY number DESC LIMIT ?3",
            )?;
            let found = statement.query_map(
                params![machine.id, page.after.unwrap_or(i64::MAX), page.rows()],
                |row| Ok((row.get(0)?, row.get::<_, i64>(1)?.cast_unsigned())),
            )?;
            Ok::<_, StoreError>(found.collect::<Result<_, _>>()?)
        })?;
        let next = page.cut(&mut rows, |(number, _)| *number);
        let versions = rows.iter().map(|(number, created_at)| {
            json!({"stateMachineVersionArn": version_arn(arn, *number), "creationDate": seconds(*created_at)})
        });
        let mut out = json!({"stateMachineVersions": versions.collect::<Vec<_>>()});
        if let Some(next) = next {
            out["nextToken"] = next.into();
        }
        Ok(out)
    }

    /// DeleteStateMachineVersion: no error if there is none; its number is not used again.
    pub(super) fn delete_state_machine_version(&self, call: &Call) -> Result<Value, ApiError> {
        let mut request = Request::new(&call.input);
        let arn = request.required("stateMachineVersionArn", text(2000));
        request.finish()?;
        check_arn(arn, Kind::StateMachine)?;
        let Some(number) = number_of(arn) else {
            return Err(ApiError::new(
                "ValidationException",
                format!("Not the ARN of a state machine version: '{arn}'"),
            ));
        };
        self.shared.store.write(|transaction| {
            let Some(machine) = machine_rows::find(transaction, unqualified(arn).0)? else {
                return Ok(json!({}));
            };
            let aliases = aliases::routing_to(transaction, machine.id, arn)?;
            if !aliases.is_empty() {
                return Err(ApiError::new(
                    "ConflictException",
                    format!(
                        "Version to be deleted must not be referenced by an alias. Current list of aliases referencing this version: [{}]",
                        aliases.join(", ")
                    ),
                ));
            }
            transaction.execute(
                "DELETE FROM sfn_versions WHERE machine = ?1 AND number = ?2",
                params![machine.id, number],
            )?;
            Ok(json!({}))
        })
    }
}

/// Reads `publish` and `versionDescription`: the description if a version is to be published.
pub(super) fn asked<'a>(request: &mut Request<'a>) -> Result<Option<Option<&'a str>>, ApiError> {
    let publish = request.flag("publish").unwrap_or(false);
    let description = request.optional("versionDescription", hidden(0, 256));
    match (publish, description) {
        (true, description) => Ok(Some(description)),
        (false, None) => Ok(None),
        (false, Some(_)) => Err(ApiError::new(
            "ValidationException",
            "Version description can only be set when publish is true",
        )),
    }
}

/// Publishes the current revision, if it is not published yet.
pub(super) fn publish(
    connection: &Connection,
    machine: &Machine,
    description: Option<&str>,
    now: Millis,
) -> Result<Version, StoreError> {
    let known = select(
        connection,
        "machine = ?1 AND revision = ?2",
        machine.id,
        machine.current.id,
    )?;
    if let Some(version) = known {
        return Ok(version);
    }
    let number = connection
        .prepare_cached("UPDATE sfn_machines SET last_version = last_version + 1 WHERE id = ?1 RETURNING last_version")?
        .query_row([machine.id], |row| row.get(0))?;
    connection
        .prepare_cached(
            "INSERT INTO sfn_versions (machine, number, revision, description, created_at) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![
            machine.id,
            number,
            machine.current.id,
            description,
            now.cast_signed()
        ])?;
    Ok(Version {
        number,
        revision: machine.current.id,
        description: description.map(str::to_owned),
        created_at: now,
    })
}

/// The version of that number, if there is one.
pub(super) fn find(connection: &Connection, machine: i64, number: i64) -> Result<Option<Version>, StoreError> {
    select(connection, "machine = ?1 AND number = ?2", machine, number)
}

fn select(connection: &Connection, which: &str, machine: i64, key: i64) -> Result<Option<Version>, StoreError> {
    Ok(connection
        .prepare_cached(&format!(
            "SELECT number, revision, description, created_at FROM sfn_versions WHERE {which}"
        ))?
        .query_row([machine, key], |row| {
            Ok(Version {
                number: row.get(0)?,
                revision: row.get(1)?,
                description: row.get(2)?,
                created_at: row.get::<_, i64>(3)?.cast_unsigned(),
            })
        })
        .optional()?)
}

/// The ARN of a version of that machine.
pub(super) fn version_arn(machine_arn: &str, number: i64) -> String {
    format!("{machine_arn}:{number}")
}

/// The number in the ARN of a version; none if it is that of a machine or an alias.
pub(super) fn number_of(arn: &str) -> Option<i64> {
    unqualified(arn)
        .1
        .filter(|qualifier| qualifier.bytes().all(|byte| byte.is_ascii_digit()))?
        .parse()
        .ok()
}
