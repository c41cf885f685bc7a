//! The durable store: one SQLite file in WAL mode, one writer at a time. What a `write` returned `Ok` for survives `kill -9`.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};

use rusqlite::{Connection, Transaction};

/// The store could not do it.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The folder or file could not be opened.
    #[error("cannot open the store {path}")]
    Open {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: rusqlite::Error,
    },
    /// SQLite refused a statement.
    #[error("the store refused a statement")]
    Sql(#[from] rusqlite::Error),
    /// A newer version of the program wrote it.
    #[error("the store has schema version {found}, newer than version {known} of this program: use the newer program")]
    Newer {
        /// What the store has.
        found: u32,
        /// What this program knows.
        known: u32,
    },
    /// An older version of the program wrote it, in tables that this one does not have any more.
    #[error(
        "the store has schema version {found}, but this program needs version {known}: reset the local cloud to make a new one"
    )]
    Older {
        /// What the store has.
        found: u32,
        /// What this program knows.
        known: u32,
    },
    /// It was closed, for another process to take over.
    #[error("the store is closed")]
    Closed,
    /// What is stored cannot be read back.
    #[error("the store holds a damaged record")]
    Damaged(#[from] serde_json::Error),
}

impl StoreError {
    /// Whether it may pass by itself, soon: another program is using the file.
    pub(crate) fn passes(&self) -> bool {
        use rusqlite::ErrorCode::{DatabaseBusy, DatabaseLocked};
        matches!(self, Self::Sql(error) if matches!(error.sqlite_error_code(), Some(DatabaseBusy | DatabaseLocked)))
    }
}

/// The store, open. Cheap to clone.
#[derive(Clone)]
pub struct Store(Arc<Mutex<Option<Connection>>>);

/// The version of the tables; to be raised when they change so that an older program could no longer use them, or this one
/// not those of an older one.
const SCHEMA_VERSION: u32 = 4;

impl Store {
    /// Opens or makes the store in a file.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let connection = Connection::open(path)
            .and_then(Self::prepare)
            .map_err(|source| StoreError::Open {
                path: path.to_owned(),
                source,
            })?;
        Self::of(connection)
    }

    /// A store in memory, gone when dropped.
    pub fn in_memory() -> Result<Self, StoreError> {
        Self::of(Self::prepare(Connection::open_in_memory()?)?)
    }

    fn prepare(connection: Connection) -> rusqlite::Result<Connection> {
        connection.pragma_update(None, "journal_mode", "WAL")?;
        // A commit is in the operating system's hands when it returns: enough against the death of this process.
        connection.pragma_update(None, "synchronous", "NORMAL")?;
        connection.pragma_update(None, "foreign_keys", "ON")?;
        connection.set_prepared_statement_cache_capacity(128);
        Ok(connection)
    }

    fn of(connection: Connection) -> Result<Self, StoreError> {
        connection
            .execute_batch("CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT")?;
        connection.execute(
            "INSERT INTO meta (key, value) VALUES ('schema', ?1) ON CONFLICT DO NOTHING",
            [SCHEMA_VERSION],
        )?;
        let found = connection.query_row("SELECT value FROM meta WHERE key = 'schema'", [], |row| row.get(0))?;
        let known = SCHEMA_VERSION;
        match found {
            _ if found > known => return Err(StoreError::Newer { found, known }),
            _ if found < known => return Err(StoreError::Older { found, known }),
            _ => {}
        }
        Ok(Self(Arc::new(Mutex::new(Some(connection)))))
    }

    /// Makes a service's tables: statements of the form `CREATE TABLE IF NOT EXISTS …`.
    pub fn ensure_schema(&self, sql: &str) -> Result<(), StoreError> {
        let guard = self.lock();
        let connection = guard.as_ref().ok_or(StoreError::Closed)?;
        Ok(connection.execute_batch(sql)?)
    }

    /// Runs a transaction: committed if `work` gives `Ok`, rolled back if it gives `Err`.
    pub fn write<T, E: From<StoreError>>(&self, work: impl FnOnce(&Transaction<'_>) -> Result<T, E>) -> Result<T, E> {
        let mut guard = self.lock();
        let connection = guard.as_mut().ok_or(StoreError::Closed)?;
        let transaction = connection.transaction().map_err(StoreError::from)?;
        let result = work(&transaction)?;
        transaction.commit().map_err(StoreError::from)?;
        Ok(result)
    }

    /// Reads; nothing may be changed.
    pub fn read<T, E: From<StoreError>>(&self, work: impl FnOnce(&Connection) -> Result<T, E>) -> Result<T, E> {
        let guard = self.lock();
        work(guard.as_ref().ok_or(StoreError::Closed)?)
    }

    /// Ends it for all clones, once a transaction under way is done: what comes later gets [`StoreError::Closed`].
    pub fn close(&self) {
        self.lock().take();
    }

    fn lock(&self) -> MutexGuard<'_, Option<Connection>> {
        // A panic while the lock was held rolled its transaction back; the connection itself is sound.
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn count(store: &Store) -> Result<u32, StoreError> {
        store.read(|db| Ok(db.query_row("SELECT count(*) FROM t", [], |row| row.get(0))?))
    }

    #[test]
    fn writes_commit_on_ok_and_roll_back_on_error() {
        let store = Store::in_memory().unwrap();
        store.ensure_schema("CREATE TABLE IF NOT EXISTS t (x)").unwrap();
        let insert = |db: &Transaction<'_>| db.execute("INSERT INTO t VALUES (1)", []).map_err(StoreError::from);
        store.write(insert).unwrap();
        store
            .write(|db| insert(db).and(Err::<(), _>(StoreError::Closed)))
            .unwrap_err();
        assert_eq!(count(&store).unwrap(), 1);
    }

    #[test]
    fn a_closed_store_refuses_every_clone() {
        let store = Store::in_memory().unwrap();
        store.clone().close();
        assert!(matches!(count(&store), Err(StoreError::Closed)));
    }

    #[test]
    fn what_another_program_wrote_is_refused() {
        let check = |version: u32, expected: &str| {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("local.db");
            let store = Store::open(&path).unwrap();
            store
                .write(|db| {
                    db.execute("UPDATE meta SET value = ?1", [version])
                        .map_err(StoreError::from)
                })
                .unwrap();
            store.close();
            assert_eq!(Store::open(&path).err().unwrap().to_string(), expected);
        };
        check(
            99,
            "the store has schema version 99, newer than version 4 of this program: use the newer program",
        );
        check(
            1,
            "the store has schema version 1, but this program needs version 4: reset the local cloud to make a new one",
        );
    }
}
