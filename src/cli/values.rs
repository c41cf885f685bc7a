//! Values on the command line that would be refused anyway: said at once, with what is wrong about them.

/// What AWS does not allow in the name of an execution, besides white space and control characters.
/// See <https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html>.
const FORBIDDEN: &str = "<>{}[]?*\"#%\\^|~`$&,;:/";

/// The most characters of an execution's name.
const LONGEST_NAME: usize = 80;

/// The name of a stack, as a stack file may have it.
pub(super) fn stack_name(text: &str) -> Result<String, String> {
    match crate::stack::name_problem(text) {
        None => Ok(text.to_owned()),
        Some(problem) => Err(problem),
    }
}

/// The name of an execution.
pub(super) fn execution_name(text: &str) -> Result<String, String> {
    let wrong = |letter: &char| letter.is_whitespace() || letter.is_control() || FORBIDDEN.contains(*letter);
    if text.is_empty() {
        return Err("the name of an execution cannot be empty".to_owned());
    }
    if text.chars().count() > LONGEST_NAME {
        return Err(format!(
            "the name of an execution has at most {LONGEST_NAME} characters"
        ));
    }
    match text.chars().find(wrong) {
        Some(letter) => Err(format!("the name of an execution cannot hold {letter:?}")),
        None => Ok(text.to_owned()),
    }
}

/// A region; endpoints of one's own may have names of their own for them.
pub(super) fn region(text: &str) -> Result<String, String> {
    let fits = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-';
    if text.is_empty() || text.len() > 32 || !text.chars().all(fits) {
        return Err("a region is lowercase letters, digits and hyphens, for example us-east-1".to_owned());
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_regions() {
        for (text, fits) in [("one", true), ("a b", false), ("", false), ("a/b", false), ("é", true)] {
            assert_eq!(execution_name(text).is_ok(), fits, "{text}");
        }
        assert!(execution_name(&"x".repeat(80)).is_ok());
        assert!(execution_name(&"x".repeat(81)).is_err());
        for (text, fits) in [("us-east-1", true), ("", false), ("x y", false), ("EU", false)] {
            assert_eq!(region(text).is_ok(), fits, "{text}");
        }
    }
}
