//! Aliases: names that point to one version of a state machine, or share the executions out between two
//! ([aliases](https://docs.aws.amazon.com/step-functions/latest/dg/concepts-state-machine-alias.html)).

use rusqlite::{Connection, Row, params};
use serde_json::{Value, json};

use super::machine_rows::{self, Machine};
use super::names::{Kind, check_arn, no_such_machine, no_such_resource, unqualified};
use super::paging::Asked;
use super::request::{Request, hidden, text};
use super::versions::{self, number_of};
use super::{States, seconds};
use crate::engine::Millis;
use crate::local::api::{ApiError, Call};
use crate::local::store::StoreError;

/// An alias as it is stored.
pub(super) struct Alias {
    id: i64,
    name: String,
    description: Option<String>,
    routing: Vec<Route>,
    created_at: Millis,
    updated_at: Millis,
}

/// A share of the executions.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct Route {
    state_machine_version_arn: String,
    /// Percent.
    weight: i64,
}

impl States {
    /// CreateStateMachineAlias: the same again is no error.
    pub(super) fn create_state_machine_alias(&self, call: &Call) -> Result<Value, ApiError> {
        let mut request = Request::new(&call.input);
        let name = request.required("name", text(80));
        let description = request.optional("description", hidden(0, 256));
        if request.raw("routingConfiguration").is_none() {
            request.violate(
                "Value null at 'routingConfiguration' failed to satisfy constraint: Member must not be null".to_owned(),
            );
        }
        let routing = routing(&mut request);
        check_name(&mut request, name);
        request.finish()?;
        let machine_arn = check_routing(&routing)?.to_owned();
        let now = self.shared.now();
        self.shared.store.write(|transaction| {
            let machine = machine_rows::find(transaction, &machine_arn)?.ok_or_else(|| no_such_machine(&machine_arn))?;
            check_versions(transaction, &machine, &routing)?;
            let created_at = match find(transaction, machine.id, name)? {
                Some(alias) if alias.routing == routing && alias.description.as_deref() == description => {
                    alias.created_at
                }
                Some(_) => {
                    return Err(ApiError::new(
                        "ConflictException",
                        "Failed to create alias because an alias with the same name and a different routing configuration already exists.",
                    ));
                }
                None => {
                    insert(transaction, machine.id, name, description, &routing, now)?;
                    now
                }
            };
            Ok(json!({
                "stateMachineAliasArn": format!("{machine_arn}:{name}"),
                "creationDate": seconds(created_at),
            }))
        })
    }

    /// UpdateStateMachineAlias: what is not given stays.
    pub(super) fn update_state_machine_alias(&self, call: &Call) -> Result<Value, ApiError> {
        let mut request = Request::new(&call.input);
        let arn = request.required("stateMachineAliasArn", text(256));
        let description = request.optional("description", hidden(0, 256));
        let given = request.raw("routingConfiguration").is_some();
        let routing = routing(&mut request);
        request.finish()?;
        check_arn(arn, Kind::StateMachine)?;
        if description.is_none() && !given {
            return Err(ApiError::new(
                "ValidationException",
                "Either the description or the routing configuration must be specified",
            ));
        }
        if given && check_routing(&routing)? != unqualified(arn).0 {
            return Err(ApiError::new(
                "ValidationException",
                "Routing configuration must contain versions of the alias's own state machine",
            ));
        }
        let now = self.shared.now();
        self.shared.store.write(|transaction| {
            let (machine, alias) = get(transaction, arn)?;
            if given {
                check_versions(transaction, &machine, &routing)?;
            }
            let routing = if given { routing } else { alias.routing };
            let description = description.map(str::to_owned).or(alias.description);
            transaction.execute(
                "UPDATE sfn_aliases SET description = ?2, routing = ?3, updated_at = ?4 WHERE id = ?1",
                params![alias.id, description, in_store(&routing)?, now.cast_signed()],
            )?;
            Ok(json!({"updateDate": seconds(now)}))
        })
    }

    /// DescribeStateMachineAlias.
    pub(super) fn describe_state_machine_alias(&self, call: &Call) -> Result<Value, ApiError> {
        let mut request = Request::new(&call.input);
        let arn = request.required("stateMachineAliasArn", text(256));
        request.finish()?;
        check_arn(arn, Kind::StateMachine)?;
        let (_, alias) = self.shared.store.read(|connection| get(connection, arn))?;
        let mut out = json!({
            "stateMachineAliasArn": arn,
            "name": alias.name,
            "routingConfiguration": alias.routing.iter().map(Route::in_json).collect::<Vec<_>>(),
            "creationDate": seconds(alias.created_at),
            "updateDate": seconds(alias.updated_at),
        });
        if let Some(description) = alias.description {
            out["description"] = description.into();
        }
        Ok(out)
    }

    /// DeleteStateMachineAlias.
    pub(super) fn delete_state_machine_alias(&self, call: &Call) -> Result<Value, ApiError> {
        let mut request = Request::new(&call.input);
        let arn = request.required("stateMachineAliasArn", text(256));
        request.finish()?;
        check_arn(arn, Kind::StateMachine)?;
        self.shared.store.write(|transaction| {
            let (_, alias) = get(transaction, arn)?;
            transaction.execute("DELETE FROM sfn_aliases WHERE id = ?1", [alias.id])?;
            Ok(json!({}))
        })
    }

    /// ListStateMachineAliases, in the order of creation; of a version's ARN those that lead to it.
    pub(super) fn list_state_machine_aliases(&self, call: &Call) -> Result<Value, ApiError> {
        let mut request = Request::new(&call.input);
        let arn = request.required("stateMachineArn", text(256));
        let asked = Asked::read(&mut request, 1024);
        request.finish()?;
        check_arn(arn, Kind::StateMachine)?;
        let (machine_arn, version) = unqualified(arn);
        let machine = self.machine(machine_arn)?;
        let page = asked.of(format!("aliases/{}/{}", machine.id, version.unwrap_or_default()))?;
        let mut rows = self.shared.store.read(|connection| {
            select(
                connection,
                "machine = ?1 AND id > ?2 ORDER BY id",
                params![machine.id, page.after.unwrap_or(0)],
            )
        })?;
        rows.retain(|alias| version.is_none() || alias.routes_to(arn));
        let next = page.cut(&mut rows, |alias| alias.id);
        let aliases = rows.iter().map(|alias| {
            json!({
                "stateMachineAliasArn": format!("{machine_arn}:{}", alias.name),
                "creationDate": seconds(alias.created_at),
            })
        });
        let mut out = json!({"stateMachineAliases": aliases.collect::<Vec<_>>()});
        if let Some(next) = next {
            out["nextToken"] = next.into();
        }
        Ok(out)
    }
}

impl Alias {
    fn routes_to(&self, version_arn: &str) -> bool {
        self.routing
            .iter()
            .any(|route| route.state_machine_version_arn == version_arn)
    }

    /// The version that gets an execution, by a random number.
    pub(super) fn choose(&self, random: u64) -> Option<&str> {
        let mut left = i64::try_from(random % 100).unwrap_or(0);
        let chosen = self.routing.iter().find(|route| {
            left -= route.weight;
            left < 0
        });
        chosen.map(|route| route.state_machine_version_arn.as_str())
    }
}

impl Route {
    fn in_json(&self) -> Value {
        json!({"stateMachineVersionArn": self.state_machine_version_arn, "weight": self.weight})
    }
}

/// Reads `routingConfiguration`; empty if it is not given.
fn routing(request: &mut Request<'_>) -> Vec<Route> {
    let mut routes = Vec::new();
    let list = request.list("routingConfiguration");
    if request.raw("routingConfiguration").is_some() && !(1..=2).contains(&list.len()) {
        let (word, bound) = if list.is_empty() { ("greater", 1) } else { ("less", 2) };
        request.violate(format!(
            "Value at 'routingConfiguration' failed to satisfy constraint: Member must have length {word} than or equal to {bound}"
        ));
    }
    for (at, route) in (1..).zip(list) {
        let place = format!("routingConfiguration.{at}.member");
        let version = route.get("stateMachineVersionArn").and_then(Value::as_str);
        let weight = route.get("weight").and_then(Value::as_i64);
        if version.is_none() {
            request.violate(format!(
                "Value null at '{place}.stateMachineVersionArn' failed to satisfy constraint: Member must not be null"
            ));
        }
        let weight = weight.unwrap_or_default();
        if !(0..=100).contains(&weight) {
            let (word, bound) = if weight < 0 { ("greater", 0) } else { ("less", 100) };
            request.violate(format!(
                "Value '{weight}' at '{place}.weight' failed to satisfy constraint: Member must have value {word} than or equal to {bound}"
            ));
        }
        routes.push(Route {
            state_machine_version_arn: version.unwrap_or_default().to_owned(),
            weight,
        });
    }
    routes
}

/// Letters, digits and `_.-`, not digits alone: those are versions.
fn check_name(request: &mut Request<'_>, name: &str) {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "_.-".contains(c);
    if !name.chars().all(allowed) || (!name.is_empty() && name.bytes().all(|byte| byte.is_ascii_digit())) {
        request.violate(format!(
            "Value '{name}' at 'name' failed to satisfy constraint: Member must satisfy regular expression pattern: ^(?=.*[a-zA-Z_\\-\\.])[a-zA-Z0-9_\\-\\.]+$"
        ));
    }
}

/// Checks what can be seen of a routing, and gives the ARN of the state machine that it is of.
fn check_routing(routing: &[Route]) -> Result<&str, ApiError> {
    let invalid = |message: String| Err(ApiError::new("ValidationException", message));
    for route in routing {
        check_arn(&route.state_machine_version_arn, Kind::StateMachine)?;
    }
    let arns: Vec<&str> = routing
        .iter()
        .map(|route| route.state_machine_version_arn.as_str())
        .collect();
    if arns.iter().any(|arn| number_of(arn).is_none()) {
        return invalid(format!(
            "Routing configuration must contain state machine version ARNs. Received: [{}]",
            arns.join(", ")
        ));
    }
    let sum: i64 = routing.iter().map(|route| route.weight).sum();
    if sum != 100 {
        return invalid(format!(
            "Sum of the weights of the routing configuration must be 100. Received: {sum}"
        ));
    }
    match arns.as_slice() {
        [one] => Ok(unqualified(one).0),
        [one, other] if one != other && unqualified(one).0 == unqualified(other).0 => Ok(unqualified(one).0),
        _ => invalid(format!(
            "Routing configuration must contain different versions of one state machine. Received: [{}]",
            arns.join(", ")
        )),
    }
}

fn check_versions(connection: &Connection, machine: &Machine, routing: &[Route]) -> Result<(), ApiError> {
    for route in routing {
        let number = number_of(&route.state_machine_version_arn).unwrap_or_default();
        versions::find(connection, machine.id, number)?.ok_or_else(no_such_resource)?;
    }
    Ok(())
}

/// The names of the aliases that lead to a version.
pub(super) fn routing_to(connection: &Connection, machine: i64, version_arn: &str) -> Result<Vec<String>, StoreError> {
    let all = select(connection, "machine = ?1 ORDER BY id", params![machine])?;
    Ok(all
        .into_iter()
        .filter(|alias| alias.routes_to(version_arn))
        .map(|alias| alias.name)
        .collect())
}

/// The alias of that name, if there is one.
pub(super) fn find(connection: &Connection, machine: i64, name: &str) -> Result<Option<Alias>, StoreError> {
    Ok(select(connection, "machine = ?1 AND name = ?2", params![machine, name])?.pop())
}

fn get(connection: &Connection, arn: &str) -> Result<(Machine, Alias), ApiError> {
    let (machine_arn, name) = unqualified(arn);
    let machine = machine_rows::find(connection, machine_arn)?.ok_or_else(no_such_resource)?;
    let alias = find(connection, machine.id, name.unwrap_or_default())?.ok_or_else(no_such_resource)?;
    Ok((machine, alias))
}

fn insert(
    connection: &Connection,
    machine: i64,
    name: &str,
    description: Option<&str>,
    routing: &[Route],
    now: Millis,
) -> Result<(), StoreError> {
    connection.execute(
        "INSERT INTO sfn_aliases (machine, name, description, routing, created_at, updated_at) VALUES (?1, ?2, ?3, ?4, ?5, ?5)",
        params![machine, name, description, in_store(routing)?, now.cast_signed()],
    )?;
    Ok(())
}

fn in_store(routing: &[Route]) -> Result<String, StoreError> {
    Ok(serde_json::to_string(routing)?)
}

fn select(connection: &Connection, which: &str, parameters: &[&dyn rusqlite::ToSql]) -> Result<Vec<Alias>, StoreError> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT id, name, description, routing, created_at, updated_at FROM sfn_aliases WHERE {which}"
    ))?;
    let rows = statement.query_map(parameters, |row| Ok((read(row)?, row.get::<_, String>(3)?)))?;
    rows.map(|row| {
        let (alias, routing) = row?;
        let routing = serde_json::from_str(&routing)?;
        Ok(Alias { routing, ..alias })
    })
    .collect()
}

fn read(row: &Row<'_>) -> rusqlite::Result<Alias> {
    Ok(Alias {
        id: row.get(0)?,
        name: row.get(1)?,
        description: row.get(2)?,
        routing: Vec::new(),
        created_at: row.get::<_, i64>(4)?.cast_unsigned(),
        updated_at: row.get::<_, i64>(5)?.cast_unsigned(),
    })
}
