//! The checksums that S3 keeps with objects
//! ([checking object integrity](https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html)).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha1::Sha1;
use sha2::{Digest as _, Sha256};

/// An algorithm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Algorithm {
    Crc32,
    Crc32c,
    Crc64Nvme,
    Sha1,
    Sha256,
}

/// All of them, by their names in the API.
const ALL: &[(&str, Algorithm)] = &[
    ("CRC32", Algorithm::Crc32),
    ("CRC32C", Algorithm::Crc32c),
    ("CRC64NVME", Algorithm::Crc64Nvme),
    ("SHA1", Algorithm::Sha1),
    ("SHA256", Algorithm::Sha256),
];

impl Algorithm {
    /// The algorithm of that name, in whatever case: headers have small letters.
    pub(super) fn of(name: &str) -> Option<Self> {
        ALL.iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, algorithm)| *algorithm)
    }

    /// The name in the API.
    pub(super) fn name(self) -> &'static str {
        ALL.iter()
            .find(|(_, algorithm)| *algorithm == self)
            .map_or("", |(name, _)| name)
    }

    /// The header that holds a checksum of it.
    pub(super) fn header(self) -> String {
        format!("x-amz-checksum-{}", self.name().to_ascii_lowercase())
    }

    /// The checksum in base64.
    pub(super) fn of_bytes(self, bytes: &[u8]) -> String {
        match self {
            Self::Crc32 => STANDARD.encode(crc32(bytes, 0xedb8_8320).to_be_bytes()),
            Self::Crc32c => STANDARD.encode(crc32(bytes, 0x82f6_3b78).to_be_bytes()),
            Self::Crc64Nvme => STANDARD.encode(crc64(bytes).to_be_bytes()),
            Self::Sha1 => STANDARD.encode(Sha1::digest(bytes)),
            Self::Sha256 => STANDARD.encode(Sha256::digest(bytes)),
        }
    }

    /// Whether a text has the form of a checksum of it.
    pub(super) fn accepts(self, text: &str) -> bool {
        let length = match self {
            Self::Crc32 | Self::Crc32c => 4,
            Self::Crc64Nvme => 8,
            Self::Sha1 => 20,
            Self::Sha256 => 32,
        };
        STANDARD.decode(text).is_ok_and(|bytes| bytes.len() == length)
    }
}

/// A reflected CRC of 32 bits.
fn crc32(bytes: &[u8], polynomial: u32) -> u32 {
    let table: Vec<u32> = (0..256)
        .map(|byte| (0..8).fold(byte, |rest, _| (rest >> 1) ^ (polynomial * (rest & 1))))
        .collect();
    !bytes.iter().fold(!0, |rest: u32, byte| {
        let index = (rest ^ u32::from(*byte)) & 0xff;
        (rest >> 8) ^ table.get(index as usize).copied().unwrap_or_default()
    })
}

/// [CRC-64/NVME](https://reveng.sourceforge.io/crc-catalogue/all.htm#crc.cat.crc-64-nvme).
fn crc64(bytes: &[u8]) -> u64 {
    const POLYNOMIAL: u64 = 0x9a6c_9329_ac4b_c9b5;
    let table: Vec<u64> = (0..256)
        .map(|byte| (0..8).fold(byte, |rest, _| (rest >> 1) ^ (POLYNOMIAL * (rest & 1))))
        .collect();
    !bytes.iter().fold(!0, |rest: u64, byte| {
        let index = usize::try_from((rest ^ u64::from(*byte)) & 0xff).unwrap_or_default();
        (rest >> 8) ^ table.get(index).copied().unwrap_or_default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums_are_those_of_the_catalogues() {
        let bytes = b"123456789";
        for (algorithm, expected) in [
            (Algorithm::Crc32, STANDARD.encode(0xcbf4_3926_u32.to_be_bytes())),
            (Algorithm::Crc32c, STANDARD.encode(0xe306_9283_u32.to_be_bytes())),
            (
                Algorithm::Crc64Nvme,
                STANDARD.encode(0xae8b_1486_0a79_9888_u64.to_be_bytes()),
            ),
            (Algorithm::Sha1, "98O8HYCOBHMq32eZZczDTKeuNEE=".to_owned()),
            (
                Algorithm::Sha256,
                "FeKw08M4keuw8e9gnsQZQgwg4yDOlMZfvIwzEkSOsiU=".to_owned(),
            ),
        ] {
            let found = algorithm.of_bytes(bytes);
            assert_eq!(found, expected, "{algorithm:?}");
            assert!(algorithm.accepts(&found) && !algorithm.accepts("AA=="));
            assert_eq!(Algorithm::of(&algorithm.name().to_ascii_lowercase()), Some(algorithm));
        }
        // Of the recordings: what Step Functions puts for `false`.
        assert_eq!(Algorithm::Crc32.of_bytes(b"false"), "K81oMA==");
        assert_eq!(Algorithm::of("md5"), None);
    }
}
