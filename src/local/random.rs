//! Randomness of the local cloud: ids and seeds.

use uuid::Uuid;

/// A random (version 4) UUID, hyphenated, in lower case.
pub fn uuid() -> String {
    Uuid::new_v4().to_string()
}

/// A random UUID that sorts after those of earlier milliseconds ([version 7](https://www.rfc-editor.org/rfc/rfc9562#name-uuid-version-7)):
/// many of them go to one place of an index.
pub fn uuid_in_order(now_millis: u64) -> String {
    let [.., a, b, c, d, e, f, g, h, i, j] = Uuid::new_v4().into_bytes();
    uuid::Builder::from_unix_timestamp_millis(now_millis, &[a, b, c, d, e, f, g, h, i, j])
        .into_uuid()
        .to_string()
}

/// 64 random bits.
pub fn seed() -> u64 {
    // Version and variant take six bits of a UUID; folding its halves leaves every bit of the result random.
    let (high, low) = Uuid::new_v4().as_u64_pair();
    high ^ low.rotate_left(32)
}

/// `length` random hexadecimal digits, in lower case.
pub fn hex(length: usize) -> String {
    of_alphabet(length, b"0123456789abcdef")
}

/// `length` random letters and digits as they stand in IAM's unique ids and access keys: `A`–`Z`, `2`–`7`.
pub(crate) fn base32(length: usize) -> String {
    of_alphabet(length, b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")
}

/// The alphabet's length is a power of two, at most 32.
fn of_alphabet(length: usize, alphabet: &[u8]) -> String {
    let bits = alphabet.len().trailing_zeros();
    let mut text = String::with_capacity(length);
    let mut pool = 0_u64;
    let mut left = 0;
    while text.len() < length {
        if left < bits {
            pool = seed();
            left = u64::BITS;
        }
        let index = usize::try_from(pool % alphabet.len() as u64).unwrap_or_default();
        text.extend(alphabet.get(index).map(|&digit| char::from(digit)));
        pool >>= bits;
        left -= bits;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_have_their_length_and_alphabet_and_differ() {
        for length in [0, 1, 17, 64, 100] {
            assert_eq!(hex(length).len(), length);
            assert!(hex(length).bytes().all(|byte| byte.is_ascii_hexdigit()));
            assert_eq!(base32(length).len(), length);
        }
        assert_ne!(hex(32), hex(32));
        assert_ne!(seed(), seed());
        assert_ne!(uuid(), uuid());
    }
}
