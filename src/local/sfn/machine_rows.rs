//! State machines and their revisions in the store.

use rusqlite::{Connection, OptionalExtension, Row, params};
use serde_json::{Map, Value, json};

use super::definition::Definition;
use super::variable_references;
use crate::engine::Millis;
use crate::local::store::StoreError;

/// A state machine at its current revision.
pub(super) struct Machine {
    pub(super) id: i64,
    pub(super) arn: String,
    pub(super) name: String,
    pub(super) status: String,
    pub(super) created_at: Millis,
    pub(super) current: Revision,
}

/// What an execution runs: fixed once made.
pub(super) struct Revision {
    pub(super) id: i64,
    pub(super) content: Content,
    pub(super) updated_at: Millis,
    pub(super) machine_arn: String,
    pub(super) machine_name: String,
}

/// What a state machine is made of; all but its type can be changed by UpdateStateMachine.
#[derive(Clone, PartialEq)]
pub(super) struct Content {
    /// Of type EXPRESS, which never changes.
    pub(super) express: bool,
    pub(super) revision_id: Option<String>,
    pub(super) definition: String,
    pub(super) role_arn: String,
    pub(super) logging: Value,
    pub(super) tracing: Value,
}

impl Content {
    /// Adds the members that describe a revision.
    pub(super) fn describe(&self, out: &mut Map<String, Value>) {
        out.insert("definition".to_owned(), self.definition.as_str().into());
        out.insert("roleArn".to_owned(), self.role_arn.as_str().into());
        out.insert("loggingConfiguration".to_owned(), self.logging.clone());
        out.insert("tracingConfiguration".to_owned(), self.tracing.clone());
        out.insert("encryptionConfiguration".to_owned(), json!({"type": "AWS_OWNED_KEY"}));
        if let Some(revision_id) = &self.revision_id {
            out.insert("revisionId".to_owned(), revision_id.as_str().into());
        }
        let references = variable_references::of(&self.definition);
        if !references.is_empty() {
            out.insert("variableReferences".to_owned(), references.into());
        }
    }

    /// The type, as the API writes it.
    pub(super) fn type_name(&self) -> &'static str {
        if self.express { "EXPRESS" } else { "STANDARD" }
    }
}

/// Writes down a revision, which from now on is what the machine runs once it points there.
pub(super) fn insert_revision(
    connection: &Connection,
    arn: &str,
    name: &str,
    content: &Content,
    now: Millis,
) -> Result<i64, StoreError> {
    connection
        .prepare_cached(
            "INSERT INTO sfn_revisions (machine_arn, machine_name, revision_id, definition, role_arn, logging, tracing, updated_at, express)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        )?
        .insert(params![
            arn,
            name,
            content.revision_id,
            content.definition,
            content.role_arn,
            content.logging.to_string(),
            content.tracing.to_string(),
            now.cast_signed(),
            content.express
        ])
        .map_err(StoreError::from)
}

/// The state machine of that ARN, if there is one.
pub(super) fn find(connection: &Connection, arn: &str) -> Result<Option<Machine>, StoreError> {
    let found = connection
        .prepare_cached("SELECT id, arn, name, status, created_at, revision FROM sfn_machines WHERE arn = ?1")?
        .query_row([arn], |row| {
            Ok((
                row.get(0)?,
                row.get(1)?,
                row.get(2)?,
                row.get(3)?,
                row.get::<_, i64>(4)?.cast_unsigned(),
                row.get::<_, i64>(5)?,
            ))
        })
        .optional()?;
    let Some((id, arn, name, status, created_at, current)) = found else {
        return Ok(None);
    };
    Ok(Some(Machine {
        id,
        arn,
        name,
        status,
        created_at,
        current: revision(connection, current)?,
    }))
}

/// A revision.
pub(super) fn revision(connection: &Connection, id: i64) -> Result<Revision, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT revision_id, definition, role_arn, logging, tracing, updated_at, machine_arn, machine_name, express FROM sfn_revisions WHERE id = ?1",
    )?;
    let text = |row: &Row<'_>, at: usize| row.get::<_, String>(at);
    let (revision_id, definition, role_arn, logging, tracing, updated_at, machine_arn, machine_name, express) =
        statement.query_row([id], |row| {
            Ok((
                row.get(0)?,
                text(row, 1)?,
                text(row, 2)?,
                text(row, 3)?,
                text(row, 4)?,
                row.get::<_, i64>(5)?.cast_unsigned(),
                text(row, 6)?,
                text(row, 7)?,
                row.get(8)?,
            ))
        })?;
    Ok(Revision {
        id,
        content: Content {
            express,
            revision_id,
            definition,
            role_arn,
            logging: serde_json::from_str(&logging)?,
            tracing: serde_json::from_str(&tracing)?,
        },
        updated_at,
        machine_arn,
        machine_name,
    })
}

/// The definition of a revision.
pub(super) fn definition(connection: &Connection, revision: i64) -> Result<Definition, StoreError> {
    Ok(connection
        .prepare_cached("SELECT definition, express FROM sfn_revisions WHERE id = ?1")?
        .query_row([revision], |row| {
            Ok(Definition {
                text: row.get(0)?,
                express: row.get(1)?,
            })
        })?)
}
