//! The policies of a role: inline ones, and AWS-managed ones attached to it.

use rusqlite::{Connection, OptionalExtension, Transaction, params};

use super::document::check_identity;
use super::params::Params;
use super::roles::{NO_RESULT, reply, write_page};
use super::table::{Role, counted_size, limit_exceeded, no_such_entity};
use crate::local::api::{ApiError, Reply};

/// Of all inline policies of a role together, in characters.
const MOST_INLINE: usize = 10_240;
const MOST_ATTACHED: usize = 10;

/// The AWS-managed policies that exist here, without `arn:aws:iam::aws:policy/`.
const MANAGED: [&str; 24] = [
    "AWSLambda_FullAccess",
    "AWSLambda_ReadOnlyAccess",
    "AWSLambdaExecute",
    "AWSLambdaInvocation-DynamoDB",
    "AWSStepFunctionsConsoleFullAccess",
    "AWSStepFunctionsFullAccess",
    "AWSStepFunctionsReadOnlyAccess",
    "AWSXRayDaemonWriteAccess",
    "AWSXrayWriteOnlyAccess",
    "AdministratorAccess",
    "AmazonDynamoDBFullAccess",
    "AmazonDynamoDBReadOnlyAccess",
    "AmazonS3FullAccess",
    "AmazonS3ReadOnlyAccess",
    "AmazonSNSFullAccess",
    "AmazonSQSFullAccess",
    "CloudWatchLambdaInsightsExecutionRolePolicy",
    "CloudWatchLogsFullAccess",
    "PowerUserAccess",
    "ReadOnlyAccess",
    "service-role/AWSLambdaBasicExecutionRole",
    "service-role/AWSLambdaRole",
    "service-role/AWSLambdaSQSQueueExecutionRole",
    "service-role/AWSLambdaVPCAccessExecutionRole",
];

pub(super) fn put(db: &Transaction<'_>, params: &Params<'_>) -> Result<Reply, ApiError> {
    let name = params.name("PolicyName", 128)?;
    let document = params.document("PolicyDocument")?;
    let role = Role::get(db, params.role_name()?)?;
    check_identity(document)?;
    let others: Vec<String> = db
        .prepare_cached("SELECT document FROM iam_role_policy WHERE role = ?1 AND name <> ?2")?
        .query_map([&role.key(), name], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    let size: usize = others.iter().map(|document| counted_size(document)).sum();
    if size + counted_size(document) > MOST_INLINE {
        return Err(limit_exceeded(format!(
            "Maximum policy size of {MOST_INLINE} bytes exceeded for role {}",
            role.name
        )));
    }
    db.execute(
        "INSERT OR REPLACE INTO iam_role_policy (role, name, document) VALUES (?1, ?2, ?3)",
        params![role.key(), name, document],
    )?;
    Ok(NO_RESULT)
}

pub(super) fn get(db: &Connection, params: &Params<'_>) -> Result<Reply, ApiError> {
    let name = params.name("PolicyName", 128)?;
    let role = Role::get(db, params.role_name()?)?;
    let document: Option<String> = db
        .prepare_cached("SELECT document FROM iam_role_policy WHERE role = ?1 AND name = ?2")?
        .query_row([&role.key(), name], |row| row.get(0))
        .optional()?;
    let document = document.ok_or_else(|| no_such_policy(name))?;
    Ok(reply(|out| {
        out.text("RoleName", &role.name);
        out.text("PolicyName", name);
        out.text("PolicyDocument", &super::url_encode(&document));
    }))
}

pub(super) fn list(db: &Connection, params: &Params<'_>) -> Result<Reply, ApiError> {
    let page = params.page()?;
    let role = Role::get(db, params.role_name()?)?;
    let names = column(
        db,
        "SELECT name FROM iam_role_policy WHERE role = ?1 ORDER BY name",
        &role,
    )?;
    let (names, marker) = page.of(names, String::as_str);
    Ok(reply(|out| {
        out.element("PolicyNames", |out| {
            names.iter().for_each(|name| out.text("member", name))
        });
        write_page(out, marker.as_deref());
    }))
}

pub(super) fn delete(db: &Transaction<'_>, params: &Params<'_>) -> Result<Reply, ApiError> {
    let name = params.name("PolicyName", 128)?;
    let role = Role::get(db, params.role_name()?)?;
    let deleted = db.execute(
        "DELETE FROM iam_role_policy WHERE role = ?1 AND name = ?2",
        [&role.key(), name],
    )?;
    if deleted == 0 {
        return Err(no_such_policy(name));
    }
    Ok(NO_RESULT)
}

pub(super) fn attach(db: &Transaction<'_>, params: &Params<'_>) -> Result<Reply, ApiError> {
    let arn = params.policy_arn()?;
    let role = Role::get(db, params.role_name()?)?;
    if managed_name(arn).is_none() {
        return Err(no_such_entity(format!(
            "Policy {arn} does not exist or is not attachable."
        )));
    }
    db.execute(
        "INSERT OR IGNORE INTO iam_attached_policy (role, arn) VALUES (?1, ?2)",
        [&role.key(), arn],
    )?;
    if attached(db, &role)?.len() > MOST_ATTACHED {
        return Err(limit_exceeded(format!(
            "Cannot exceed quota for PoliciesPerRole: {MOST_ATTACHED}"
        )));
    }
    Ok(NO_RESULT)
}

pub(super) fn detach(db: &Transaction<'_>, params: &Params<'_>) -> Result<Reply, ApiError> {
    let arn = params.policy_arn()?;
    let role = Role::get(db, params.role_name()?)?;
    let detached = db.execute(
        "DELETE FROM iam_attached_policy WHERE role = ?1 AND arn = ?2",
        [&role.key(), arn],
    )?;
    if detached == 0 {
        return Err(no_such_entity(format!("Policy {arn} was not found.")));
    }
    Ok(NO_RESULT)
}

pub(super) fn list_attached(db: &Connection, params: &Params<'_>) -> Result<Reply, ApiError> {
    let prefix = params.get("PathPrefix").unwrap_or("/");
    let page = params.page()?;
    let role = Role::get(db, params.role_name()?)?;
    let arns = attached(db, &role)?;
    let arns = arns.into_iter().filter(|arn| managed_path(arn).starts_with(prefix));
    let (arns, marker) = page.of(arns.collect(), String::as_str);
    Ok(reply(|out| {
        out.list("AttachedPolicies", &arns, |out, arn| {
            out.text("PolicyName", managed_name(arn).unwrap_or_default());
            out.text("PolicyArn", arn);
        });
        write_page(out, marker.as_deref());
    }))
}

fn attached(db: &Connection, role: &Role) -> Result<Vec<String>, ApiError> {
    column(
        db,
        "SELECT arn FROM iam_attached_policy WHERE role = ?1 ORDER BY arn",
        role,
    )
}

fn column(db: &Connection, query: &str, role: &Role) -> Result<Vec<String>, ApiError> {
    let mut statement = db.prepare_cached(query)?;
    let rows = statement.query_map([role.key()], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The name of a managed policy that exists.
fn managed_name(arn: &str) -> Option<&str> {
    let name = arn.strip_prefix("arn:aws:iam::aws:policy/")?;
    MANAGED.contains(&name).then(|| name.rsplit('/').next().unwrap_or(name))
}

/// `/`, `/service-role/`.
fn managed_path(arn: &str) -> &str {
    let path = arn.strip_prefix("arn:aws:iam::aws:policy").unwrap_or("/");
    path.rfind('/').and_then(|end| path.get(..=end)).unwrap_or("/")
}

fn no_such_policy(name: &str) -> ApiError {
    no_such_entity(format!("The role policy with name {name} cannot be found."))
}
