//! Hashes by the names that Step Functions uses.

use std::fmt::Write as _;

use sha2::{Digest, Sha256, Sha384, Sha512};

/// The hash of some bytes in lower-case hex; none if there is no such algorithm.
pub(super) fn hex(algorithm: &str, bytes: &[u8]) -> Option<String> {
    let hash = match algorithm {
        "MD5" => md5::Md5::digest(bytes).to_vec(),
        "SHA-1" => sha1::Sha1::digest(bytes).to_vec(),
        "SHA-256" => Sha256::digest(bytes).to_vec(),
        "SHA-384" => Sha384::digest(bytes).to_vec(),
        "SHA-512" => Sha512::digest(bytes).to_vec(),
        _ => return None,
    };
    Some(hash.iter().fold(String::new(), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    }))
}
