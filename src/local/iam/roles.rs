//! Roles: making, reading, changing, deleting, tagging them.

use rusqlite::{Connection, Transaction};

use super::document::check_trust;
use super::params::{MOST_TAGS, Params, Tag};
use super::table::{Role, counted_size, limit_exceeded};
use crate::local::api::{ApiError, Reply};
use crate::local::clock::{self, iso8601};
use crate::local::protocol::xml::{EMPTY_RESULT, Writer};
use crate::local::random;

/// What most operations that change something answer.
pub(super) const NO_RESULT: Reply = Reply::Xml(String::new());

const MOST_ROLES: u32 = 1000;
const MOST_TRUST: usize = 2048;

pub(super) fn create(db: &Transaction<'_>, params: &Params<'_>) -> Result<Reply, ApiError> {
    if params.get("PermissionsBoundary").is_some() {
        return Err(ApiError::not_implemented("iam", "CreateRole with PermissionsBoundary"));
    }
    let role = Role {
        name: params.role_name()?.to_owned(),
        id: format!("AROA{}", random::base32(17)),
        path: path(params.get("Path").unwrap_or("/"))?.to_owned(),
        description: description(params)?.map(str::to_owned),
        max_session: params.number("MaxSessionDuration", 3600, 43_200)?.unwrap_or(3600),
        trust: trust(params, "AssumeRolePolicyDocument")?.to_owned(),
        created: clock::now(),
        tags: params.tags()?,
    };
    if Role::find(db, &role.name)?.is_some() {
        return Err(ApiError::with_status(
            409,
            "EntityAlreadyExists",
            format!("Role with name {} already exists.", role.name),
        ));
    }
    let count: u32 = db.query_row("SELECT count(*) FROM iam_role", [], |row| row.get(0))?;
    if count >= MOST_ROLES {
        return Err(limit_exceeded(format!(
            "Cannot exceed quota for RolesPerAccount: {MOST_ROLES}"
        )));
    }
    role.insert(db)?;
    Ok(reply(|out| {
        out.element("Role", |out| {
            write_role(out, &role);
            write_tags(out, &role.tags);
        });
    }))
}

pub(super) fn get(db: &Connection, params: &Params<'_>) -> Result<Reply, ApiError> {
    let role = Role::get(db, params.role_name()?)?;
    Ok(reply(|out| {
        out.element("Role", |out| {
            write_role(out, &role);
            write_tags(out, &role.tags);
            out.element("RoleLastUsed", |_| {});
        });
    }))
}

pub(super) fn list(db: &Connection, params: &Params<'_>) -> Result<Reply, ApiError> {
    let prefix = params.get("PathPrefix").unwrap_or("/");
    let page = params.page()?;
    let roles = Role::all(db)?
        .into_iter()
        .filter(|role| role.path.starts_with(prefix))
        .map(|role| (role.key(), role));
    let (roles, marker) = page.of(roles.collect(), |(key, _)| key);
    Ok(reply(|out| {
        out.list("Roles", &roles, |out, (_, role)| write_role(out, role));
        write_page(out, marker.as_deref());
    }))
}

pub(super) fn update(db: &Transaction<'_>, params: &Params<'_>) -> Result<Reply, ApiError> {
    let description = description(params)?;
    let max_session = params.number("MaxSessionDuration", 3600, 43_200)?;
    let mut role = Role::get(db, params.role_name()?)?;
    if let Some(description) = description {
        role.description = Some(description.to_owned());
    }
    role.max_session = max_session.unwrap_or(role.max_session);
    role.update(db)?;
    Ok(Reply::Xml(EMPTY_RESULT.to_owned()))
}

pub(super) fn update_trust(db: &Transaction<'_>, params: &Params<'_>) -> Result<Reply, ApiError> {
    let trust = trust(params, "PolicyDocument")?;
    let mut role = Role::get(db, params.role_name()?)?;
    role.trust = trust.to_owned();
    role.update(db)?;
    Ok(NO_RESULT)
}

pub(super) fn delete(db: &Transaction<'_>, params: &Params<'_>) -> Result<Reply, ApiError> {
    let role = Role::get(db, params.role_name()?)?;
    for (table, message) in [
        (
            "iam_attached_policy",
            "Cannot delete entity, must detach all policies first.",
        ),
        ("iam_role_policy", "Cannot delete entity, must delete policies first."),
    ] {
        let query = format!("SELECT EXISTS (SELECT 1 FROM {table} WHERE role = ?1)");
        if db.query_row(&query, [role.key()], |row| row.get(0))? {
            return Err(ApiError::with_status(409, "DeleteConflict", message));
        }
    }
    db.execute("DELETE FROM iam_role WHERE key = ?1", [role.key()])?;
    Ok(NO_RESULT)
}

pub(super) fn tag(db: &Transaction<'_>, params: &Params<'_>) -> Result<Reply, ApiError> {
    let tags = params.tags()?;
    let mut role = Role::get(db, params.role_name()?)?;
    for (key, value) in tags {
        match role
            .tags
            .iter_mut()
            .find(|(old, _)| old.to_lowercase() == key.to_lowercase())
        {
            Some(tag) => *tag = (key, value),
            None => role.tags.push((key, value)),
        }
    }
    if role.tags.len() > MOST_TAGS {
        return Err(limit_exceeded(
            "The number of tags has reached the maximum limit.".to_owned(),
        ));
    }
    role.update(db)?;
    Ok(NO_RESULT)
}

pub(super) fn untag(db: &Transaction<'_>, params: &Params<'_>) -> Result<Reply, ApiError> {
    let keys: Vec<String> = params.list("TagKeys").iter().map(|key| key.to_lowercase()).collect();
    let mut role = Role::get(db, params.role_name()?)?;
    role.tags.retain(|(key, _)| !keys.contains(&key.to_lowercase()));
    role.update(db)?;
    Ok(NO_RESULT)
}

pub(super) fn list_tags(db: &Connection, params: &Params<'_>) -> Result<Reply, ApiError> {
    let page = params.page()?;
    let mut tags = Role::get(db, params.role_name()?)?.tags;
    tags.sort();
    let (tags, marker) = page.of(tags, |(key, _)| key);
    Ok(reply(|out| {
        out.list("Tags", &tags, write_tag);
        write_page(out, marker.as_deref());
    }))
}

/// The local cloud has no instance profiles; asked about by those who delete a role.
pub(super) fn list_instance_profiles(db: &Connection, params: &Params<'_>) -> Result<Reply, ApiError> {
    Role::get(db, params.role_name()?)?;
    Ok(reply(|out| {
        out.list("InstanceProfiles", [(); 0], |_, ()| {});
        write_page(out, None);
    }))
}

fn write_role(out: &mut Writer, role: &Role) {
    out.text("Path", &role.path);
    out.text("RoleName", &role.name);
    out.text("RoleId", &role.id);
    out.text("Arn", &role.arn());
    out.text("CreateDate", &iso8601(role.created));
    out.text("AssumeRolePolicyDocument", &super::url_encode(&role.trust));
    if let Some(description) = &role.description {
        out.text("Description", description);
    }
    out.text("MaxSessionDuration", &role.max_session.to_string());
}

fn write_tags(out: &mut Writer, tags: &[Tag]) {
    if !tags.is_empty() {
        out.list("Tags", tags, write_tag);
    }
}

fn write_tag(out: &mut Writer, (key, value): &Tag) {
    out.text("Key", key);
    out.text("Value", value);
}

/// The end of a list: whether there is more.
pub(super) fn write_page(out: &mut Writer, marker: Option<&str>) {
    out.text("IsTruncated", if marker.is_some() { "true" } else { "false" });
    if let Some(marker) = marker {
        out.text("Marker", marker);
    }
}

pub(super) fn reply(content: impl FnOnce(&mut Writer)) -> Reply {
    let mut out = Writer::default();
    content(&mut out);
    Reply::Xml(out.finish())
}

fn trust<'a>(params: &Params<'a>, parameter: &str) -> Result<&'a str, ApiError> {
    let text = params.document(parameter)?;
    check_trust(text)?;
    if counted_size(text) > MOST_TRUST {
        return Err(limit_exceeded(format!(
            "Cannot exceed quota for ACLSizePerRole: {MOST_TRUST}"
        )));
    }
    Ok(text)
}

fn path(path: &str) -> Result<&str, ApiError> {
    let is_printable = path.chars().all(|character| matches!(character, '!'..='\u{7f}'));
    if path.len() <= 512 && path.starts_with('/') && path.ends_with('/') && is_printable {
        Ok(path)
    } else {
        Err(ApiError::new(
            "ValidationError",
            "The specified value for path is invalid. It must begin and end with / and contain only alphanumeric characters \
             and/or / characters.",
        ))
    }
}

fn description<'a>(params: &Params<'a>) -> Result<Option<&'a str>, ApiError> {
    let description = params.get("Description");
    if let Some(text) = description {
        let mut violations = crate::local::constraint::Violations::default();
        violations.length("description", text, 0, 1000);
        let pattern = r"[\u0009\u000A\u000D\u0020-\u007E\u00A1-\u00FF]*";
        let allowed = |character| matches!(character, '\t' | '\n' | '\r' | ' '..='~' | '\u{a1}'..='\u{ff}');
        violations.pattern("description", text, pattern, allowed);
        violations.done("ValidationError")?;
    }
    Ok(description)
}
