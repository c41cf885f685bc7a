//! The ways to name a function: its name, a partial ARN, a full ARN, each with or without a qualifier.

use super::{user_error, validate};
use crate::local::api::{ACCOUNT, ApiError};

/// A function as a caller named it.
#[derive(Debug, PartialEq)]
pub(super) struct Reference {
    pub(super) region: String,
    pub(super) name: String,
    /// A version or alias other than `$LATEST`: none exists here.
    pub(super) qualifier: Option<String>,
}

/// Of a function in our account.
pub(super) fn arn(region: &str, name: &str) -> String {
    format!("arn:aws:lambda:{region}:{ACCOUNT}:function:{name}")
}

/// Reads what was given as FunctionName, and the parameter Qualifier, of a call in a region.
///
/// <https://docs.aws.amazon.com/lambda/latest/api/API_GetFunction.html> has the three forms.
pub(super) fn parse(given: &str, qualifier: Option<&str>, region: &str) -> Result<Reference, ApiError> {
    // What has none of the forms has no name either.
    let (account, of_region, name, own_qualifier) = split(given).unwrap_or_default();
    validate::function_name(name, given)?;
    if of_region.is_some_and(|other| other != region) {
        return Err(user_error(
            404,
            "ResourceNotFoundException",
            format!(
                "Functions from '{}' are not reachable in this region ('{region}')",
                of_region.unwrap_or_default()
            ),
        ));
    }
    let qualifier = match (own_qualifier, qualifier) {
        (Some(own), Some(other)) if own != other => {
            return Err(super::invalid_parameter(
                "The derived qualifier from the function name does not match the specified qualifier.",
            ));
        }
        (own, other) => own.or(other),
    };
    let reference = Reference {
        region: region.to_owned(),
        name: name.to_owned(),
        qualifier: qualifier
            .filter(|qualifier| *qualifier != "$LATEST" && !qualifier.is_empty())
            .map(str::to_owned),
    };
    if account.is_some_and(|account| account != ACCOUNT) {
        return Err(user_error(
            404,
            "ResourceNotFoundException",
            format!("Function not found: {given}"),
        ));
    }
    Ok(reference)
}

impl Reference {
    /// To the function's `$LATEST`.
    pub(super) fn to(region: &str, name: &str) -> Self {
        Self {
            region: region.to_owned(),
            name: name.to_owned(),
            qualifier: None,
        }
    }

    /// What AWS says when it is not there.
    pub(super) fn not_found(&self) -> ApiError {
        let arn = arn(&self.region, &self.name);
        let arn = match &self.qualifier {
            Some(qualifier) => format!("{arn}:{qualifier}"),
            None => arn,
        };
        user_error(404, "ResourceNotFoundException", format!("Function not found: {arn}"))
    }
}

type Parts<'a> = (Option<&'a str>, Option<&'a str>, &'a str, Option<&'a str>);

/// Account, region, name, qualifier.
fn split(given: &str) -> Option<Parts<'_>> {
    let parts: Vec<&str> = given.split(':').collect();
    match parts.as_slice() {
        [name] => Some((None, None, name, None)),
        ["function", name] => Some((None, None, name, None)),
        [name, qualifier] => Some((None, None, name, Some(qualifier))),
        ["function", name, qualifier] => Some((None, None, name, Some(qualifier))),
        [account, "function", name] => Some((Some(account), None, name, None)),
        [account, "function", name, qualifier] => Some((Some(account), None, name, Some(qualifier))),
        ["arn", _, "lambda", region, account, "function", name] => Some((Some(account), Some(region), name, None)),
        ["arn", _, "lambda", region, account, "function", name, qualifier] => {
            Some((Some(account), Some(region), name, Some(qualifier)))
        }
        _ => None,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn every_form_names_the_function() {
        let named = |given: &str, qualifier: Option<&str>| {
            parse(given, qualifier, "us-east-1")
                .map(|found| (found.name, found.qualifier))
                .map_err(|error| error.message)
        };
        for given in [
            "f",
            "f:$LATEST",
            "function:f",
            "000000000000:function:f",
            "arn:aws:lambda:us-east-1:000000000000:function:f",
            "arn:aws:lambda:us-east-1:000000000000:function:f:$LATEST",
        ] {
            assert_eq!(named(given, None), Ok(("f".to_owned(), None)), "{given}");
        }
        assert_eq!(named("f:live", None), Ok(("f".to_owned(), Some("live".to_owned()))));
        assert_eq!(named("f", Some("1")), Ok(("f".to_owned(), Some("1".to_owned()))));
        for (given, message) in [
            (
                "f g",
                "1 validation error detected: Value 'f g' at 'functionName' failed",
            ),
            (
                "arn:aws:lambda:eu-west-1:000000000000:function:f",
                "Functions from 'eu-west-1' are not reachable in this region ('us-east-1')",
            ),
            (
                "arn:aws:lambda:us-east-1:111122223333:function:f",
                "Function not found: arn:aws:lambda:us-east-1:111122223333:function:f",
            ),
            ("arn:aws:sns:us-east-1:000000000000:t", "1 validation error detected"),
            ("", "1 validation error detected"),
        ] {
            let error = named(given, None).unwrap_err();
            assert!(error.starts_with(message), "{given}: {error}");
        }
    }
}
