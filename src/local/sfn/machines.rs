//! State machines: create, describe, update, delete, list.

use rusqlite::{Connection, params};
use serde_json::{Map, Value, json};

use super::machine_rows::{Content, Machine, find, insert_revision};
use super::names::{Kind, check_arn, check_name, machine_arn, machine_deleting, no_such_machine, role_account};
use super::paging::Asked;
use super::request::{Request, hidden, text};
use super::roles::SERVICE;
use super::tags::Owner;
use super::target::Target;
use super::versions::{self, version_arn};
use super::{States, definition, journal, seconds, settings, tags};
use crate::engine::Millis;
use crate::local::api::{ACCOUNT, ApiError, Call};
use crate::local::random;
use crate::local::store::StoreError;

impl States {
    /// CreateStateMachine: the same again is no error; a different role or different tags are then ignored.
    pub(super) fn create_state_machine(&self, call: &Call) -> Result<Value, ApiError> {
        let mut request = Request::new(&call.input);
        let name = request.required("name", text(80));
        let definition = request.required("definition", hidden(1, definition::LONGEST));
        let role_arn = request.required("roleArn", text(256));
        let kind = request.one_of("type", &["STANDARD", "EXPRESS"]).unwrap_or("STANDARD");
        let tags = tags::read(&mut request, "tags");
        let publish = versions::asked(&mut request)?;
        let logging = settings::logging(&request, &*self.shared.logs)?;
        let tracing = settings::tracing(&request)?;
        settings::encryption(&request)?;
        request.finish()?;
        check_name(name)?;
        tags::check(&tags)?;
        let account = role_account(role_arn)?;
        definition::accept(definition, kind == "EXPRESS")?;
        let content = Content {
            express: kind == "EXPRESS",
            revision_id: None,
            definition: definition.to_owned(),
            role_arn: role_arn.to_owned(),
            logging: logging.unwrap_or_else(settings::default_logging),
            tracing: tracing.unwrap_or_else(settings::default_tracing),
        };
        let arn = machine_arn(&call.region, name);
        let existing = self.shared.store.read(|connection| find(connection, &arn))?;
        if existing.is_none() {
            self.check_role(role_arn, account)?;
        }

        self.shared.store.write(|transaction| {
            let now = self.shared.now();
            if let Some(machine) = find(transaction, &arn)? {
                same_again(&machine, &content)?;
                return created(transaction, &machine, publish, now);
            }
            let revision = insert_revision(transaction, &arn, name, &content, now)?;
            transaction
                .prepare_cached(
                    "INSERT INTO sfn_machines (arn, region, name, status, created_at, revision) VALUES (?1, ?2, ?3, 'ACTIVE', ?4, ?5)",
                )
                .and_then(|mut insert| insert.insert(params![arn, call.region, name, now.cast_signed(), revision]))
                .map_err(StoreError::from)
                .and_then(|machine| tags::put(transaction, Owner::Machine(machine), &tags))?;
            let machine = find(transaction, &arn)?.ok_or_else(|| no_such_machine(&arn))?;
            created(transaction, &machine, publish, now)
        })
    }

    /// DescribeStateMachine, also of a version.
    pub(super) fn describe_state_machine(&self, call: &Call) -> Result<Value, ApiError> {
        let mut request = Request::new(&call.input);
        let arn = request.required("stateMachineArn", text(256));
        request.one_of("includedData", &["ALL_DATA", "METADATA_ONLY"]);
        request.finish()?;
        let Target { machine, version, .. } = self.target(arn)?;
        let (created_at, description) = match version {
            Some(version) => (version.created_at, version.description),
            None => (machine.created_at, None),
        };
        let mut out = Map::new();
        out.insert("stateMachineArn".to_owned(), arn.into());
        out.insert("name".to_owned(), machine.name.into());
        out.insert("status".to_owned(), machine.status.into());
        out.insert("type".to_owned(), machine.current.content.type_name().into());
        out.insert("creationDate".to_owned(), seconds(created_at));
        out.extend(description.map(|description| ("description".to_owned(), description.into())));
        machine.current.content.describe(&mut out);
        if call.input.get("includedData").and_then(Value::as_str) == Some("METADATA_ONLY") {
            out.remove("definition");
        }
        Ok(out.into())
    }

    /// UpdateStateMachine: what is not given stays. Running executions keep the revision they were started with.
    pub(super) fn update_state_machine(&self, call: &Call) -> Result<Value, ApiError> {
        let mut request = Request::new(&call.input);
        let arn = request.required("stateMachineArn", text(256));
        let definition = request.optional("definition", hidden(1, definition::LONGEST));
        let role_arn = request.optional("roleArn", text(256));
        let publish = versions::asked(&mut request)?;
        let logging = settings::logging(&request, &*self.shared.logs)?;
        let tracing = settings::tracing(&request)?;
        let encryption = settings::encryption(&request)?;
        request.finish()?;
        check_arn(arn, Kind::StateMachine)?;
        if definition.is_none() && role_arn.is_none() && logging.is_none() && tracing.is_none() && !encryption {
            return Err(ApiError::new(
                "MissingRequiredParameter",
                "Either the definition, the role ARN, the LoggingConfiguration, or the TracingConfiguration must be specified",
            ));
        }
        let express = self.active_machine(arn)?.current.content.express;
        if let Some(definition) = definition {
            definition::accept(definition, express)?;
        }
        if let Some(role_arn) = role_arn {
            self.check_role(role_arn, role_account(role_arn)?)?;
        }

        let now = self.shared.now();
        let revision_id = random::uuid();
        self.shared.store.write(|transaction| {
            let machine = find(transaction, arn)?.ok_or_else(|| no_such_machine(arn))?;
            let mut content = machine.current.content;
            content.revision_id = Some(revision_id.clone());
            content.definition = definition.map_or(content.definition, str::to_owned);
            content.role_arn = role_arn.map_or(content.role_arn, str::to_owned);
            content.logging = logging.unwrap_or(content.logging);
            content.tracing = tracing.unwrap_or(content.tracing);
            let revision = insert_revision(transaction, arn, &machine.name, &content, now)?;
            transaction
                .execute(
                    "UPDATE sfn_machines SET revision = ?2 WHERE id = ?1",
                    params![machine.id, revision],
                )
                .map_err(StoreError::from)?;
            let mut out = json!({"updateDate": seconds(now), "revisionId": revision_id});
            if let (Some(description), Some(machine)) = (publish, find(transaction, arn)?) {
                let version = versions::publish(transaction, &machine, description, now)?;
                out["stateMachineVersionArn"] = version_arn(arn, version.number).into();
            }
            Ok(out)
        })
    }

    /// DeleteStateMachine: gone when its last execution has ended. No error if there is none.
    pub(super) fn delete_state_machine(&self, call: &Call) -> Result<Value, ApiError> {
        let mut request = Request::new(&call.input);
        let arn = request.required("stateMachineArn", text(256));
        request.finish()?;
        check_arn(arn, Kind::StateMachine)?;
        self.shared.store.write(|transaction| {
            if let Some(machine) = find(transaction, arn)? {
                transaction
                    .execute(
                        "UPDATE sfn_machines SET status = 'DELETING' WHERE id = ?1",
                        [machine.id],
                    )
                    .map_err(StoreError::from)?;
                journal::remove_if_done(transaction, machine.id)?;
            }
            Ok::<_, ApiError>(json!({}))
        })
    }

    /// ListStateMachines, in the order of creation.
    pub(super) fn list_state_machines(&self, call: &Call) -> Result<Value, ApiError> {
        let mut request = Request::new(&call.input);
        let asked = Asked::read(&mut request, 1024);
        request.finish()?;
        let page = asked.of(format!("machines/{}", call.region))?;
        let mut rows: Vec<(i64, Value)> = self.shared.store.read(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT m.id, arn, name, created_at, express FROM sfn_machines m JOIN sfn_revisions r ON r.id = m.revision
                 WHERE region = ?1 AND m.id > ?2 ORDER BY m.id LIMIT ?3",
            )?;
            let found = statement.query_map(params![call.region, page.after.unwrap_or(0), page.rows()], |row| {
                Ok((
                    row.get(0)?,
                    json!({
                        "stateMachineArn": row.get::<_, String>(1)?,
                        "name": row.get::<_, String>(2)?,
                        "type": if row.get(4)? { "EXPRESS" } else { "STANDARD" },
                        "creationDate": seconds(row.get::<_, i64>(3)?.cast_unsigned()),
                    }),
                ))
            })?;
            Ok::<_, StoreError>(found.collect::<Result<_, _>>()?)
        })?;
        let next = page.cut(&mut rows, |(id, _)| *id);
        let mut out = json!({"stateMachines": rows.into_iter().map(|(_, machine)| machine).collect::<Vec<_>>()});
        if let Some(next) = next {
            out["nextToken"] = next.into();
        }
        Ok(out)
    }

    /// The state machine of that ARN.
    pub(super) fn machine(&self, arn: &str) -> Result<Machine, ApiError> {
        check_arn(arn, Kind::StateMachine)?;
        self.shared
            .store
            .read(|connection| find(connection, arn))?
            .ok_or_else(|| no_such_machine(arn))
    }

    /// The state machine of that ARN, if it is not being deleted.
    pub(super) fn active_machine(&self, arn: &str) -> Result<Machine, ApiError> {
        let machine = self.machine(arn)?;
        if machine.status == "ACTIVE" {
            Ok(machine)
        } else {
            Err(machine_deleting(arn))
        }
    }

    /// A role of the local account must exist and trust Step Functions; other accounts cannot be looked into.
    fn check_role(&self, role_arn: &str, account: &str) -> Result<(), ApiError> {
        if account != ACCOUNT || self.shared.roles.trusts(role_arn, SERVICE)? {
            return Ok(());
        }
        Err(ApiError::new(
            "AccessDeniedException",
            "Neither the global service principal states.amazonaws.com, nor the regional one is authorized to assume the provided role.",
        ))
    }
}

/// The answer to CreateStateMachine, with the version if one is to be published.
fn created(
    connection: &Connection,
    machine: &Machine,
    publish: Option<Option<&str>>,
    now: Millis,
) -> Result<Value, ApiError> {
    let mut out = json!({"stateMachineArn": machine.arn, "creationDate": seconds(machine.created_at)});
    if let Some(description) = publish {
        let version = versions::publish(connection, machine, description, now)?;
        out["stateMachineVersionArn"] = version_arn(&machine.arn, version.number).into();
    }
    Ok(out)
}

fn same_again(machine: &Machine, content: &Content) -> Result<(), ApiError> {
    if machine.status != "ACTIVE" {
        return Err(machine_deleting(&machine.arn));
    }
    let current = &machine.current.content;
    if current.express == content.express
        && (&current.definition, &current.logging, &current.tracing)
            == (&content.definition, &content.logging, &content.tracing)
    {
        return Ok(());
    }
    Err(ApiError::new(
        "StateMachineAlreadyExists",
        format!("State Machine Already Exists: '{}'", machine.arn),
    ))
}
