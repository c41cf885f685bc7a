//! Lists in pages: a page ends at a key, and its token says where the next one begins.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// A page of a list that is sorted by key.
pub(crate) struct Page {
    /// The last key of the page before.
    pub(crate) after: Option<String>,
    /// The largest number of items.
    pub(crate) most: usize,
    /// Is the list sorted from the largest key to the smallest?
    pub(crate) descending: bool,
}

impl Page {
    /// The items of the page, and the token of the next one if there is more.
    pub(crate) fn of<T>(&self, items: Vec<T>, key: impl Fn(&T) -> &str) -> (Vec<T>, Option<String>) {
        let is_later = |item: &T| match self.after.as_deref() {
            None => true,
            Some(after) if self.descending => key(item) < after,
            Some(after) => key(item) > after,
        };
        let mut rest = items.into_iter().filter(is_later).peekable();
        let page: Vec<T> = rest.by_ref().take(self.most).collect();
        let more = rest.peek().is_some();
        let token = page.last().filter(|_| more).map(|last| encode(key(last)));
        (page, token)
    }
}

/// An opaque token.
pub(crate) fn encode(key: &str) -> String {
    URL_SAFE_NO_PAD.encode(key)
}

/// The key of a token; none if it is not one of ours.
pub(crate) fn decode(token: &str) -> Option<String> {
    String::from_utf8(URL_SAFE_NO_PAD.decode(token).ok()?).ok()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn check(items: &[&str], most: usize, descending: bool, expected: &[&[&str]]) {
        let mut after = None;
        for (index, page) in expected.iter().enumerate() {
            let request = Page {
                after,
                most,
                descending,
            };
            let (found, token) = request.of(items.to_vec(), |item| item);
            assert_eq!(&found, page);
            assert_eq!(token.is_some(), index + 1 < expected.len());
            after = token.map(|token| decode(&token).unwrap());
        }
    }

    #[test]
    fn pages_cover_the_list_once() {
        check(&[], 2, false, &[&[]]);
        check(&["a", "b"], 2, false, &[&["a", "b"]]);
        check(&["a", "b", "c"], 2, false, &[&["a", "b"], &["c"]]);
        check(&["c", "b", "a"], 1, true, &[&["c"], &["b"], &["a"]]);
        assert_eq!(decode("???"), None);
    }
}
