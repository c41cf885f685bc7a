//! IAM roles: read, made, changed, removed.

use aws_sdk_iam::types::Tag;
use serde_json::Value;

use super::apply::Step;
use super::error::{Answer, Fault, IfThere, Tried};
use super::{Clients, percent_decoded};
use crate::plan::REGION_TAG;
use crate::plan::desired::{DesiredRole, Tags};
use crate::plan::names::POLICY_NAME;
use crate::plan::observed::{ObservedRole, other_region, owner};
use crate::plan::work::RoleUpdate;

const ABSENT: &[&str] = &["NoSuchEntity", "NoSuchEntityException"];

/// The names of all roles.
pub(super) async fn list(clients: &Clients) -> Answer<Vec<String>> {
    let mut pages = clients.iam.list_roles().max_items(1000).into_paginator().send();
    let mut names = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.tried(|| "list the roles".to_owned())?;
        names.extend(page.roles.into_iter().map(|role| role.role_name));
    }
    Ok(names)
}

/// A role with its policies, if it is there and `wanted` says yes to its tags.
pub(super) async fn read(
    clients: &Clients,
    name: &str,
    wanted: impl Fn(&Tags) -> bool,
) -> Answer<Option<ObservedRole>> {
    let answer = clients.iam.get_role().role_name(name).send().await;
    let Some(output) = answer.tried(|| format!("read the role {name}")).if_there(ABSENT)? else {
        return Ok(None);
    };
    let Some(role) = output.role else { return Ok(None) };
    let tags: Tags = role
        .tags()
        .iter()
        .map(|tag| (tag.key.clone(), tag.value.clone()))
        .collect();
    if !wanted(&tags) {
        return Ok(None);
    }
    let mut policies = std::collections::BTreeMap::new();
    for policy in inline_policies(clients, name).await? {
        let answer = clients
            .iam
            .get_role_policy()
            .role_name(name)
            .policy_name(&policy)
            .send()
            .await;
        let document = answer
            .tried(|| format!("read the policy {policy} of the role {name}"))
            .if_there(ABSENT)?;
        if let Some(document) = document {
            policies.insert(policy, decoded(&document.policy_document));
        }
    }
    Ok(Some(ObservedRole {
        trust: decoded(role.assume_role_policy_document().unwrap_or_default()),
        managed_policies: attached_policies(clients, name).await?.into_iter().collect(),
        name: role.role_name,
        path: role.path,
        arn: role.arn,
        description: role.description.unwrap_or_default(),
        policies,
        tags,
    }))
}

pub(super) async fn create(step: &Step, role: &DesiredRole) -> Answer<String> {
    let clients = &step.clients;
    let answer = clients
        .iam
        .create_role()
        .role_name(&role.name)
        .path(&role.path)
        .assume_role_policy_document(role.trust.to_string())
        .set_description((!role.description.is_empty()).then(|| role.description.clone()))
        .set_tags(Some(tags(&role.tags)?))
        .send()
        .await
        .tried(|| format!("create the role {}", role.name))
        .if_there(&["EntityAlreadyExists", "EntityAlreadyExistsException"])?;
    let Some(made) = answer else {
        return complete(step, role).await;
    };
    if let Some(policy) = &role.policy {
        put_policy(clients, &role.name, policy).await?;
    }
    for arn in &role.managed_policies {
        attach(clients, &role.name, arn).await?;
    }
    Ok(made.role.map(|role| role.arn).unwrap_or_default())
}

/// A role of that name came into being since the plan was made: ours, half made, or somebody else's.
async fn complete(step: &Step, role: &DesiredRole) -> Answer<String> {
    let there = read(&step.clients, &role.name, |_| true).await?;
    let region = role.tags.get(REGION_TAG).map_or("", String::as_str);
    let is_ours =
        |there: &ObservedRole| owner(&there.tags) == owner(&role.tags) && other_region(&there.tags, region).is_none();
    let there = there.filter(is_ours);
    let Some(there) = there else {
        return Err(Fault::other(format!(
            "cannot create the role {}: somebody else has made one",
            role.name
        )));
    };
    let (_, change) = crate::plan::compare::role(&there, role);
    update(step, &change).await?;
    Ok(there.arn)
}

pub(super) async fn update(step: &Step, change: &RoleUpdate) -> Answer<()> {
    let iam = &step.clients.iam;
    let name = &change.name;
    if !change.tags.set.is_empty() {
        let answer = iam
            .tag_role()
            .role_name(name)
            .set_tags(Some(tags(&change.tags.set)?))
            .send()
            .await;
        answer.tried(|| format!("tag the role {name}"))?;
    }
    if !change.tags.remove.is_empty() {
        let answer = iam
            .untag_role()
            .role_name(name)
            .set_tag_keys(Some(change.tags.remove.clone()))
            .send()
            .await;
        answer.tried(|| format!("remove tags of the role {name}"))?;
    }
    if let Some(trust) = &change.trust {
        let request = iam
            .update_assume_role_policy()
            .role_name(name)
            .policy_document(trust.to_string());
        request
            .send()
            .await
            .tried(|| format!("change who may assume the role {name}"))?;
    }
    if let Some(description) = &change.description {
        let answer = iam.update_role().role_name(name).description(description).send().await;
        answer.tried(|| format!("describe the role {name}"))?;
    }
    if let Some(policy) = &change.put_policy {
        put_policy(&step.clients, name, policy).await?;
    }
    for arn in &change.attach {
        attach(&step.clients, name, arn).await?;
    }
    for arn in &change.detach {
        detach(&step.clients, name, arn).await?;
    }
    for policy in &change.delete_policies {
        delete_policy(&step.clients, name, policy).await?;
    }
    Ok(())
}

pub(super) async fn delete(step: &Step, name: &str) -> Answer<()> {
    let clients = &step.clients;
    for arn in attached_policies(clients, name).await? {
        detach(clients, name, &arn).await?;
    }
    for policy in inline_policies(clients, name).await? {
        delete_policy(clients, name, &policy).await?;
    }
    let gone = step.patience.retry(async || {
        let answer = clients.iam.delete_role().role_name(name).send().await;
        answer.tried(|| format!("delete the role {name}")).if_there(ABSENT)
    });
    gone.await.map(drop)
}

async fn put_policy(clients: &Clients, role: &str, policy: &Value) -> Answer<()> {
    let request = clients.iam.put_role_policy().role_name(role).policy_name(POLICY_NAME);
    let answer = request.policy_document(policy.to_string()).send().await;
    answer.tried(|| format!("set the policy of the role {role}")).map(drop)
}

async fn attach(clients: &Clients, role: &str, arn: &str) -> Answer<()> {
    let answer = clients
        .iam
        .attach_role_policy()
        .role_name(role)
        .policy_arn(arn)
        .send()
        .await;
    answer.tried(|| format!("attach {arn} to the role {role}")).map(drop)
}

async fn detach(clients: &Clients, role: &str, arn: &str) -> Answer<()> {
    let answer = clients
        .iam
        .detach_role_policy()
        .role_name(role)
        .policy_arn(arn)
        .send()
        .await;
    answer
        .tried(|| format!("detach {arn} from the role {role}"))
        .if_there(ABSENT)
        .map(drop)
}

async fn delete_policy(clients: &Clients, role: &str, policy: &str) -> Answer<()> {
    let answer = clients
        .iam
        .delete_role_policy()
        .role_name(role)
        .policy_name(policy)
        .send()
        .await;
    answer
        .tried(|| format!("delete the policy {policy} of the role {role}"))
        .if_there(ABSENT)
        .map(drop)
}

/// Names of inline policies; none if the role is not there.
async fn inline_policies(clients: &Clients, role: &str) -> Answer<Vec<String>> {
    let mut pages = clients.iam.list_role_policies().role_name(role).into_paginator().send();
    let mut names = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page
            .tried(|| format!("list the policies of the role {role}"))
            .if_there(ABSENT)?;
        names.extend(page.into_iter().flat_map(|page| page.policy_names));
    }
    Ok(names)
}

/// ARNs of attached policies; none if the role is not there.
async fn attached_policies(clients: &Clients, role: &str) -> Answer<Vec<String>> {
    let mut pages = clients
        .iam
        .list_attached_role_policies()
        .role_name(role)
        .into_paginator()
        .send();
    let mut arns = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page
            .tried(|| format!("list what is attached to the role {role}"))
            .if_there(ABSENT)?;
        let attached = page.into_iter().filter_map(|page| page.attached_policies).flatten();
        arns.extend(attached.filter_map(|policy| policy.policy_arn));
    }
    Ok(arns)
}

fn tags(tags: &Tags) -> Answer<Vec<Tag>> {
    tags.iter()
        .map(|(key, value)| Tag::builder().key(key).value(value).build())
        .collect::<Result<_, _>>()
        .map_err(|error| Fault::other(format!("cannot build a tag: {error}")))
}

/// IAM gives documents percent-encoded.
fn decoded(document: &str) -> Value {
    serde_json::from_str(document)
        .or_else(|_| serde_json::from_str(&percent_decoded(document)))
        .unwrap_or(Value::Null)
}
