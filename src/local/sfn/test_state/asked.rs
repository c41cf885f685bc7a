//! The members of a TestState request.

use serde_json::Value;

use super::invalid;
use crate::local::api::ApiError;
use crate::local::sfn::definition;
use crate::local::sfn::request::{Request, hidden, text};

/// The most bytes of an input, a result, variables or a context object.
const MOST: usize = 262_144;

/// What was asked for.
pub(super) struct Asked<'a> {
    pub(super) definition: &'a str,
    pub(super) state_name: Option<&'a str>,
    pub(super) role_arn: Option<&'a str>,
    pub(super) input: &'a str,
    /// `INFO`, `DEBUG` or `TRACE`.
    pub(super) level: &'a str,
    pub(super) reveal_secrets: bool,
    pub(super) variables: Option<&'a str>,
    pub(super) context: Option<&'a str>,
    pub(super) mock: Option<Mocked<'a>>,
    /// `STRICT`, `PRESENT` or `NONE`.
    pub(super) validation: &'a str,
    pub(super) retries: Option<u64>,
    pub(super) failed_iterations: Option<u64>,
    pub(super) error_caused_by: Option<&'a str>,
    pub(super) item_reader_data: Option<&'a str>,
}

/// What the work of the state is said to have come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mocked<'a> {
    /// It is done; the result is JSON text.
    Result(&'a str),
    /// It failed.
    Error {
        /// The error name.
        error: Option<&'a str>,
        /// The cause.
        cause: Option<&'a str>,
    },
}

impl<'a> Asked<'a> {
    pub(super) fn read(body: &'a Value) -> Result<Self, ApiError> {
        let mut request = Request::new(body);
        let definition = request.required("definition", hidden(1, definition::LONGEST));
        let state_name = request.optional("stateName", hidden(1, 80));
        let role_arn = request.optional("roleArn", text(256));
        let input = request.optional("input", hidden(0, MOST)).unwrap_or("{}");
        let level = request
            .one_of("inspectionLevel", &["INFO", "DEBUG", "TRACE"])
            .unwrap_or("INFO");
        let reveal_secrets = request.flag("revealSecrets").unwrap_or(false);
        let variables = request.optional("variables", hidden(0, MOST));
        let context = request.optional("context", hidden(0, MOST));
        let (mock, configuration) = (request.raw("mock"), request.raw("stateConfiguration"));
        request.finish()?;

        let (mock, validation) = match mock {
            Some(mock) => read_mock(mock)?,
            None => (None, "STRICT"),
        };
        let mut configured = Request::new(configuration.unwrap_or(&Value::Null));
        let mut count = |member| {
            configured
                .number(member, i64::MAX)
                .and_then(|number| u64::try_from(number).ok())
        };
        let (retries, failed_iterations) = (count("retrierRetryCount"), count("mapIterationFailureCount"));
        let error_caused_by = configured.optional("errorCausedByState", hidden(1, 80));
        let item_reader_data = configured.optional("mapItemReaderData", hidden(0, MOST));
        configured.finish()?;
        Ok(Self {
            definition,
            state_name,
            role_arn,
            input,
            level,
            reveal_secrets,
            variables,
            context,
            mock,
            validation,
            retries,
            failed_iterations,
            error_caused_by,
            item_reader_data,
        })
    }
}

fn read_mock(mock: &Value) -> Result<(Option<Mocked<'_>>, &str), ApiError> {
    let mut request = Request::new(mock);
    let result = request.optional("result", hidden(0, MOST));
    let error_output = request.raw("errorOutput");
    let validation = request
        .one_of("fieldValidationMode", &["STRICT", "PRESENT", "NONE"])
        .unwrap_or("STRICT");
    request.finish()?;
    let mocked = match (result, error_output) {
        (Some(_), Some(_)) => {
            return Err(invalid(
                "A mock can have only one of the fields 'result' and 'errorOutput'.",
            ));
        }
        (Some(result), None) => Some(Mocked::Result(result)),
        (None, Some(output)) => {
            let mut request = Request::new(output);
            let error = request.optional("error", hidden(0, 256));
            let cause = request.optional("cause", hidden(0, 32_768));
            request.finish()?;
            Some(Mocked::Error { error, cause })
        }
        (None, None) => None,
    };
    Ok((mocked, validation))
}
