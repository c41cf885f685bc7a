//! The policy of a function: which services may invoke it. It is kept and given back; the local cloud's own services invoke
//! without asking, as its IAM allows everything.

use serde_json::{Value, json};

use super::create::qualifier;
use super::members::Members;
use super::validate::Violations;
use super::{Lambda, json as answer, no_content, reference, table, user_error};
use crate::local::api::{ApiError, Call, Reply};

/// Characters of a statement's id: <https://docs.aws.amazon.com/lambda/latest/api/API_AddPermission.html>.
const ID_PATTERN: &str = "([a-zA-Z0-9-_]+)";

/// What AddPermission can be given and is not acted upon here.
const REFUSED: &[&str] = &[
    "EventSourceToken",
    "FunctionUrlAuthType",
    "InvokedViaFunctionUrl",
    "PrincipalOrgID",
    "RevisionId",
];

impl Lambda {
    /// <https://docs.aws.amazon.com/lambda/latest/api/API_AddPermission.html>
    pub(super) fn add_permission(&self, call: &Call, name: &str) -> Result<Reply, ApiError> {
        let members = Members::of(&call.input)?;
        let id = members.text("StatementId")?;
        let (action, principal) = (members.text("Action")?, members.text("Principal")?);
        let mut violations = Violations::default();
        violations.required(id, "statementId");
        violations.required(action, "action");
        violations.required(principal, "principal");
        let written = id.unwrap_or_default();
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        violations.pattern(
            id.is_none() || ((1..=100).contains(&written.len()) && written.bytes().all(fits)),
            written,
            "statementId",
            ID_PATTERN,
        );
        violations.result()?;
        if let Some(member) = REFUSED.iter().find(|member| members.value(member).is_some()) {
            return Err(ApiError::not_implemented(
                "lambda",
                &format!("AddPermission with {member}"),
            ));
        }
        let principal = principal.unwrap_or_default();
        let principal = match principal {
            "*" => json!("*"),
            _ if principal.contains(".amazonaws.com") => json!({ "Service": principal }),
            _ if principal.starts_with("arn:") => json!({ "AWS": principal }),
            account => json!({ "AWS": format!("arn:aws:iam::{account}:root") }),
        };
        let (arn, account) = (members.text("SourceArn")?, members.text("SourceAccount")?);
        let reference = reference::parse(name, None, &call.region)?;
        let statement = self.inner.store.write(|at| {
            let mut function = table::function(at, &reference.region, &reference.name)?
                .filter(|_| reference.qualifier.is_none())
                .ok_or_else(|| reference.not_found())?;
            if function.statements.iter().any(|known| known.get("Sid") == Some(&json!(written))) {
                return Err(user_error(
                    409,
                    "ResourceConflictException",
                    format!(
                        "The statement id ({written}) provided already exists. Please provide a new statement id, or remove the existing statement."
                    ),
                ));
            }
            let mut statement = json!({
                "Sid": written,
                "Effect": "Allow",
                "Principal": principal,
                "Action": action,
                "Resource": function.arn(),
            });
            let mut condition = json!({});
            if let Some(arn) = arn {
                condition["ArnLike"] = json!({ "AWS:SourceArn": arn });
            }
            if let Some(account) = account {
                condition["StringEquals"] = json!({ "AWS:SourceAccount": account });
            }
            if condition.as_object().is_some_and(|condition| !condition.is_empty()) {
                statement["Condition"] = condition;
            }
            function.statements.push(statement.clone());
            table::put_function(at, &function)?;
            Ok::<_, ApiError>(statement)
        })?;
        answer(201, &json!({ "Statement": statement.to_string() }))
    }

    /// <https://docs.aws.amazon.com/lambda/latest/api/API_RemovePermission.html>
    pub(super) fn remove_permission(&self, call: &Call, name: &str, id: &str) -> Result<Reply, ApiError> {
        let reference = reference::parse(name, None, &call.region)?;
        self.inner.store.write(|at| {
            let mut function = table::function(at, &reference.region, &reference.name)?
                .filter(|_| reference.qualifier.is_none())
                .ok_or_else(|| reference.not_found())?;
            let before = function.statements.len();
            function.statements.retain(|known| known.get("Sid") != Some(&json!(id)));
            if function.statements.len() == before {
                let message = format!("Statement {id} is not found in resource policy.");
                return Err(user_error(404, "ResourceNotFoundException", message));
            }
            table::put_function(at, &function)?;
            Ok::<_, ApiError>(())
        })?;
        no_content()
    }

    /// <https://docs.aws.amazon.com/lambda/latest/api/API_GetPolicy.html>
    pub(super) fn get_policy(&self, call: &Call, name: &str) -> Result<Reply, ApiError> {
        let function = self.find(&reference::parse(name, qualifier(call), &call.region)?)?;
        if function.statements.is_empty() {
            return Err(user_error(
                404,
                "ResourceNotFoundException",
                "The resource you requested does not exist.",
            ));
        }
        let policy: Value = json!({ "Version": "2012-10-17", "Id": "default", "Statement": function.statements });
        answer(
            200,
            &json!({ "Policy": policy.to_string(), "RevisionId": function.revision_id }),
        )
    }
}
