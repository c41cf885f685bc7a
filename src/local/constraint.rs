//! Violations of the constraints of an API model, worded as AWS words them.

use super::api::ApiError;

/// Collects what is wrong with an input: AWS reports all of it at once.
#[derive(Default)]
pub(crate) struct Violations(Vec<String>);

impl Violations {
    /// `constraint` is what comes after "failed to satisfy constraint: ".
    pub(crate) fn check(&mut self, holds: bool, member: &str, value: &str, constraint: &str) {
        if !holds {
            self.0.push(format!(
                "Value '{value}' at '{member}' failed to satisfy constraint: {constraint}"
            ));
        }
    }

    /// A member that must be there is not.
    pub(crate) fn missing(&mut self, member: &str) {
        self.0.push(format!(
            "Value null at '{member}' failed to satisfy constraint: Member must not be null"
        ));
    }

    /// The length in characters.
    pub(crate) fn length(&mut self, member: &str, value: &str, least: usize, most: usize) {
        let length = value.chars().count();
        let constraint = |word, bound| format!("Member must have length {word} than or equal to {bound}");
        self.check(length >= least, member, value, &constraint("greater", least));
        self.check(length <= most, member, value, &constraint("less", most));
    }

    /// A number's range.
    pub(crate) fn range(&mut self, member: &str, value: i64, least: i64, most: i64) {
        let constraint = |word, bound| format!("Member must have value {word} than or equal to {bound}");
        self.check(
            value >= least,
            member,
            &value.to_string(),
            &constraint("greater", least),
        );
        self.check(value <= most, member, &value.to_string(), &constraint("less", most));
    }

    /// All characters of the value are `allowed`, which AWS writes as `pattern`.
    pub(crate) fn pattern(&mut self, member: &str, value: &str, pattern: &str, allowed: impl Fn(char) -> bool) {
        let constraint = format!("Member must satisfy regular expression pattern: {pattern}");
        self.check(value.chars().all(allowed), member, value, &constraint);
    }

    /// `Ok` if nothing was wrong, else the error with that code.
    pub(crate) fn done(self, code: &str) -> Result<(), ApiError> {
        let count = self.0.len();
        match count {
            0 => Ok(()),
            1 => Err(ApiError::new(
                code,
                format!("1 validation error detected: {}", self.0.join("; ")),
            )),
            _ => Err(ApiError::new(
                code,
                format!("{count} validation errors detected: {}", self.0.join("; ")),
            )),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn violations_are_worded_as_aws_words_them() {
        assert_eq!(Violations::default().done("ValidationError"), Ok(()));
        let mut found = Violations::default();
        found.length("name", "", 1, 3);
        found.length("name", "äöüß", 1, 3);
        found.range("limit", 0, 1, 5);
        found.missing("path");
        found.pattern("id", "a b", "[a-z]+", |character| character.is_ascii_lowercase());
        let error = found.done("ValidationError").unwrap_err();
        assert_eq!(error.code, "ValidationError");
        assert_eq!(
            error.message,
            "5 validation errors detected: \
             Value '' at 'name' failed to satisfy constraint: Member must have length greater than or equal to 1; \
             Value 'äöüß' at 'name' failed to satisfy constraint: Member must have length less than or equal to 3; \
             Value '0' at 'limit' failed to satisfy constraint: Member must have value greater than or equal to 1; \
             Value null at 'path' failed to satisfy constraint: Member must not be null; \
             Value 'a b' at 'id' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-z]+"
        );
    }
}
