//! Pages of lists: how many, from where, and the opaque token that leads to the next one.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use super::request::{Request, text};
use crate::local::api::ApiError;

/// The page that is asked for.
pub(super) struct Page {
    /// At most so many items.
    pub(super) limit: usize,
    /// Only items after the one with this key.
    pub(super) after: Option<i64>,
    scope: String,
}

/// What a request says of its page, before its constraints were checked.
pub(super) struct Asked<'a> {
    limit: Option<i64>,
    token: Option<&'a str>,
}

impl<'a> Asked<'a> {
    /// Reads `maxResults` and `nextToken`.
    pub(super) fn read(request: &mut Request<'a>, longest_token: usize) -> Self {
        Self {
            limit: request.number("maxResults", 1000),
            token: request.optional("nextToken", text(longest_token)),
        }
    }

    /// The page; a token of another list (another `scope`) is refused.
    pub(super) fn of(self, scope: String) -> Result<Page, ApiError> {
        let after = self.token.map(|token| open(token, &scope)).transpose()?;
        let limit = match self.limit {
            None | Some(0) => 100,
            Some(limit) => usize::try_from(limit).unwrap_or(100),
        };
        Ok(Page { limit, after, scope })
    }
}

impl Page {
    /// How many rows to read: one more than fits, to know whether there is a next page.
    pub(super) fn rows(&self) -> i64 {
        i64::try_from(self.limit).unwrap_or(1000) + 1
    }

    /// Cuts what was read to the page, and gives the token of the next one if there is one.
    pub(super) fn cut<T>(&self, rows: &mut Vec<T>, key: impl Fn(&T) -> i64) -> Option<String> {
        if rows.len() <= self.limit {
            return None;
        }
        rows.truncate(self.limit);
        rows.last().map(|last| seal(&self.scope, key(last)))
    }
}

fn seal(scope: &str, key: i64) -> String {
    URL_SAFE_NO_PAD.encode(format!("{}.{key}", digest(scope)))
}

fn open(token: &str, scope: &str) -> Result<i64, ApiError> {
    let key = URL_SAFE_NO_PAD
        .decode(token)
        .ok()
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .and_then(|text| text.strip_prefix(&format!("{}.", digest(scope)))?.parse().ok());
    key.ok_or_else(invalid_token)
}

/// What AWS says to a token that it did not give out.
pub(super) fn invalid_token() -> ApiError {
    ApiError::new("InvalidToken", "Invalid Token: 'Invalid token'")
}

fn digest(scope: &str) -> String {
    let hash = Sha256::digest(scope.as_bytes());
    URL_SAFE_NO_PAD.encode(hash.get(..12).unwrap_or_default())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn tokens_belong_to_their_list() {
        let token = seal("a", 42);
        assert_eq!(open(&token, "a").unwrap(), 42);
        for (token, scope) in [(token.as_str(), "b"), ("InvalidToken", "a"), ("", "a"), ("äöü", "a")] {
            assert_eq!(open(token, scope).unwrap_err().code, "InvalidToken");
        }
    }

    #[test]
    fn the_last_page_has_no_token() {
        let page = Page {
            limit: 2,
            after: None,
            scope: "a".to_owned(),
        };
        let mut rows = vec![1, 2, 3];
        let token = page.cut(&mut rows, |row| *row).unwrap();
        assert_eq!((rows, open(&token, "a").unwrap()), (vec![1, 2], 2));
        assert_eq!(page.cut(&mut vec![3, 4], |row| *row), None);
    }
}
