//! Which service, operation and protocol a request is for. The host name plays no part.

use bytes::Bytes;
use http::request::Parts;

use super::protocol::Protocol;

/// Where a request goes.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Route {
    /// The service's signing name: `states`, `logs`, `lambda`, `iam`, `sts`, or one that is not here.
    pub(crate) service: String,
    /// Empty for REST services.
    pub(crate) operation: String,
    /// How the request is written, and the answer.
    pub(crate) protocol: Protocol,
    /// `us-east-1` unless the request is signed for another one.
    pub(crate) region: String,
    /// The decoded query string.
    pub(crate) query: Vec<(String, String)>,
    /// The decoded form: of the body, or the query string of a GET.
    pub(crate) form: Vec<(String, String)>,
}

impl Route {
    /// Finds the route; none if nothing of the request names a service.
    ///
    /// The credential scope comes first ([SigV4](https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html)),
    /// then what an unsigned request has: the target header, the action, the path.
    pub(crate) fn find(parts: &Parts, body: &Bytes) -> Option<Self> {
        let query = decode(parts.uri.query().unwrap_or_default().as_bytes());
        let form = if is_form(parts) { decode(body) } else { query.clone() };
        let scope = scope(parts, &query);
        let target = header(parts, "x-amz-target").and_then(|target| target.rsplit_once('.'));
        let action = value(&form, "Action");
        let path = parts.uri.path();

        let service = scope
            .as_ref()
            .map(|scope| scope.service.clone())
            .or_else(|| target.map(|(prefix, _)| service_of_target(prefix)))
            .or_else(|| action.map(|_| service_of_version(value(&form, "Version").unwrap_or_default())))
            .or_else(|| is_presigned_of_old(&query).then(|| "s3".to_owned()))
            .or_else(|| is_lambda_path(path).then(|| "lambda".to_owned()))?;
        let protocol = Protocol::of_service(&service).unwrap_or_else(|| match (target, action) {
            (None, Some(_)) if service == "sqs" => Protocol::SQS_QUERY,
            (Some(_), _) => Protocol::of_content_type(header(parts, "content-type").unwrap_or_default()),
            (None, Some(_)) => Protocol::Query { namespace: "" },
            (None, None) => Protocol::RestJson,
        });
        let operation = match protocol {
            Protocol::Json10 | Protocol::Json11 => target.map_or("", |(_, operation)| operation).to_owned(),
            Protocol::Query { .. } => action.unwrap_or_default().to_owned(),
            Protocol::RestJson | Protocol::RestXml => String::new(),
        };
        Some(Self {
            service,
            operation,
            protocol,
            region: scope.map_or_else(|| DEFAULT_REGION.to_owned(), |scope| scope.region),
            query,
            form,
        })
    }

    /// The operation for people: its name, or method and path.
    pub(crate) fn operation_name(&self, parts: &Parts) -> String {
        if self.operation.is_empty() {
            format!("{} {}", parts.method, parts.uri.path())
        } else {
            self.operation.clone()
        }
    }
}

const DEFAULT_REGION: &str = "us-east-1";

struct Scope {
    region: String,
    service: String,
}

/// `AKID/20260131/us-east-1/states/aws4_request`, of the header or of a presigned URL.
fn scope(parts: &Parts, query: &[(String, String)]) -> Option<Scope> {
    let credential = header(parts, "authorization")
        .and_then(|header| header.split_once("Credential="))
        .map(|(_, rest)| rest.split([',', ' ']).next().unwrap_or_default())
        .or_else(|| value(query, "X-Amz-Credential"))?;
    let mut from_the_end = credential.rsplit('/');
    let _terminator = from_the_end.next().filter(|&last| last == "aws4_request")?;
    let service = from_the_end.next().filter(|name| is_name(name))?;
    let region = from_the_end.next().filter(|name| is_name(name))?;
    Some(Scope {
        region: region.to_owned(),
        service: service.to_owned(),
    })
}

fn is_name(text: &str) -> bool {
    (1..=40).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

fn service_of_target(prefix: &str) -> String {
    match prefix {
        "AWSStepFunctions" => "states".to_owned(),
        "Logs_20140328" => "logs".to_owned(),
        "AmazonSQS" => "sqs".to_owned(),
        "AWSEvents" => "events".to_owned(),
        other => other.split('_').next().unwrap_or(other).to_ascii_lowercase(),
    }
}

fn service_of_version(version: &str) -> String {
    match version {
        "2010-05-08" => "iam".to_owned(),
        "2011-06-15" => "sts".to_owned(),
        "2010-03-31" => "sns".to_owned(),
        "2012-11-05" => "sqs".to_owned(),
        other => format!("version {other}"),
    }
}

/// A URL as S3 had them before credentials named the service
/// ([query string authentication](https://docs.aws.amazon.com/AmazonS3/latest/API/RESTAuthentication.html)); SDKs still make them.
fn is_presigned_of_old(query: &[(String, String)]) -> bool {
    ["AWSAccessKeyId", "Signature", "Expires"]
        .iter()
        .all(|name| value(query, name).is_some())
}

/// `/2015-03-31/functions/…` and the like: an API version, then a kind of resource.
fn is_lambda_path(path: &str) -> bool {
    let mut segments = path.split('/').skip(1);
    let is_date = |text: &str| text.len() == 10 && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    segments.next().is_some_and(is_date)
        && matches!(
            segments.next(),
            Some(
                "functions" | "tags" | "layers" | "event-source-mappings" | "account-settings" | "code-signing-configs"
            )
        )
}

fn is_form(parts: &Parts) -> bool {
    header(parts, "content-type").is_some_and(|kind| {
        kind.trim_start()
            .to_ascii_lowercase()
            .starts_with("application/x-www-form-urlencoded")
    })
}

fn decode(text: &[u8]) -> Vec<(String, String)> {
    form_urlencoded::parse(text).into_owned().collect()
}

fn header<'a>(parts: &'a Parts, name: &str) -> Option<&'a str> {
    parts.headers.get(name).and_then(|value| value.to_str().ok())
}

fn value<'a>(pairs: &'a [(String, String)], name: &str) -> Option<&'a str> {
    pairs
        .iter()
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.as_str())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn check(request: http::request::Builder, body: &'static str, expected: &str) {
        let (parts, body) = request.body(Bytes::from_static(body.as_bytes())).unwrap().into_parts();
        let found = Route::find(&parts, &body).map_or_else(
            || "none".to_owned(),
            |route| {
                let operation = route.operation_name(&parts);
                format!("{} {operation} {:?} {}", route.service, route.protocol, route.region)
            },
        );
        assert_eq!(found, expected);
    }

    fn post() -> http::request::Builder {
        http::Request::post("http://sync-localhost:4566/")
    }

    #[test]
    fn a_signed_request_goes_where_its_scope_says() {
        let signed = |scope: &str| {
            let authorization =
                format!("AWS4-HMAC-SHA256 Credential=AKID/20260131/{scope}/aws4_request, SignedHeaders=host");
            post().header("authorization", authorization)
        };
        check(
            signed("eu-west-1/states").header("x-amz-target", "AWSStepFunctions.StartExecution"),
            "{}",
            "states StartExecution Json10 eu-west-1",
        );
        check(
            signed("us-east-1/iam").header("content-type", "application/x-www-form-urlencoded; charset=utf-8"),
            "Version=2010-05-08&Action=GetRole",
            r#"iam GetRole Query { namespace: "https://iam.amazonaws.com/doc/2010-05-08/" } us-east-1"#,
        );
        check(
            signed("us-east-1/dynamodb")
                .header("x-amz-target", "DynamoDB_20120810.PutItem")
                .header("content-type", "application/x-amz-json-1.0"),
            "{}",
            "dynamodb PutItem Json10 us-east-1",
        );
        check(
            signed("us-east-1/sns").header("content-type", "application/x-www-form-urlencoded"),
            "Action=Publish",
            r#"sns Publish Query { namespace: "http://sns.amazonaws.com/doc/2010-03-31/" } us-east-1"#,
        );
        check(signed("us-east-1/s3"), "", "s3 POST / RestXml us-east-1");
        check(signed("US/../states"), "", "none");
    }

    #[test]
    fn an_unsigned_request_goes_by_target_action_or_path() {
        check(
            post().header("x-amz-target", "Logs_20140328.PutLogEvents"),
            "{}",
            "logs PutLogEvents Json11 us-east-1",
        );
        check(
            post().header("x-amz-target", "AWSEvents.PutRule"),
            "{}",
            "events PutRule Json11 us-east-1",
        );
        check(
            post().header("content-type", "application/x-www-form-urlencoded"),
            "Action=GetCallerIdentity&Version=2011-06-15",
            r#"sts GetCallerIdentity Query { namespace: "https://sts.amazonaws.com/doc/2011-06-15/" } us-east-1"#,
        );
        check(
            http::Request::get("/2015-03-31/functions/f?Qualifier=1"),
            "",
            "lambda GET /2015-03-31/functions/f RestJson us-east-1",
        );
        check(
            http::Request::get(
                "/?Action=GetCallerIdentity&X-Amz-Credential=A%2F20260131%2Feu-north-1%2Fsts%2Faws4_request",
            ),
            "",
            r#"sts GetCallerIdentity Query { namespace: "https://sts.amazonaws.com/doc/2011-06-15/" } eu-north-1"#,
        );
        check(
            http::Request::get("/b/k?AWSAccessKeyId=a&Signature=s&Expires=1"),
            "",
            "s3 GET /b/k RestXml us-east-1",
        );
        check(http::Request::get("/"), "", "none");
        check(http::Request::get("/2015-03-31/"), "", "none");
    }
}
