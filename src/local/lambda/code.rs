//! Deployment packages: what makes a zip acceptable, and unpacking it where the function runs.

use std::fs;
use std::io::{self, Cursor, Read};
use std::path::{Component, Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use zip::ZipArchive;

use super::members::Members;
use super::{Surroundings, invalid_parameter, user_error};
use crate::local::api::ApiError;

/// Of the zip, when it comes in a request: <https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>
const ZIPPED_LIMIT: usize = 52_428_800;
const UNZIPPED_LIMIT: u64 = 262_144_000;

/// The zip of a request's `ZipFile`, or of the object it names, checked.
pub(super) fn from_request(code: Members<'_>, surroundings: &dyn Surroundings) -> Result<Vec<u8>, ApiError> {
    for member in ["ImageUri", "SourceKMSKeyArn", "S3ObjectVersion"] {
        if code.value(member).is_some() {
            return Err(ApiError::not_implemented("lambda", &format!("code by {member}")));
        }
    }
    let zip = match (code.text("S3Bucket")?, code.text("S3Key")?) {
        (None, None) => in_request(code)?,
        _ if code.value("ZipFile").is_some() => {
            return Err(invalid_parameter(
                "Please do not provide other FunctionCode parameters when providing a ZipFile.",
            ));
        }
        (Some(bucket), Some(key)) => surroundings.object(bucket, key).map_err(no_object)?.to_vec(),
        _ => return Err(invalid_parameter("Please provide a source for function code.")),
    };
    check(&zip)?;
    Ok(zip)
}

fn no_object(refused: ApiError) -> ApiError {
    invalid_parameter(format!(
        "Error occurred while GetObject. S3 Error Code: {}. S3 Error Message: {}",
        refused.code, refused.message
    ))
}

fn in_request(code: Members<'_>) -> Result<Vec<u8>, ApiError> {
    let encoded = code
        .value("ZipFile")
        .and_then(Value::as_str)
        .ok_or_else(|| invalid_parameter("Please provide a source for function code."))?;
    let zip = STANDARD
        .decode(encoded)
        .map_err(|_| ApiError::new("SerializationException", "ZipFile is not base64"))?;
    if zip.len() > ZIPPED_LIMIT {
        return Err(user_error(
            413,
            "RequestEntityTooLargeException",
            format!("Zipped size must be smaller than {ZIPPED_LIMIT} bytes"),
        ));
    }
    Ok(zip)
}

/// SHA-256 in base64, as `CodeSha256`.
pub(super) fn sha256(zip: &[u8]) -> String {
    STANDARD.encode(Sha256::digest(zip))
}

fn check(zip: &[u8]) -> Result<(), ApiError> {
    if zip.is_empty() {
        return Err(invalid_parameter("Uploaded file must be a non-empty zip"));
    }
    let mut archive = ZipArchive::new(Cursor::new(zip)).map_err(|_| could_not_unzip())?;
    if archive.is_empty() {
        return Err(invalid_parameter("Uploaded file must be a non-empty zip"));
    }
    let mut size: u64 = 0;
    for index in 0..archive.len() {
        let entry = archive.by_index(index).map_err(|_| could_not_unzip())?;
        entry.enclosed_name().ok_or_else(could_not_unzip)?;
        size = size.saturating_add(entry.size());
    }
    if size > UNZIPPED_LIMIT {
        return Err(invalid_parameter(format!(
            "Unzipped size must be smaller than {UNZIPPED_LIMIT} bytes"
        )));
    }
    Ok(())
}

fn could_not_unzip() -> ApiError {
    invalid_parameter("Could not unzip uploaded file. Please check your file, then try to upload again.")
}

/// The name of the folder for code with that `CodeSha256`: hexadecimal, which every file system tells apart.
pub(super) fn folder_name(sha256: &str) -> String {
    use std::fmt::Write as _;
    let bytes = STANDARD.decode(sha256).unwrap_or_default();
    bytes.iter().take(16).fold(String::new(), |mut name, byte| {
        let _ = write!(name, "{byte:02x}");
        name
    })
}

/// Unpacks into `folder`, whole or not at all; `scratch` is a name for a folder beside it that nobody else uses.
pub(super) fn unpack(zip: &[u8], folder: &Path, scratch: &str) -> io::Result<()> {
    let beside = folder.with_file_name(scratch);
    let result = unpack_into(zip, &beside).and_then(|()| match fs::rename(&beside, folder) {
        // Somebody else was faster with the same code.
        Err(_) if folder.is_dir() => Ok(()),
        result => result,
    });
    if beside.exists() {
        let _ = fs::remove_dir_all(&beside);
    }
    result
}

fn unpack_into(zip: &[u8], folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let mut archive = ZipArchive::new(Cursor::new(zip))?;
    let mut left = UNZIPPED_LIMIT;
    let mut links = Vec::new();
    for index in 0..archive.len() {
        let mut entry = archive.by_index(index)?;
        let path = entry
            .enclosed_name()
            .ok_or_else(|| io::Error::other("an entry of the zip is outside of its folder"))?;
        if entry.is_dir() {
            fs::create_dir_all(folder.join(&path))?;
            continue;
        }
        if let Some(parent) = folder.join(&path).parent() {
            fs::create_dir_all(parent)?;
        }
        if entry.is_symlink() {
            let mut target = String::new();
            entry.by_ref().take(4096).read_to_string(&mut target)?;
            links.push((path, PathBuf::from(target)));
            continue;
        }
        let mode = entry.unix_mode().unwrap_or(0o644);
        // The declared size may lie.
        let written = io::copy(
            &mut entry.by_ref().take(left + 1),
            &mut fs::File::create(folder.join(&path))?,
        )?;
        left = left
            .checked_sub(written)
            .ok_or_else(|| io::Error::other("the unzipped code is too large"))?;
        set_mode(&folder.join(&path), mode)?;
    }
    // Last, so that no entry is written through a link.
    links.iter().try_for_each(|(path, target)| link(folder, path, target))
}

#[cfg(unix)]
fn set_mode(path: &Path, mode: u32) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    // The owner must be able to read and remove it.
    fs::set_permissions(path, fs::Permissions::from_mode((mode & 0o777) | 0o600))
}

fn link(folder: &Path, path: &Path, target: &Path) -> io::Result<()> {
    if !stays_inside(path, target) {
        return Err(io::Error::other(format!(
            "the link {} in the zip points outside",
            path.display()
        )));
    }
    std::os::unix::fs::symlink(target, folder.join(path))
}

fn stays_inside(path: &Path, target: &Path) -> bool {
    let mut depth = path.components().count().saturating_sub(1);
    target.components().all(|component| match component {
        Component::Normal(_) => {
            depth += 1;
            true
        }
        Component::ParentDir => match depth.checked_sub(1) {
            Some(less) => {
                depth = less;
                true
            }
            None => false,
        },
        Component::CurDir => true,
        Component::RootDir | Component::Prefix(_) => false,
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::io::Write as _;
    use std::os::unix::fs::PermissionsExt as _;

    use zip::ZipWriter;
    use zip::write::SimpleFileOptions;

    use super::*;

    enum Entry {
        File(&'static str, u32),
        Link(&'static str, &'static str),
    }

    fn zipped(entries: &[Entry]) -> Vec<u8> {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        for entry in entries {
            let options = SimpleFileOptions::default();
            match entry {
                Entry::File(name, mode) => {
                    writer.start_file(*name, options.unix_permissions(*mode)).unwrap();
                    writer.write_all(name.as_bytes()).unwrap();
                }
                Entry::Link(name, target) => writer.add_symlink(*name, *target, options).unwrap(),
            }
        }
        writer.finish().unwrap().into_inner()
    }

    #[test]
    fn files_keep_their_modes_and_links() {
        let folder = tempfile::tempdir().unwrap();
        let code = folder.path().join("code");
        let zip = zipped(&[
            Entry::File("bootstrap", 0o755),
            Entry::File("a/b/c.txt", 0o444),
            Entry::Link("a/link", "b/c.txt"),
            Entry::Link("a/b/up", "../../bootstrap"),
        ]);
        unpack(&zip, &code, "scratch").unwrap();
        let mode = |name| fs::metadata(code.join(name)).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode("bootstrap"), mode("a/b/c.txt")), (0o755, 0o644));
        assert_eq!(fs::read_to_string(code.join("a/link")).unwrap(), "a/b/c.txt");
        assert_eq!(fs::read_to_string(code.join("a/b/up")).unwrap(), "bootstrap");
        // Again: somebody else was faster.
        unpack(&zip, &code, "scratch").unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn nothing_is_written_outside_of_the_folder() {
        for (entries, problem) in [
            (
                vec![Entry::File("../out", 0o644)],
                "an entry of the zip is outside of its folder",
            ),
            (
                vec![Entry::Link("link", "/etc")],
                "the link link in the zip points outside",
            ),
            (
                vec![Entry::Link("a/link", "../../x")],
                "the link a/link in the zip points outside",
            ),
            (
                vec![Entry::Link("a", "../out"), Entry::File("a/file", 0o644)],
                "the link a in the zip points outside",
            ),
        ] {
            let folder = tempfile::tempdir().unwrap();
            let error = unpack(&zipped(&entries), &folder.path().join("code"), "scratch").unwrap_err();
            assert_eq!(error.to_string(), problem);
            assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "{problem}");
        }
    }
}
