//! What went wrong with a call: AWS's code and message, whose fault it was, and what would mend it.

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use super::{CloudError, ErrorKind};

/// Codes of services and operations that are not there.
const NO_SERVICE: &[&str] = &[
    "InvalidAction",
    "NotImplemented",
    "NotImplementedException",
    "UnknownOperation",
    "UnknownOperationException",
    "UnsupportedOperation",
    "UnsupportedOperationException",
];

/// A failed call, with what the retry table matches on.
#[derive(Debug)]
pub(super) struct Fault {
    /// AWS's error code; empty if it was not AWS who answered.
    pub(super) code: String,
    /// AWS's message.
    pub(super) said: String,
    /// The HTTP status of the answer, if there was one.
    pub(super) status: Option<u16>,
    pub(super) error: CloudError,
}

pub(super) type Answer<T> = Result<T, Fault>;

impl Fault {
    /// Says which role it is that cannot be assumed, which AWS leaves out.
    pub(super) fn naming(mut self, role: &str) -> Self {
        if self.said.contains("assume") && !self.said.contains(role) {
            self.error.message.push_str(&format!(" (the role is {role})"));
        }
        self
    }
}

impl From<Fault> for CloudError {
    fn from(fault: Fault) -> Self {
        fault.error
    }
}

impl From<CloudError> for Fault {
    fn from(error: CloudError) -> Self {
        Self {
            code: String::new(),
            said: error.message.clone(),
            status: None,
            error,
        }
    }
}

impl Fault {
    /// A failure that is not an answer of AWS.
    pub(super) fn other(message: impl Into<String>) -> Self {
        CloudError {
            message: message.into(),
            kind: ErrorKind::Failed,
            hints: Vec::new(),
            source: None,
        }
        .into()
    }

    pub(super) fn is(&self, codes: &[&str]) -> bool {
        codes.contains(&self.code.as_str())
    }

    /// Whether an emulator says so that it does not have the service, or that the service is broken. LocalStack does with
    /// status 500 or 501, MiniStack with an error that has no code.
    pub(super) fn is_no_service(&self) -> bool {
        match self.status {
            Some(500..) => true,
            Some(400..) => self.code.is_empty() || self.is(NO_SERVICE),
            _ => false,
        }
    }
}

/// A value that was asked for, or none if it is not there.
pub(super) trait IfThere<T> {
    /// Turns those codes into none.
    fn if_there(self, absent: &[&str]) -> Answer<Option<T>>;
}

impl<T> IfThere<T> for Answer<T> {
    fn if_there(self, absent: &[&str]) -> Answer<Option<T>> {
        match self {
            Ok(value) => Ok(Some(value)),
            Err(fault) if fault.is(absent) => Ok(None),
            Err(fault) => Err(fault),
        }
    }
}

/// Names what was tried when a call fails.
pub(super) trait Tried<T> {
    /// `what` completes "cannot …": `create the role x`.
    fn tried(self, what: impl FnOnce() -> String) -> Answer<T>;
}

impl<T, E> Tried<T> for Result<T, SdkError<E, HttpResponse>>
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    fn tried(self, what: impl FnOnce() -> String) -> Answer<T> {
        self.map_err(|error| fault(&what(), error))
    }
}

fn fault<E>(what: &str, error: SdkError<E, HttpResponse>) -> Fault
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    let code = error.code().unwrap_or_default().to_owned();
    let said = error.message().unwrap_or_default().to_owned();
    let (kind, hints, reason) = match &error {
        SdkError::ServiceError(_) => {
            let (kind, hints) = of_code(&code);
            let reason = match (code.as_str(), said.as_str()) {
                ("", "") => "an error without a code".to_owned(),
                ("", said) => said.to_owned(),
                (code, "") => code.to_owned(),
                (code, said) => format!("{code}: {said}"),
            };
            (kind, hints, reason)
        }
        _ => of_transport(&deepest(&error), &error),
    };
    Fault {
        status: error.raw_response().map(|answer| answer.status().as_u16()),
        code,
        error: CloudError {
            message: format!("cannot {what}: {reason}"),
            kind,
            hints,
            // What the SDK's error adds to code and message, or to its deepest cause, is only "service error" and the like.
            source: None,
        },
        said,
    }
}

/// The codes that mean the same for every service:
/// <https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html>, and those of quotas.
fn of_code(code: &str) -> (ErrorKind, Vec<String>) {
    let hint = |text: &str| vec![text.to_owned()];
    match code {
        "ExpiredToken" | "ExpiredTokenException" | "RequestExpired" | "TokenRefreshRequired" => (
            ErrorKind::Refused,
            hint("the credentials have expired: sign in again, e.g. with `aws sso login`"),
        ),
        "InvalidClientTokenId"
        | "UnrecognizedClientException"
        | "SignatureDoesNotMatch"
        | "IncompleteSignature"
        | "InvalidSignatureException"
        | "MissingAuthenticationToken"
        | "AuthFailure" => (
            ErrorKind::Refused,
            hint(
                "AWS does not take these credentials: check the profile, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
            ),
        ),
        "AccessDenied" | "AccessDeniedException" | "UnauthorizedOperation" => (
            ErrorKind::Refused,
            hint("these credentials lack the permission; `aws sts get-caller-identity` tells whose they are"),
        ),
        "OptInRequired" | "SubscriptionRequiredException" => (
            ErrorKind::Refused,
            hint("the account has not enabled this service or region"),
        ),
        "LimitExceeded"
        | "LimitExceededException"
        | "CodeStorageExceededException"
        | "StateMachineLimitExceeded"
        | "ServiceQuotaExceededException" => (
            ErrorKind::Refused,
            hint("a quota of the account is used up: free some, or ask for more in Service Quotas"),
        ),
        "NoSuchEntity"
        | "ResourceNotFoundException"
        | "ResourceNotFound"
        | "NotFound"
        | "AWS.SimpleQueueService.NonExistentQueue"
        | "QueueDoesNotExist"
        | "StateMachineDoesNotExist"
        | "ExecutionDoesNotExist" => (ErrorKind::NotFound, Vec::new()),
        _ => (ErrorKind::Failed, Vec::new()),
    }
}

/// Failures before AWS answered.
fn of_transport<E, R>(text: &str, error: &SdkError<E, R>) -> (ErrorKind, Vec<String>, String)
where
    E: std::error::Error + 'static,
    R: std::fmt::Debug + 'static,
{
    let chain = chain(error).to_lowercase();
    if chain.contains("credential") || chain.contains("identity resolver") || chain.contains("sso") {
        let hints = vec![
            "name a profile with `--profile`, or sign in with `aws configure` or `aws sso login`".to_owned(),
            "without an AWS account: `--target local`".to_owned(),
        ];
        // The chain of providers names all that it tried, one in a line.
        let reason = match text.lines().next().unwrap_or_default().trim_end_matches(" Attempted:") {
            // What the SDK says of a profile that has settings, but no credentials.
            "the credential provider was not enabled" => "the profile has none",
            reason => reason,
        };
        return (
            ErrorKind::Refused,
            hints,
            format!("no usable AWS credentials: {reason}"),
        );
    }
    match error {
        SdkError::TimeoutError(_) => (ErrorKind::Unreachable, Vec::new(), format!("no answer in time: {text}")),
        SdkError::DispatchFailure(failure) if !failure.is_user() => {
            (ErrorKind::Unreachable, Vec::new(), text.to_owned())
        }
        SdkError::ResponseError(_) => (
            ErrorKind::Failed,
            Vec::new(),
            format!("the answer cannot be understood: {text}"),
        ),
        _ => (ErrorKind::Failed, Vec::new(), text.to_owned()),
    }
}

fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    causes(error)
        .map(|cause| cause.to_string())
        .collect::<Vec<_>>()
        .join(": ")
}

/// The cause that says something: the SDK's own errors wrap it several times.
pub(super) fn deepest(error: &(dyn std::error::Error + 'static)) -> String {
    causes(error).last().map(|cause| cause.to_string()).unwrap_or_default()
}

fn causes<'a>(
    error: &'a (dyn std::error::Error + 'static),
) -> impl Iterator<Item = &'a (dyn std::error::Error + 'static)> {
    std::iter::successors(Some(error), |cause| cause.source())
}
