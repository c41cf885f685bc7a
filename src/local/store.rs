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
    /// What is stored cannot be read back.
    #[error("the store holds a damaged record")]
    Damaged(#[from] serde_json::Error),
}

/// The store, open. Cheap to clone.
#[derive(Clone)]
pub struct Store(Arc<Mutex<Connection>>);

impl Store {
    /// Opens or makes the store in a file.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        Connection::open(path)
            .and_then(Self::prepare)
            .map_err(|source| StoreError::Open {
                path: path.to_owned(),
                source,
            })
    }

    /// A store in memory, gone when dropped.
    pub fn in_memory() -> Result<Self, StoreError> {
        Ok(Self::prepare(Connection::open_in_memory()?)?)
    }

    fn prepare(connection: Connection) -> rusqlite::Result<Self> {
        connection.pragma_update(None, "journal_mode", "WAL")?;
        // A commit is in the operating system's hands when it returns: enough against the death of this process.
        connection.pragma_update(None, "synchronous", "NORMAL")?;
        connection.pragma_update(None, "foreign_keys", "ON")?;
        connection.set_prepared_statement_cache_capacity(128);
        Ok(Self(Arc::new(Mutex::new(connection))))
    }

    /// Makes a service's tables: statements of the form `CREATE TABLE IF NOT EXISTS …`.
    pub fn ensure_schema(&self, sql: &str) -> Result<(), StoreError> {
        Ok(self.connection().execute_batch(sql)?)
    }

    /// Runs a transaction: committed if `work` gives `Ok`, rolled back if it gives `Err`.
    pub fn write<T, E: From<StoreError>>(&self, work: impl FnOnce(&Transaction<'_>) -> Result<T, E>) -> Result<T, E> {
        let mut connection = self.connection();
        let transaction = connection.transaction().map_err(StoreError::from)?;
        let result = work(&transaction)?;
        transaction.commit().map_err(StoreError::from)?;
        Ok(result)
    }

    /// Reads; nothing may be changed.
    pub fn read<T, E: From<StoreError>>(&self, work: impl FnOnce(&Connection) -> Result<T, E>) -> Result<T, E> {
        work(&self.connection())
    }

    fn connection(&self) -> MutexGuard<'_, Connection> {
        // A panic while the lock was held rolled its transaction back; the connection itself is sound.
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}
