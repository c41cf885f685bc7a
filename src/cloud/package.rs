//! Packing a function's code: the same content gives the same bytes on every machine, so that Lambda's `CodeSha256` tells
//! whether the code has changed.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Cursor, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipArchive, ZipWriter};

use crate::plan::Package;

/// Lambda's limit of a zip that is sent directly, in bytes:
/// [Lambda quotas](https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html).
const ZIPPED_MAX: u64 = 50 * 1024 * 1024;

/// The same, unpacked, with layers.
const UNZIPPED_MAX: u64 = 250 * 1024 * 1024;

/// A folder deeper than this is taken for one without end.
const DEEPEST: usize = 64;

/// The code of a function cannot be packed.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "the messages say it")]
pub enum PackageError {
    #[error("cannot read the code {path}")]
    Read {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error("the code {path} is neither a file nor a folder")]
    Special { path: PathBuf },
    #[error("the zip {path} holds a file that would be unpacked elsewhere: {name}")]
    Escapes { path: PathBuf, name: String },
    #[error("the code folder {path} holds no files")]
    Empty { path: PathBuf },
    #[error("the link {path} leads out of the code folder, to {target}")]
    Outside { path: PathBuf, target: PathBuf },
    #[error("the code folder {path} is nested too deeply")]
    TooDeep { path: PathBuf },
    #[error("the name of {path} is not UTF-8")]
    Name { path: PathBuf },
    #[error("{path} is not a zip file")]
    NotAZip {
        path: PathBuf,
        #[source]
        source: zip::result::ZipError,
    },
    #[error("cannot pack {path}")]
    Zip {
        path: PathBuf,
        #[source]
        source: zip::result::ZipError,
    },
    #[error("the code {path} is too large: {what} {size} bytes, Lambda takes {limit}")]
    TooLarge {
        path: PathBuf,
        what: &'static str,
        size: u64,
        limit: u64,
    },
}

/// Packs a folder, a single file, or takes a .zip as it is.
pub fn package(path: &Path) -> Result<Package, PackageError> {
    let metadata = fs::metadata(path).map_err(|source| unreadable(path, source))?;
    if !metadata.is_file() && !metadata.is_dir() {
        return Err(PackageError::Special { path: path.to_owned() });
    }
    let is_zip = path
        .extension()
        .is_some_and(|extension| extension.eq_ignore_ascii_case("zip"));
    let bytes = if metadata.is_file() && is_zip {
        too_large(path, "the zip has", metadata.len(), ZIPPED_MAX)?;
        let bytes = fs::read(path).map_err(|source| unreadable(path, source))?;
        check_zip(path, &bytes)?;
        bytes
    } else {
        zipped(path, &files(path, metadata.is_dir())?)?
    };
    too_large(path, "the zip has", bytes.len() as u64, ZIPPED_MAX)?;
    Ok(Package {
        sha256: STANDARD.encode(Sha256::digest(&bytes)),
        bytes: Arc::new(bytes),
    })
}

/// Files by their name in the zip.
type Files = BTreeMap<String, PathBuf>;

fn files(path: &Path, is_folder: bool) -> Result<Files, PackageError> {
    let mut files = Files::new();
    if is_folder {
        let root = path.canonicalize().map_err(|source| unreadable(path, source))?;
        collect(&root, path, "", 0, &mut files)?;
    } else {
        let name = path.file_name().and_then(|name| name.to_str());
        let name = name.ok_or_else(|| PackageError::Name { path: path.to_owned() })?;
        files.insert(name.to_owned(), path.to_owned());
    }
    if files.is_empty() {
        return Err(PackageError::Empty { path: path.to_owned() });
    }
    Ok(files)
}

fn collect(root: &Path, folder: &Path, prefix: &str, depth: usize, files: &mut Files) -> Result<(), PackageError> {
    if depth > DEEPEST {
        return Err(PackageError::TooDeep {
            path: folder.to_owned(),
        });
    }
    for entry in fs::read_dir(folder).map_err(|source| unreadable(folder, source))? {
        let path = entry.map_err(|source| unreadable(folder, source))?.path();
        let name = path.file_name().and_then(|name| name.to_str());
        let name = name.ok_or_else(|| PackageError::Name { path: path.clone() })?;
        if ignored(prefix, name) {
            continue;
        }
        let inside = format!("{prefix}{name}");
        if path.is_symlink() {
            check_link(root, &path)?;
        }
        let metadata = fs::metadata(&path).map_err(|source| unreadable(&path, source))?;
        if metadata.is_dir() {
            collect(root, &path, &format!("{inside}/"), depth + 1, files)?;
        } else if metadata.is_file() {
            files.insert(inside, path);
        } else {
            return Err(PackageError::Special { path });
        }
    }
    Ok(())
}

/// What tools leave behind and no function needs.
fn ignored(prefix: &str, name: &str) -> bool {
    matches!(name, ".git" | ".DS_Store" | "__pycache__") || (name == ".cache" && prefix.ends_with("node_modules/"))
}

/// A link may lead to anything inside, but not out, nor to a folder that holds it.
fn check_link(root: &Path, path: &Path) -> Result<(), PackageError> {
    let target = path.canonicalize().map_err(|source| unreadable(path, source))?;
    if !target.starts_with(root) {
        return Err(PackageError::Outside {
            path: path.to_owned(),
            target,
        });
    }
    let folder = path.parent().and_then(|folder| folder.canonicalize().ok());
    if folder.is_some_and(|folder| folder.starts_with(&target)) {
        return Err(PackageError::TooDeep { path: path.to_owned() });
    }
    Ok(())
}

fn zipped(path: &Path, files: &Files) -> Result<Vec<u8>, PackageError> {
    let failed = |source| PackageError::Zip {
        path: path.to_owned(),
        source,
    };
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let mut unzipped = 0;
    for (name, file) in files {
        let mut opened = fs::File::open(file).map_err(|source| unreadable(file, source))?;
        let metadata = opened.metadata().map_err(|source| unreadable(file, source))?;
        unzipped += metadata.len();
        too_large(path, "unpacked it has", unzipped, UNZIPPED_MAX)?;
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .compression_level(Some(6))
            .last_modified_time(DateTime::default())
            .unix_permissions(if is_executable(&metadata) { 0o755 } else { 0o644 });
        let mut content = Vec::new();
        opened
            .read_to_end(&mut content)
            .map_err(|source| unreadable(file, source))?;
        zip.start_file(name.as_str(), options).map_err(failed)?;
        zip.write_all(&content).map_err(|source| failed(source.into()))?;
    }
    zip.finish().map(Cursor::into_inner).map_err(failed)
}

fn check_zip(path: &Path, bytes: &[u8]) -> Result<(), PackageError> {
    let broken = |source| PackageError::NotAZip {
        path: path.to_owned(),
        source,
    };
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(broken)?;
    let mut unzipped = 0_u64;
    for index in 0..archive.len() {
        let entry = archive.by_index_raw(index).map_err(broken)?;
        if entry.enclosed_name().is_none() {
            return Err(PackageError::Escapes {
                path: path.to_owned(),
                name: entry.name().map_err(broken)?.escape_debug().to_string(),
            });
        }
        unzipped = unzipped.saturating_add(entry.size());
    }
    too_large(path, "unpacked it has", unzipped, UNZIPPED_MAX)
}

fn too_large(path: &Path, what: &'static str, size: u64, limit: u64) -> Result<(), PackageError> {
    if size <= limit {
        return Ok(());
    }
    Err(PackageError::TooLarge {
        path: path.to_owned(),
        what,
        size,
        limit,
    })
}

fn unreadable(path: &Path, source: std::io::Error) -> PackageError {
    PackageError::Read {
        path: path.to_owned(),
        source,
    }
}

#[cfg(unix)]
fn is_executable(metadata: &fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt;
    metadata.permissions().mode() & 0o111 != 0
}

/// Where files have no such bit, a custom runtime's `bootstrap` has to be packed elsewhere.
#[cfg(not(unix))]
fn is_executable(_: &fs::Metadata) -> bool {
    false
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, content) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }
        folder
    }

    fn listing(package: &Package) -> Vec<(String, u32, String)> {
        let mut archive = ZipArchive::new(Cursor::new(package.bytes.as_slice())).unwrap();
        (0..archive.len())
            .map(|index| {
                let mut file = archive.by_index(index).unwrap();
                assert_eq!(file.last_modified().unwrap().to_string(), "1980-01-01 00:00:00");
                let mut content = String::new();
                file.read_to_string(&mut content).unwrap();
                (
                    file.name().unwrap().into_owned(),
                    file.unix_mode().unwrap() & 0o777,
                    content,
                )
            })
            .collect()
    }

    #[test]
    fn the_same_content_gives_the_same_bytes() {
        let files = [
            ("index.js", "exports.handler = 1"),
            ("lib/a.js", "a"),
            ("lib/b.js", "b"),
        ];
        let (one, other) = (folder(&files), folder(&files.iter().rev().copied().collect::<Vec<_>>()));
        let (one, other) = (package(one.path()).unwrap(), package(other.path()).unwrap());
        assert_eq!(one, other);
        let names: Vec<String> = listing(&one).into_iter().map(|(name, ..)| name).collect();
        assert_eq!(names, ["index.js", "lib/a.js", "lib/b.js"]);
        // Pinned: another version of the compressor must not redeploy everything unnoticed.
        let pinned = folder(&[(
            "index.js",
            "exports.handler = (event, context, callback) => callback(null, event);\n",
        )]);
        assert_eq!(
            package(pinned.path()).unwrap().sha256,
            "wJma3JuRtCDAB/OhTKXT5d9GClA5o5R977j0SebhMvw="
        );
    }

    #[test]
    fn leftovers_of_tools_are_not_packed() {
        let folder = folder(&[
            ("index.py", "x"),
            (".git/HEAD", "x"),
            ("a/.DS_Store", "x"),
            ("__pycache__/index.pyc", "x"),
            ("node_modules/.cache/x", "x"),
            ("node_modules/m/index.js", "x"),
            (".cache/kept", "x"),
        ]);
        let names: Vec<String> = listing(&package(folder.path()).unwrap())
            .into_iter()
            .map(|(name, ..)| name)
            .collect();
        assert_eq!(names, [".cache/kept", "index.py", "node_modules/m/index.js"]);
    }

    #[test]
    fn a_single_file_and_a_zip() {
        let folder = folder(&[("index.js", "1"), ("other.js", "2")]);
        let single = package(&folder.path().join("index.js")).unwrap();
        assert_eq!(listing(&single), [("index.js".to_owned(), 0o644, "1".to_owned())]);
        let zip = folder.path().join("code.zip");
        fs::write(&zip, single.bytes.as_slice()).unwrap();
        assert_eq!(package(&zip).unwrap(), single);
        fs::write(&zip, "no zip").unwrap();
        assert!(matches!(package(&zip), Err(PackageError::NotAZip { .. })));
    }

    #[test]
    fn what_cannot_be_packed_is_named() {
        let empty = folder(&[]);
        assert!(matches!(package(empty.path()), Err(PackageError::Empty { .. })));
        let error = package(&empty.path().join("nothing")).unwrap_err();
        assert!(
            matches!(&error, PackageError::Read { path, .. } if path.ends_with("nothing")),
            "{error}"
        );
        let large = empty.path().join("large.zip");
        fs::File::create(&large).unwrap().set_len(ZIPPED_MAX + 1).unwrap();
        assert!(matches!(package(&large), Err(PackageError::TooLarge { .. })));
    }

    #[cfg(unix)]
    #[test]
    fn executables_and_links() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let code = folder(&[("bootstrap", "#!"), ("real.js", "r")]);
        let at = |name: &str| code.path().join(name);
        fs::set_permissions(at("bootstrap"), fs::Permissions::from_mode(0o700)).unwrap();
        symlink(at("real.js"), at("link.js")).unwrap();
        let expected = [
            ("bootstrap", 0o755, "#!"),
            ("link.js", 0o644, "r"),
            ("real.js", 0o644, "r"),
        ];
        let expected = expected.map(|(name, mode, content)| (name.to_owned(), mode, content.to_owned()));
        assert_eq!(listing(&package(code.path()).unwrap()), expected);

        let elsewhere = folder(&[("secret", "s")]);
        symlink(elsewhere.path().join("secret"), at("leak")).unwrap();
        assert!(matches!(package(code.path()), Err(PackageError::Outside { .. })));
        fs::remove_file(at("leak")).unwrap();
        symlink(code.path(), at("loop")).unwrap();
        assert!(matches!(package(code.path()), Err(PackageError::TooDeep { .. })));
    }
}
