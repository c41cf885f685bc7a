//! Topics and subscriptions as they are stored.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::error::{invalid, no_such_topic};
use crate::local::api::{ACCOUNT, ApiError};
use crate::local::store::StoreError;

/// Times are in milliseconds. `sns_delivery` holds what is to be sent to functions and over HTTP; queues get their messages in
/// the transaction of the publish.
pub(super) const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS sns_topic (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        arn TEXT NOT NULL UNIQUE,
        attributes TEXT NOT NULL,
        tags TEXT NOT NULL,
        sequence INTEGER NOT NULL DEFAULT 0
    ) STRICT;
    CREATE TABLE IF NOT EXISTS sns_subscription (
        arn TEXT PRIMARY KEY,
        topic INTEGER NOT NULL REFERENCES sns_topic (id) ON DELETE CASCADE,
        protocol TEXT NOT NULL,
        endpoint TEXT NOT NULL,
        attributes TEXT NOT NULL,
        token TEXT NOT NULL,
        confirmed INTEGER NOT NULL,
        UNIQUE (topic, protocol, endpoint)
    ) STRICT;
    CREATE TABLE IF NOT EXISTS sns_delivery (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        parcel TEXT NOT NULL,
        attempts INTEGER NOT NULL,
        due INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE IF NOT EXISTS sns_deduplication (
        topic INTEGER NOT NULL REFERENCES sns_topic (id) ON DELETE CASCADE,
        scope TEXT NOT NULL,
        id TEXT NOT NULL,
        message_id TEXT NOT NULL,
        sequence INTEGER NOT NULL,
        expires INTEGER NOT NULL,
        PRIMARY KEY (topic, scope, id)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS sns_deduplication_expires ON sns_deduplication (expires);
";

/// A topic.
#[derive(Clone, Debug)]
pub(super) struct Topic {
    pub(super) id: i64,
    pub(super) arn: String,
    /// What was set; the others have their defaults.
    pub(super) attributes: BTreeMap<String, String>,
    pub(super) tags: BTreeMap<String, String>,
}

impl Topic {
    pub(super) fn find(db: &Connection, arn: &str) -> Result<Option<Self>, StoreError> {
        db.prepare_cached("SELECT id, arn, attributes, tags FROM sns_topic WHERE arn = ?1")?
            .query_row([arn], |row| Ok(Self::read(row)))
            .optional()?
            .transpose()
    }

    /// The topic of an ARN, which must be one.
    pub(super) fn get(db: &Connection, arn: &str) -> Result<Self, ApiError> {
        check_arn("TopicArn", arn)?;
        Self::find(db, arn)?.ok_or_else(no_such_topic)
    }

    /// ARNs of the topics of a region after `after`, sorted.
    pub(super) fn list(db: &Connection, region: &str, after: &str, most: usize) -> Result<Vec<String>, StoreError> {
        let prefix = arn(region, "");
        let mut statement = db.prepare_cached(
            "SELECT arn FROM sns_topic WHERE arn > max(?1, ?2) AND substr(arn, 1, length(?1)) = ?1 ORDER BY arn LIMIT ?3",
        )?;
        let rows = statement.query_map(params![prefix, after, bound(most)], |row| row.get(0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    pub(super) fn insert(&self, db: &Connection) -> Result<(), StoreError> {
        db.execute(
            "INSERT INTO sns_topic (arn, attributes, tags) VALUES (?1, ?2, ?3)",
            params![
                self.arn,
                serde_json::to_string(&self.attributes)?,
                serde_json::to_string(&self.tags)?
            ],
        )?;
        Ok(())
    }

    pub(super) fn update(&self, db: &Connection) -> Result<(), StoreError> {
        db.execute(
            "UPDATE sns_topic SET attributes = ?2, tags = ?3 WHERE id = ?1",
            params![
                self.id,
                serde_json::to_string(&self.attributes)?,
                serde_json::to_string(&self.tags)?
            ],
        )?;
        Ok(())
    }

    pub(super) fn is_fifo(&self) -> bool {
        self.arn.ends_with(".fifo")
    }

    /// An attribute that was set.
    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.get(name).map(String::as_str)
    }

    fn read(row: &Row<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.get(0)?,
            arn: row.get(1)?,
            attributes: serde_json::from_str(&row.get::<_, String>(2)?)?,
            tags: serde_json::from_str(&row.get::<_, String>(3)?)?,
        })
    }
}

const COLUMNS: &str =
    "sns_subscription.arn, sns_topic.arn, protocol, endpoint, sns_subscription.attributes, token, confirmed";
const SUBSCRIPTIONS: &str = "sns_subscription JOIN sns_topic ON topic = sns_topic.id";

/// A subscription.
#[derive(Clone, Debug)]
pub(super) struct Subscription {
    pub(super) arn: String,
    pub(super) topic_arn: String,
    pub(super) protocol: String,
    pub(super) endpoint: String,
    pub(super) attributes: BTreeMap<String, String>,
    /// What confirms it.
    pub(super) token: String,
    pub(super) is_confirmed: bool,
}

impl Subscription {
    pub(super) fn find(db: &Connection, arn: &str) -> Result<Option<Self>, StoreError> {
        db.prepare_cached(&format!(
            "SELECT {COLUMNS} FROM {SUBSCRIPTIONS} WHERE sns_subscription.arn = ?1"
        ))?
        .query_row([arn], |row| Ok(Self::read(row)))
        .optional()?
        .transpose()
    }

    /// The subscription of an endpoint to a topic.
    pub(super) fn of(
        db: &Connection,
        topic: &Topic,
        protocol: &str,
        endpoint: &str,
    ) -> Result<Option<Self>, StoreError> {
        db.prepare_cached(&format!(
            "SELECT {COLUMNS} FROM {SUBSCRIPTIONS} WHERE topic = ?1 AND protocol = ?2 AND endpoint = ?3"
        ))?
        .query_row(params![topic.id, protocol, endpoint], |row| Ok(Self::read(row)))
        .optional()?
        .transpose()
    }

    /// Those of a topic, by ARN.
    pub(super) fn of_topic(db: &Connection, topic: &Topic, after: &str, most: usize) -> Result<Vec<Self>, StoreError> {
        let query = format!(
            "SELECT {COLUMNS} FROM {SUBSCRIPTIONS} WHERE topic = ?1 AND sns_subscription.arn > ?2
             ORDER BY sns_subscription.arn LIMIT ?3"
        );
        let mut statement = db.prepare_cached(&query)?;
        let rows = statement.query_map(params![topic.id, after, bound(most)], |row| Ok(Self::read(row)))?;
        rows.map(|subscription| subscription?).collect()
    }

    /// Those of a region, by ARN.
    pub(super) fn of_region(db: &Connection, region: &str, after: &str, most: usize) -> Result<Vec<Self>, StoreError> {
        let query = format!(
            "SELECT {COLUMNS} FROM {SUBSCRIPTIONS} WHERE sns_subscription.arn > max(?1, ?2)
             AND substr(sns_subscription.arn, 1, length(?1)) = ?1 ORDER BY sns_subscription.arn LIMIT ?3"
        );
        let mut statement = db.prepare_cached(&query)?;
        let rows = statement.query_map(params![arn(region, ""), after, bound(most)], |row| Ok(Self::read(row)))?;
        rows.map(|subscription| subscription?).collect()
    }

    pub(super) fn insert(&self, db: &Connection, topic: &Topic) -> Result<(), StoreError> {
        db.execute(
            "INSERT INTO sns_subscription (arn, topic, protocol, endpoint, attributes, token, confirmed)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            params![
                self.arn,
                topic.id,
                self.protocol,
                self.endpoint,
                serde_json::to_string(&self.attributes)?,
                self.token,
                self.is_confirmed
            ],
        )?;
        Ok(())
    }

    pub(super) fn update(&self, db: &Connection) -> Result<(), StoreError> {
        db.execute(
            "UPDATE sns_subscription SET attributes = ?2, confirmed = ?3 WHERE arn = ?1",
            params![self.arn, serde_json::to_string(&self.attributes)?, self.is_confirmed],
        )?;
        Ok(())
    }

    pub(super) fn is_raw(&self) -> bool {
        self.attributes
            .get("RawMessageDelivery")
            .is_some_and(|value| value == "true")
    }

    fn read(row: &Row<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            arn: row.get(0)?,
            topic_arn: row.get(1)?,
            protocol: row.get(2)?,
            endpoint: row.get(3)?,
            attributes: serde_json::from_str(&row.get::<_, String>(4)?)?,
            token: row.get(5)?,
            is_confirmed: row.get(6)?,
        })
    }
}

/// How many subscriptions of a topic are confirmed, and how many are not.
pub(super) fn count_subscriptions(db: &Connection, topic: &Topic) -> Result<(i64, i64), StoreError> {
    Ok(db
        .prepare_cached("SELECT count(*) FILTER (WHERE confirmed), count(*) FILTER (WHERE NOT confirmed) FROM sns_subscription WHERE topic = ?1")?
        .query_row([topic.id], |row| Ok((row.get(0)?, row.get(1)?)))?)
}

/// The ARN of a topic.
pub(super) fn arn(region: &str, name: &str) -> String {
    format!("arn:aws:sns:{region}:{ACCOUNT}:{name}")
}

pub(super) fn check_arn(parameter: &str, arn: &str) -> Result<(), ApiError> {
    let elements = arn.split(':').count();
    if elements < 6 {
        return Err(invalid(format!(
            "{parameter} Reason: An ARN must have at least 6 elements, not {elements}"
        )));
    }
    Ok(())
}

fn bound(most: usize) -> i64 {
    i64::try_from(most).unwrap_or(i64::MAX)
}
