//! Who has the folder: an exclusive lock that the system takes back when its process dies, however it dies.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::local::OpenError;

/// The files of the folder that are known here.
pub(super) const LOCK: &str = "lock";
pub(super) const ENDPOINT: &str = "endpoint";
const STORE: &str = "local.db";

/// Whether there is a local cloud in a folder.
pub fn is_there(folder: &Path) -> bool {
    folder.join(STORE).is_file()
}
const IGNORE: &str = ".gitignore";

/// What the owner writes into the file that it has locked.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq)]
pub(super) struct OwnerNote {
    /// Its process.
    pub(super) pid: u32,
    /// The id of this opening.
    pub(super) instance: String,
}

/// The lock, held until dropped.
pub(super) struct Lock {
    file: File,
}

impl Lock {
    /// Takes the lock of a folder; none if another one holds it.
    pub(super) fn take(folder: &Path) -> Result<Option<Self>, OpenError> {
        let path = folder.join(LOCK);
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(io_error(&path))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Self { file })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(io_error(&path)(error)),
        }
    }

    /// Says who holds it.
    pub(super) fn sign(&mut self, note: &OwnerNote) -> std::io::Result<()> {
        self.file.set_len(0)?;
        self.file.rewind()?;
        self.file.write_all(serde_json::to_string(note)?.as_bytes())
    }
}

/// Who holds the lock, as far as it has said so: a note that is just being written is none.
pub(super) fn owner(folder: &Path) -> Option<OwnerNote> {
    let mut text = String::new();
    File::open(folder.join(LOCK)).ok()?.read_to_string(&mut text).ok()?;
    serde_json::from_str(&text).ok()
}

/// Makes the folder, or finds that it is one of the local cloud.
pub(super) fn prepare_folder(folder: &Path) -> Result<(), OpenError> {
    // Environments of functions are in here: nobody else's business.
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .map_err(io_error(folder))?;
    if !is_ours(folder)? {
        return Err(OpenError::Foreign(folder.to_owned()));
    }
    // What is in here belongs into no repository.
    let ignore = folder.join(IGNORE);
    if !ignore.exists() {
        std::fs::write(&ignore, "*\n").map_err(io_error(&ignore))?;
    }
    Ok(())
}

/// Is it empty, or does it have a lock or a store of the local cloud? Only such a folder may later be emptied.
fn is_ours(folder: &Path) -> Result<bool, OpenError> {
    if folder.join(LOCK).exists() || folder.join(STORE).exists() {
        return Ok(true);
    }
    let entries = std::fs::read_dir(folder).map_err(io_error(folder))?;
    Ok(entries.flatten().all(|entry| entry.file_name() == IGNORE))
}

/// The folder could not be emptied.
#[derive(Debug, thiserror::Error)]
pub enum ResetError {
    /// Another process uses it.
    #[error("the local cloud in {folder} is in use{}: end that process first", by(.pid))]
    InUse {
        /// Its folder.
        folder: PathBuf,
        /// The process, if it has said so.
        pid: Option<u32>,
    },
    /// It is not a folder of the local cloud, or cannot be used.
    #[error(transparent)]
    Folder(#[from] OpenError),
}

fn by(pid: &Option<u32>) -> String {
    pid.map_or_else(String::new, |pid| format!(" by process {pid}"))
}

/// Removes everything that the local cloud keeps in a folder, if no process uses it. Says whether there was anything.
pub fn reset(folder: &Path) -> Result<bool, ResetError> {
    if !folder.exists() {
        return Ok(false);
    }
    if !is_ours(folder)? {
        return Err(OpenError::Foreign(folder.to_owned()).into());
    }
    let Some(_lock) = Lock::take(folder)? else {
        return Err(ResetError::InUse {
            folder: folder.to_owned(),
            pid: owner(folder).map(|note| note.pid),
        });
    };
    let had_store = folder.join(STORE).exists();
    for entry in std::fs::read_dir(folder).map_err(io_error(folder))?.flatten() {
        let path = entry.path();
        // The lock's own file stays: who opens it meanwhile must not hold the lock of a file that is gone.
        if entry.file_name() == LOCK {
            continue;
        }
        let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
        let removed = if is_folder {
            std::fs::remove_dir_all(&path)
        } else {
            std::fs::remove_file(&path)
        };
        removed.map_err(io_error(&path))?;
    }
    Ok(had_store)
}

/// For `map_err`.
pub(super) fn io_error(path: &Path) -> impl FnOnce(std::io::Error) -> OpenError {
    let path = path.to_owned();
    move |source| OpenError::Io { path, source }
}
