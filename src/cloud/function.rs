//! Lambda functions: read, made, changed, removed. A function settles for a while after each change, and takes no other
//! change meanwhile.

use std::sync::Arc;

use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::{
    Architecture, Environment, FunctionCode, FunctionConfiguration, LastUpdateStatus, PackageType, Runtime, State,
};

use super::Clients;
use super::apply::Step;
use super::error::{Answer, Fault, IfThere, Tried};
use crate::plan::desired::{self, DesiredFunction};
use crate::plan::observed::{ObservedFunction, owner};
use crate::plan::work::{FunctionUpdate, TagChange};

const ABSENT: &[&str] = &["ResourceNotFoundException"];

/// The names of all functions.
pub(super) async fn list(clients: &Clients) -> Answer<Vec<String>> {
    let mut pages = clients.lambda.list_functions().into_paginator().send();
    let mut names = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.tried(|| "list the functions".to_owned())?;
        let functions = page.functions.unwrap_or_default().into_iter();
        names.extend(functions.filter_map(|function| function.function_name));
    }
    Ok(names)
}

/// A function with its tags, if it is there.
pub(super) async fn read(clients: &Clients, name: &str) -> Answer<Option<ObservedFunction>> {
    let answer = clients.lambda.get_function().function_name(name).send().await;
    let output = answer.tried(|| format!("read the function {name}")).if_there(ABSENT)?;
    Ok(output.and_then(|output| {
        let tags = output.tags.unwrap_or_default().into_iter().collect();
        output.configuration.map(|configuration| observed(configuration, tags))
    }))
}

fn observed(function: FunctionConfiguration, tags: desired::Tags) -> ObservedFunction {
    let number = |number: Option<i32>| number.and_then(|number| u32::try_from(number).ok()).unwrap_or_default();
    let variables = function.environment.and_then(|environment| environment.variables);
    ObservedFunction {
        name: function.function_name.unwrap_or_default(),
        arn: function.function_arn.unwrap_or_default(),
        role: function.role.unwrap_or_default(),
        runtime: function
            .runtime
            .map(|runtime| runtime.as_str().to_owned())
            .unwrap_or_default(),
        handler: function.handler.unwrap_or_default(),
        timeout: number(function.timeout),
        memory: number(function.memory_size),
        environment: desired::Environment(variables.unwrap_or_default().into_iter().collect()),
        description: function.description.unwrap_or_default(),
        architecture: function
            .architectures
            .and_then(|all| all.first().map(|architecture| architecture.as_str().to_owned()))
            .unwrap_or_else(|| Architecture::X8664.as_str().to_owned()),
        layers: function
            .layers
            .unwrap_or_default()
            .into_iter()
            .filter_map(|layer| layer.arn)
            .collect(),
        code_sha256: function.code_sha256.unwrap_or_default(),
        is_image: function.package_type == Some(PackageType::Image),
        state: function
            .state
            .map(|state| state.as_str().to_owned())
            .unwrap_or_default(),
        last_update: function
            .last_update_status
            .map(|status| status.as_str().to_owned())
            .unwrap_or_default(),
        tags,
    }
}

pub(super) async fn create(step: &Step, function: &Arc<DesiredFunction>) -> Answer<String> {
    let request = step
        .clients
        .lambda
        .create_function()
        .function_name(&function.name)
        .role(&function.role)
        .runtime(Runtime::from(function.runtime.as_str()))
        .handler(&function.handler)
        .timeout(whole(function.timeout))
        .memory_size(whole(function.memory))
        .environment(environment(function))
        .description(&function.description)
        .architectures(Architecture::from(function.architecture.as_str()))
        .set_layers((!function.layers.is_empty()).then(|| function.layers.clone()))
        .code(FunctionCode::builder().zip_file(code(function)).build())
        .set_tags(Some(function.tags.clone().into_iter().collect()));
    let made = step
        .patience
        .retry(async || {
            let answer = request
                .clone()
                .send()
                .await
                .tried(|| format!("create the function {}", function.name));
            match answer {
                // The code of this conflict is that of many others, which pass.
                Err(fault) if fault.code == "ResourceConflictException" && fault.said.contains("already exist") => {
                    Ok(None)
                }
                answer => answer.map(Some),
            }
        })
        .await?;
    let Some(made) = made else {
        return complete(step, function).await;
    };
    if made.state != Some(State::Active) {
        settled(step, &function.name).await?;
    }
    Ok(made.function_arn.unwrap_or_default())
}

/// A function of that name came into being since the plan was made: ours, or somebody else's.
async fn complete(step: &Step, function: &Arc<DesiredFunction>) -> Answer<String> {
    let there = read(&step.clients, &function.name).await?;
    let there = there.filter(|there| owner(&there.tags) == owner(&function.tags));
    let Some(there) = there else {
        return Err(Fault::other(format!(
            "cannot create the function {}: somebody else has made one",
            function.name
        )));
    };
    let (_, change) = crate::plan::compare::function(&there, function);
    update(step, &change).await?;
    Ok(there.arn)
}

/// Configuration, wait, code, wait. Lambda keeps what an update leaves out, so each field is said.
pub(super) async fn update(step: &Step, change: &FunctionUpdate) -> Answer<()> {
    let lambda = &step.clients.lambda;
    let function = &change.function;
    let name = &function.name;
    tag(step, &function.arn, name, &change.tags).await?;
    let mut done = None;
    if change.configuration {
        let request = lambda
            .update_function_configuration()
            .function_name(name)
            .role(&function.role)
            .runtime(Runtime::from(function.runtime.as_str()))
            .handler(&function.handler)
            .timeout(whole(function.timeout))
            .memory_size(whole(function.memory))
            .environment(environment(function))
            .description(&function.description)
            .set_layers(Some(function.layers.clone()));
        let answer = step.patience.retry(async || {
            request
                .clone()
                .send()
                .await
                .tried(|| format!("configure the function {name}"))
        });
        done = answer.await?.last_update_status;
        if change.code && done != Some(LastUpdateStatus::Successful) {
            settled(step, name).await?;
        }
    }
    if change.code {
        let request = lambda
            .update_function_code()
            .function_name(name)
            .architectures(Architecture::from(function.architecture.as_str()))
            .zip_file(code(function));
        let answer = step.patience.retry(async || {
            request
                .clone()
                .send()
                .await
                .tried(|| format!("update the code of the function {name}"))
        });
        done = answer.await?.last_update_status;
    }
    if done != Some(LastUpdateStatus::Successful) {
        settled(step, name).await?;
    }
    Ok(())
}

async fn tag(step: &Step, arn: &str, name: &str, change: &TagChange) -> Answer<()> {
    let lambda = &step.clients.lambda;
    if !change.set.is_empty() {
        let tags = change.set.clone().into_iter().collect();
        let answer = lambda.tag_resource().resource(arn).set_tags(Some(tags)).send().await;
        answer.tried(|| format!("tag the function {name}"))?;
    }
    if !change.remove.is_empty() {
        let keys = change.remove.clone();
        let answer = lambda
            .untag_resource()
            .resource(arn)
            .set_tag_keys(Some(keys))
            .send()
            .await;
        answer.tried(|| format!("remove tags of the function {name}"))?;
    }
    Ok(())
}

/// Waits until a function is active and no update is under way.
async fn settled(step: &Step, name: &str) -> Answer<()> {
    let reason = format!("the function {name} is not active yet");
    let settled = step.patience.poll(&reason, async || {
        let Some(function) = read(&step.clients, name).await? else {
            return Ok(None);
        };
        match (function.state.as_str(), function.last_update.as_str()) {
            ("Failed", _) => Err(Fault::other(format!("the function {name} did not become active"))),
            (_, "Failed") => Err(Fault::other(format!("the update of the function {name} failed"))),
            // A state that is not known here, or not told at all, cannot be waited on for ever: endpoints other than AWS leave it out.
            ("Active" | "Inactive" | "", "Successful" | "") => Ok(Some(())),
            _ => Ok(None),
        }
    });
    settled.await
}

pub(super) async fn delete(step: &Step, name: &str) -> Answer<()> {
    let gone = step.patience.retry(async || {
        let answer = step.clients.lambda.delete_function().function_name(name).send().await;
        answer.tried(|| format!("delete the function {name}")).if_there(ABSENT)
    });
    gone.await.map(drop)
}

fn environment(function: &DesiredFunction) -> Environment {
    let variables = function.environment.0.clone().into_iter().collect();
    Environment::builder().set_variables(Some(variables)).build()
}

fn code(function: &DesiredFunction) -> Blob {
    Blob::new(function.package.bytes.as_slice())
}

fn whole(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}
