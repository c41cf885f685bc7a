//! Roles as they are stored.

use rusqlite::{Connection, OptionalExtension, Row, params};
use serde_json::Value;

use super::params::Tag;
use crate::local::api::{ACCOUNT, ApiError};
use crate::local::clock::Millis;
use crate::local::store::StoreError;

/// Roles go by their name in lower case: IAM does not distinguish names by case.
pub(super) const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS iam_role (
        key TEXT PRIMARY KEY,
        name TEXT NOT NULL,
        id TEXT NOT NULL,
        path TEXT NOT NULL,
        description TEXT,
        max_session INTEGER NOT NULL,
        trust TEXT NOT NULL,
        created INTEGER NOT NULL,
        tags TEXT NOT NULL
    ) STRICT;
    CREATE TABLE IF NOT EXISTS iam_role_policy (
        role TEXT NOT NULL REFERENCES iam_role (key) ON DELETE CASCADE,
        name TEXT NOT NULL,
        document TEXT NOT NULL,
        PRIMARY KEY (role, name)
    ) STRICT;
    CREATE TABLE IF NOT EXISTS iam_attached_policy (
        role TEXT NOT NULL REFERENCES iam_role (key) ON DELETE CASCADE,
        arn TEXT NOT NULL,
        PRIMARY KEY (role, arn)
    ) STRICT;
";

const COLUMNS: &str = "name, id, path, description, max_session, trust, created, tags";

/// A role.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Role {
    pub(super) name: String,
    /// `AROA…`, another one whenever a role of that name is made.
    pub(super) id: String,
    pub(super) path: String,
    pub(super) description: Option<String>,
    pub(super) max_session: i64,
    /// The trust policy, as it was given.
    pub(super) trust: String,
    pub(super) created: Millis,
    pub(super) tags: Vec<Tag>,
}

impl Role {
    pub(super) fn key(&self) -> String {
        key(&self.name)
    }

    pub(super) fn arn(&self) -> String {
        format!("arn:aws:iam::{ACCOUNT}:role{}{}", self.path, self.name)
    }

    /// The role of that name, if there is one.
    pub(super) fn find(db: &Connection, name: &str) -> Result<Option<Self>, StoreError> {
        db.prepare_cached(&format!("SELECT {COLUMNS} FROM iam_role WHERE key = ?1"))?
            .query_row([key(name)], |row| Ok(Self::read(row)))
            .optional()?
            .transpose()
    }

    /// The role of that name, or the error that AWS gives.
    pub(super) fn get(db: &Connection, name: &str) -> Result<Self, ApiError> {
        Self::find(db, name)?.ok_or_else(|| no_such_role(name))
    }

    /// All roles, by name.
    pub(super) fn all(db: &Connection) -> Result<Vec<Self>, StoreError> {
        let mut statement = db.prepare_cached(&format!("SELECT {COLUMNS} FROM iam_role ORDER BY key"))?;
        let rows = statement.query_map([], |row| Ok(Self::read(row)))?;
        rows.map(|role| role?).collect()
    }

    pub(super) fn insert(&self, db: &Connection) -> Result<(), StoreError> {
        db.execute(
            &format!("INSERT INTO iam_role (key, {COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)"),
            params![
                self.key(),
                self.name,
                self.id,
                self.path,
                self.description,
                self.max_session,
                self.trust,
                self.created.cast_signed(),
                serde_json::to_string(&self.tags)?,
            ],
        )?;
        Ok(())
    }

    /// Writes what can change of a role.
    pub(super) fn update(&self, db: &Connection) -> Result<(), StoreError> {
        db.execute(
            "UPDATE iam_role SET description = ?2, max_session = ?3, trust = ?4, tags = ?5 WHERE key = ?1",
            params![
                self.key(),
                self.description,
                self.max_session,
                self.trust,
                serde_json::to_string(&self.tags)?,
            ],
        )?;
        Ok(())
    }

    fn read(row: &Row<'_>) -> Result<Self, StoreError> {
        let tags: String = row.get(7)?;
        Ok(Self {
            name: row.get(0)?,
            id: row.get(1)?,
            path: row.get(2)?,
            description: row.get(3)?,
            max_session: row.get(4)?,
            trust: row.get(5)?,
            created: row.get::<_, i64>(6)?.cast_unsigned(),
            tags: serde_json::from_str(&tags)?,
        })
    }

    /// The trust policy, parsed; it was checked when it was stored.
    pub(super) fn trust_value(&self) -> Result<Value, StoreError> {
        Ok(serde_json::from_str(&self.trust)?)
    }
}

pub(super) fn key(name: &str) -> String {
    name.to_ascii_lowercase()
}

fn no_such_role(name: &str) -> ApiError {
    no_such_entity(format!("The role with name {name} cannot be found."))
}

pub(super) fn no_such_entity(message: String) -> ApiError {
    ApiError::with_status(404, "NoSuchEntity", message)
}

pub(super) fn limit_exceeded(message: String) -> ApiError {
    ApiError::with_status(409, "LimitExceeded", message)
}

/// White space does not count towards the
/// [size quotas](https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html).
pub(super) fn counted_size(document: &str) -> usize {
    document.chars().filter(|character| !character.is_whitespace()).count()
}
