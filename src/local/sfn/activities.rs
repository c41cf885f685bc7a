//! Activities: tasks that workers come and fetch
//! ([activities](https://docs.aws.amazon.com/step-functions/latest/dg/concepts-activities.html)).

use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, params};
use serde_json::{Value, json};

use super::names::{Kind, activity_arn, check_arn, check_name, no_such_activity};
use super::paging::Asked;
use super::request::{Request, text};
use super::run::Batch;
use super::shared::Shared;
use super::tags::{self, Owner};
use super::tasks::is_activity;
use super::{States, seconds, settings};
use crate::engine::{Effect, Happened, Millis, TaskId};
use crate::local::api::{ApiError, Call};
use crate::local::store::StoreError;

/// So long GetActivityTask waits for a task.
const POLL: Duration = Duration::from_secs(60);

/// An activity as it is stored.
pub(super) struct Activity {
    pub(super) id: i64,
    name: String,
    created_at: Millis,
}

/// A task that waits for a worker.
struct Offer {
    id: i64,
    execution_arn: String,
    task: TaskId,
    token: String,
    input: String,
}

impl States {
    /// CreateActivity: the same again is no error.
    pub(super) fn create_activity(&self, call: &Call) -> Result<Value, ApiError> {
        let mut request = Request::new(&call.input);
        let name = request.required("name", text(80));
        let tags = tags::read(&mut request, "tags");
        settings::encryption(&request)?;
        request.finish()?;
        check_name(name)?;
        tags::check(&tags)?;
        let arn = activity_arn(&call.region, name);
        let now = self.shared.now();
        let created_at = self.shared.store.write(|transaction| {
            if let Some(activity) = find(transaction, &arn)? {
                return Ok(activity.created_at);
            }
            let id = transaction
                .prepare_cached("INSERT INTO sfn_activities (arn, region, name, created_at) VALUES (?1, ?2, ?3, ?4)")?
                .insert(params![arn, call.region, name, now.cast_signed()])?;
            tags::put(transaction, Owner::Activity(id), &tags)?;
            Ok::<_, StoreError>(now)
        })?;
        Ok(json!({"activityArn": arn, "creationDate": seconds(created_at)}))
    }

    /// DescribeActivity.
    pub(super) fn describe_activity(&self, call: &Call) -> Result<Value, ApiError> {
        let mut request = Request::new(&call.input);
        let arn = request.required("activityArn", text(256));
        request.finish()?;
        let activity = self.activity(arn)?;
        Ok(json!({
            "activityArn": arn,
            "name": activity.name,
            "creationDate": seconds(activity.created_at),
            "encryptionConfiguration": {"type": "AWS_OWNED_KEY"},
        }))
    }

    /// ListActivities, in the order of creation.
    pub(super) fn list_activities(&self, call: &Call) -> Result<Value, ApiError> {
        let mut request = Request::new(&call.input);
        let asked = Asked::read(&mut request, 1024);
        request.finish()?;
        let page = asked.of(format!("activities/{}", call.region))?;
        let mut rows: Vec<(i64, Value)> = self.shared.store.read(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT id, arn, name, created_at FROM sfn_activities WHERE region = ?1 AND id > ?2 ORDER BY id LIMIT ?3",
            )?;
            let found = statement.query_map(params![call.region, page.after.unwrap_or(0), page.rows()], |row| {
                let activity = json!({
                    "activityArn": row.get::<_, String>(1)?,
                    "name": row.get::<_, String>(2)?,
                    "creationDate": seconds(row.get::<_, i64>(3)?.cast_unsigned()),
                });
                Ok((row.get(0)?, activity))
            })?;
            Ok::<_, StoreError>(found.collect::<Result<_, _>>()?)
        })?;
        let next = page.cut(&mut rows, |(id, _)| *id);
        let mut out = json!({"activities": rows.into_iter().map(|(_, activity)| activity).collect::<Vec<_>>()});
        if let Some(next) = next {
            out["nextToken"] = next.into();
        }
        Ok(out)
    }

    /// DeleteActivity: no error if there is none.
    pub(super) fn delete_activity(&self, call: &Call) -> Result<Value, ApiError> {
        let mut request = Request::new(&call.input);
        let arn = request.required("activityArn", text(256));
        request.finish()?;
        check_arn(arn, Kind::Activity)?;
        self.shared.store.write(|transaction| {
            transaction.execute("DELETE FROM sfn_activities WHERE arn = ?1", [arn])?;
            Ok(json!({}))
        })
    }

    /// GetActivityTask: waits for a task, and gives none after a minute. Each task is given to one worker.
    pub(super) async fn get_activity_task(&self, call: &Call) -> Result<Value, ApiError> {
        let mut request = Request::new(&call.input);
        let arn = request.required("activityArn", text(256));
        let worker = request.optional("workerName", text(80));
        request.finish()?;
        if let Some(worker) = worker {
            check_name(worker)?;
        }
        self.activity(arn)?;
        let mut closing = self.shared.closed.subscribe();
        let deadline = tokio::time::sleep(POLL);
        tokio::pin!(deadline);
        loop {
            // Listens before it looks, so that no task can come in between.
            let offered = self.shared.offered.notified();
            tokio::pin!(offered);
            offered.as_mut().enable();
            if let Some(offer) = self.take_offer(arn, worker).await? {
                return Ok(json!({"taskToken": offer.token, "input": offer.input}));
            }
            tokio::select! {
                () = offered => {}
                () = &mut deadline => return Ok(json!({"taskToken": null})),
                _ = closing.wait_for(|closed| *closed) => return Ok(json!({"taskToken": null})),
            }
        }
    }

    /// The oldest task of an activity that can still be had.
    async fn take_offer(&self, arn: &str, worker: Option<&str>) -> Result<Option<Offer>, ApiError> {
        let mut after = 0;
        while let Some(offer) = self
            .shared
            .store
            .read(|connection| next_offer(connection, arn, after))?
        {
            let what = Happened::ActivityStarted {
                task: offer.task,
                worker: worker.map(str::to_owned),
            };
            if self.shared.tell(&offer.execution_arn, what).await == Some(true) {
                return Ok(Some(offer));
            }
            after = offer.id;
        }
        Ok(None)
    }

    fn activity(&self, arn: &str) -> Result<Activity, ApiError> {
        check_arn(arn, Kind::Activity)?;
        self.shared
            .store
            .read(|connection| find(connection, arn))?
            .ok_or_else(|| no_such_activity(arn))
    }
}

impl Shared {
    /// Whether there is such an activity. A store that cannot be read is found out when the answer is to be written.
    pub(super) fn has_activity(&self, arn: &str) -> bool {
        self.store
            .read(|connection| find(connection, arn))
            .is_ok_and(|activity| activity.is_some())
    }
}

/// The activity of that ARN, if there is one.
pub(super) fn find(connection: &Connection, arn: &str) -> Result<Option<Activity>, StoreError> {
    Ok(connection
        .prepare_cached("SELECT id, name, created_at FROM sfn_activities WHERE arn = ?1")?
        .query_row([arn], |row| {
            Ok(Activity {
                id: row.get(0)?,
                name: row.get(1)?,
                created_at: row.get::<_, i64>(2)?.cast_unsigned(),
            })
        })
        .optional()?)
}

/// Stores what a batch means for the tasks of activities: new ones are offered, those that were taken or are not wanted any
/// more are not.
pub(super) fn append(connection: &Connection, execution: i64, batch: &Batch) -> Result<(), StoreError> {
    let mut gone: Vec<TaskId> = Vec::new();
    for effect in &batch.effects {
        match effect {
            Effect::ScheduleTask(request) if is_activity(&request.resource) => {
                connection
                    .prepare_cached(
                        "INSERT INTO sfn_activity_tasks (activity_arn, execution, task, token, input) VALUES (?1, ?2, ?3, ?4, ?5)",
                    )?
                    .execute(params![
                        request.resource,
                        execution,
                        request.task.cast_signed(),
                        request.token,
                        request.parameters.to_string()
                    ])?;
            }
            Effect::CancelTask { task } => gone.push(*task),
            _ => {}
        }
    }
    gone.extend(batch.inputs.iter().filter_map(|input| match &input.what {
        Happened::ActivityStarted { task, .. } => Some(*task),
        _ => None,
    }));
    for task in gone {
        connection
            .prepare_cached("DELETE FROM sfn_activity_tasks WHERE execution = ?1 AND task = ?2")?
            .execute(params![execution, task.cast_signed()])?;
    }
    Ok(())
}

/// Offers no task of an execution any more.
pub(super) fn forget(connection: &Connection, execution: i64) -> Result<(), StoreError> {
    connection
        .prepare_cached("DELETE FROM sfn_activity_tasks WHERE execution = ?1")?
        .execute([execution])?;
    Ok(())
}

fn next_offer(connection: &Connection, arn: &str, after: i64) -> Result<Option<Offer>, StoreError> {
    Ok(connection
        .prepare_cached(
            "SELECT t.id, e.arn, t.task, t.token, t.input FROM sfn_activity_tasks t JOIN sfn_executions e ON e.id = t.execution
             WHERE t.activity_arn = ?1 AND t.id > ?2 ORDER BY t.id LIMIT 1",
        )?
        .query_row(params![arn, after], |row| {
            Ok(Offer {
                id: row.get(0)?,
                execution_arn: row.get(1)?,
                task: row.get::<_, i64>(2)?.cast_unsigned(),
                token: row.get(3)?,
                input: row.get(4)?,
            })
        })
        .optional()?)
}
