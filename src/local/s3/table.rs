//! Buckets and objects as they are stored. What is in an object is a row of chunks, so that parts of an upload become an
//! object without being copied.

use rusqlite::{Connection, OptionalExtension, Row, params};
use serde_json::{Map, Value};

use super::checksum::Algorithm;
use crate::local::clock::Millis;
use crate::local::random;
use crate::local::store::StoreError;

pub(super) const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS s3_bucket (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL UNIQUE,
        region TEXT NOT NULL,
        created INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE IF NOT EXISTS s3_object (
        bucket INTEGER NOT NULL REFERENCES s3_bucket (id),
        key TEXT NOT NULL,
        content TEXT NOT NULL,
        size INTEGER NOT NULL,
        etag TEXT NOT NULL,
        modified INTEGER NOT NULL,
        checksum TEXT,
        headers TEXT NOT NULL,
        PRIMARY KEY (bucket, key)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS s3_chunk (
        content TEXT NOT NULL,
        number INTEGER NOT NULL,
        bytes BLOB NOT NULL,
        UNIQUE (content, number)
    ) STRICT;
    CREATE TABLE IF NOT EXISTS s3_upload (
        id TEXT PRIMARY KEY,
        bucket INTEGER NOT NULL REFERENCES s3_bucket (id),
        key TEXT NOT NULL,
        started INTEGER NOT NULL,
        headers TEXT NOT NULL
    ) STRICT;
    CREATE TABLE IF NOT EXISTS s3_part (
        upload TEXT NOT NULL REFERENCES s3_upload (id) ON DELETE CASCADE,
        number INTEGER NOT NULL,
        content TEXT NOT NULL,
        size INTEGER NOT NULL,
        etag TEXT NOT NULL,
        modified INTEGER NOT NULL,
        PRIMARY KEY (upload, number)
    ) STRICT;
";

/// A bucket.
#[derive(Clone, Debug)]
pub(super) struct Bucket {
    pub(super) id: i64,
    pub(super) name: String,
    pub(super) region: String,
    pub(super) created: Millis,
}

impl Bucket {
    pub(super) fn find(db: &Connection, name: &str) -> Result<Option<Self>, StoreError> {
        let found = db
            .prepare_cached("SELECT id, name, region, created FROM s3_bucket WHERE name = ?1")?
            .query_row([name], Self::read)
            .optional()?;
        Ok(found)
    }

    pub(super) fn all(db: &Connection) -> Result<Vec<Self>, StoreError> {
        let mut statement = db.prepare_cached("SELECT id, name, region, created FROM s3_bucket ORDER BY name")?;
        let rows = statement.query_map([], Self::read)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    pub(super) fn insert(db: &Connection, name: &str, region: &str, now: Millis) -> Result<(), StoreError> {
        db.execute(
            "INSERT INTO s3_bucket (name, region, created) VALUES (?1, ?2, ?3)",
            params![name, region, now.cast_signed()],
        )?;
        Ok(())
    }

    /// Deletes it with the uploads that were never completed.
    pub(super) fn delete(&self, db: &Connection) -> Result<(), StoreError> {
        db.execute(
            "DELETE FROM s3_chunk WHERE content IN (
                SELECT content FROM s3_part JOIN s3_upload ON s3_upload.id = upload WHERE bucket = ?1)",
            [self.id],
        )?;
        db.execute("DELETE FROM s3_upload WHERE bucket = ?1", [self.id])?;
        db.execute("DELETE FROM s3_bucket WHERE id = ?1", [self.id])?;
        Ok(())
    }

    pub(super) fn is_empty(&self, db: &Connection) -> Result<bool, StoreError> {
        let found: bool = db.query_row(
            "SELECT EXISTS (SELECT 1 FROM s3_object WHERE bucket = ?1)",
            [self.id],
            |row| row.get(0),
        )?;
        Ok(!found)
    }

    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            id: row.get(0)?,
            name: row.get(1)?,
            region: row.get(2)?,
            created: row.get::<_, i64>(3)?.cast_unsigned(),
        })
    }
}

/// All about an object but what is in it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Object {
    pub(super) key: String,
    /// Names its chunks.
    pub(super) content: String,
    pub(super) size: u64,
    /// Without quotation marks.
    pub(super) etag: String,
    pub(super) modified: Millis,
    /// Algorithm and checksum in base64; none if it was made of parts.
    pub(super) checksum: Option<(Algorithm, String)>,
    /// What comes back as it was given: `content-type`, `x-amz-meta-…` and the like.
    pub(super) headers: Map<String, Value>,
}

const COLUMNS: &str = "key, content, size, etag, modified, checksum, headers";

impl Object {
    pub(super) fn find(db: &Connection, bucket: &Bucket, key: &str) -> Result<Option<Self>, StoreError> {
        db.prepare_cached(&format!(
            "SELECT {COLUMNS} FROM s3_object WHERE bucket = ?1 AND key = ?2"
        ))?
        .query_row(params![bucket.id, key], |row| Ok(Self::read(row)))
        .optional()?
        .transpose()
    }

    /// Puts it in the place of what had the key.
    pub(super) fn put(&self, db: &Connection, bucket: &Bucket) -> Result<(), StoreError> {
        Self::delete(db, bucket, &self.key)?;
        let checksum = self
            .checksum
            .as_ref()
            .map(|(algorithm, sum)| format!("{}:{sum}", algorithm.name()));
        db.prepare_cached(
            "INSERT INTO s3_object (bucket, key, content, size, etag, modified, checksum, headers)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )?
        .execute(params![
            bucket.id,
            self.key,
            self.content,
            self.size.cast_signed(),
            self.etag,
            self.modified.cast_signed(),
            checksum,
            serde_json::to_string(&self.headers)?
        ])?;
        Ok(())
    }

    /// Whether there was one.
    pub(super) fn delete(db: &Connection, bucket: &Bucket, key: &str) -> Result<bool, StoreError> {
        let content: Option<String> = db
            .prepare_cached("DELETE FROM s3_object WHERE bucket = ?1 AND key = ?2 RETURNING content")?
            .query_row(params![bucket.id, key], |row| row.get(0))
            .optional()?;
        if let Some(content) = &content {
            delete_content(db, content)?;
        }
        Ok(content.is_some())
    }

    /// Those with a prefix whose keys come after another one (or are it, if `inclusive`), in order, as long as `take` wants
    /// more of them.
    pub(super) fn walk(
        db: &Connection,
        bucket: &Bucket,
        prefix: &str,
        after: &str,
        mut take: impl FnMut(Self) -> bool,
    ) -> Result<(), StoreError> {
        let mut statement = db.prepare_cached(&format!(
            "SELECT {COLUMNS} FROM s3_object WHERE bucket = ?1 AND key > ?2 AND key >= ?3 ORDER BY key"
        ))?;
        let mut rows = statement.query(params![bucket.id, after, prefix])?;
        while let Some(row) = rows.next()? {
            let object = Self::read(row)?;
            if !object.key.starts_with(prefix) || !take(object) {
                break;
            }
        }
        Ok(())
    }

    fn read(row: &Row<'_>) -> Result<Self, StoreError> {
        let checksum: Option<String> = row.get(5)?;
        let headers: String = row.get(6)?;
        Ok(Self {
            key: row.get(0)?,
            content: row.get(1)?,
            size: row.get::<_, i64>(2)?.cast_unsigned(),
            etag: row.get(3)?,
            modified: row.get::<_, i64>(4)?.cast_unsigned(),
            checksum: checksum.and_then(|checksum| {
                let (algorithm, sum) = checksum.split_once(':')?;
                Some((Algorithm::of(algorithm)?, sum.to_owned()))
            }),
            headers: serde_json::from_str(&headers)?,
        })
    }
}

/// Bytes of a chunk: small enough that a part of a large object can be read without the rest.
const CHUNK: usize = 4 << 20;

/// Stores bytes, and gives what names them.
pub(super) fn put_content(db: &Connection, bytes: &[u8]) -> Result<String, StoreError> {
    let content = random::uuid();
    let mut statement = db.prepare_cached("INSERT INTO s3_chunk (content, number, bytes) VALUES (?1, ?2, ?3)")?;
    for (chunk, number) in bytes.chunks(CHUNK).zip(0_i64..) {
        statement.execute(params![content, number, chunk])?;
    }
    Ok(content)
}

/// The bytes from `start` on, `length` of them or as many as there are.
pub(super) fn content(db: &Connection, content: &str, start: u64, length: u64) -> Result<Vec<u8>, StoreError> {
    let mut lengths =
        db.prepare_cached("SELECT rowid, length(bytes) FROM s3_chunk WHERE content = ?1 ORDER BY number")?;
    let mut wanted = db.prepare_cached("SELECT substr(bytes, ?2, ?3) FROM s3_chunk WHERE rowid = ?1")?;
    let mut out = Vec::new();
    let (mut skip, mut left) = (start, length);
    let mut rows = lengths.query([content])?;
    while let Some(row) = rows.next()? {
        let (chunk, size) = (row.get::<_, i64>(0)?, row.get::<_, i64>(1)?.cast_unsigned());
        if left == 0 {
            break;
        }
        if skip >= size {
            skip -= size;
            continue;
        }
        let take = left.min(size - skip);
        // SQLite counts from 1.
        let bounds = params![chunk, skip.cast_signed() + 1, take.cast_signed()];
        out.extend(wanted.query_row(bounds, |row| row.get::<_, Vec<u8>>(0))?);
        left -= take;
        skip = 0;
    }
    Ok(out)
}

/// The bytes of several contents become those of one, in that order.
pub(super) fn join_contents(db: &Connection, contents: &[String]) -> Result<String, StoreError> {
    let joined = random::uuid();
    let mut statement =
        db.prepare_cached("UPDATE s3_chunk SET content = ?1, number = number + ?3 WHERE content = ?2")?;
    let mut before: i64 = 0;
    for content in contents {
        let moved = statement.execute(params![joined, content, before])?;
        before += i64::try_from(moved).unwrap_or_default();
    }
    Ok(joined)
}

/// Gives a copy of bytes a name.
pub(super) fn copy_content(db: &Connection, content: &str) -> Result<String, StoreError> {
    let copy = random::uuid();
    db.execute(
        "INSERT INTO s3_chunk (content, number, bytes) SELECT ?1, number, bytes FROM s3_chunk WHERE content = ?2",
        [copy.as_str(), content],
    )?;
    Ok(copy)
}

pub(super) fn delete_content(db: &Connection, content: &str) -> Result<(), StoreError> {
    db.prepare_cached("DELETE FROM s3_chunk WHERE content = ?1")?
        .execute([content])?;
    Ok(())
}
