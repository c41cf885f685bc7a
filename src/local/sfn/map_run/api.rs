//! ListMapRuns, DescribeMapRun, UpdateMapRun, and the child executions of a map run
//! ([DescribeMapRun](https://docs.aws.amazon.com/step-functions/latest/apireference/API_DescribeMapRun.html)).

use serde_json::{Map, Value, json};

use super::rows::{self, Count, Stored};
use super::runner::News;
use crate::local::api::{ApiError, Call};
use crate::local::sfn::executions;
use crate::local::sfn::names::{Kind, check_arn, no_such_map_run};
use crate::local::sfn::paging::Asked;
use crate::local::sfn::request::{Request, text};
use crate::local::sfn::{States, seconds};

/// The longest ARN of a map run, in characters.
const LONGEST_ARN: usize = 2000;

impl States {
    /// ListMapRuns, the newest first.
    pub(in crate::local::sfn) fn list_map_runs(&self, call: &Call) -> Result<Value, ApiError> {
        let mut request = Request::new(&call.input);
        let arn = request.required("executionArn", text(256));
        let asked = Asked::read(&mut request, 1024);
        request.finish()?;
        let execution = self.execution(arn)?;
        let page = asked.of(format!("map runs/{}", execution.id))?;
        let before = page.after.unwrap_or(i64::MAX);
        let mut found = self
            .shared
            .store
            .read(|connection| rows::of_execution(connection, execution.id, before, page.rows()))?;
        let next = page.cut(&mut found, |map_run| map_run.id);
        let listed = found.iter().map(|map_run| {
            let mut out = Map::new();
            out.insert("executionArn".to_owned(), arn.into());
            out.insert("mapRunArn".to_owned(), map_run.arn.as_str().into());
            // The state machine, with the label of the Map state.
            let machine = execution.start.state_machine_arn.split('/').next().unwrap_or_default();
            let labelled = format!("{machine}/{}", map_run.label);
            out.insert("stateMachineArn".to_owned(), labelled.into());
            out.insert("startDate".to_owned(), seconds(map_run.started_at));
            out.extend(map_run.stopped_at.map(|at| ("stopDate".to_owned(), seconds(at))));
            Value::Object(out)
        });
        let mut out = json!({"mapRuns": listed.collect::<Vec<_>>()});
        if let Some(next) = next {
            out["nextToken"] = next.into();
        }
        Ok(out)
    }

    /// DescribeMapRun.
    pub(in crate::local::sfn) fn describe_map_run(&self, call: &Call) -> Result<Value, ApiError> {
        let mut request = Request::new(&call.input);
        let arn = request.required("mapRunArn", text(LONGEST_ARN));
        request.finish()?;
        let map_run = self.map_run(arn)?;
        let (counts, execution) = self.shared.store.read(|connection| {
            let counts = rows::counts(connection, map_run.id)?;
            let execution = executions::arn_of(connection, map_run.execution)?;
            Ok::<_, ApiError>((counts, execution))
        })?;
        let of_executions = |count: &Count| count.executions;
        let of_items = |count: &Count| count.items;
        let mut out = json!({
            "mapRunArn": map_run.arn,
            "executionArn": execution,
            "status": map_run.status,
            "startDate": seconds(map_run.started_at),
            "maxConcurrency": map_run.limits.max_concurrency,
            "toleratedFailurePercentage": map_run.limits.tolerated_percentage.unwrap_or(0.0),
            "toleratedFailureCount": map_run.limits.tolerated_count.unwrap_or(0),
            "itemCounts": numbers(&counts, map_run.items, of_items),
            "executionCounts": numbers(&counts, map_run.children, of_executions),
            "redriveCount": 0,
        });
        if let Some(at) = map_run.stopped_at {
            out["stopDate"] = seconds(at);
        }
        Ok(out)
    }

    /// UpdateMapRun: holds at once if the map run runs, and changes nothing about one that has ended.
    pub(in crate::local::sfn) fn update_map_run(&self, call: &Call) -> Result<Value, ApiError> {
        let mut request = Request::new(&call.input);
        let arn = request.required("mapRunArn", text(LONGEST_ARN));
        let concurrency = request.number("maxConcurrency", i64::from(i32::MAX));
        let percentage = percentage(&mut request);
        let count = request.number("toleratedFailureCount", i64::MAX);
        request.finish()?;
        let map_run = self.map_run(arn)?;
        if map_run.status != "RUNNING" {
            return Err(ApiError::new(
                "ValidationException",
                format!("Map Run is not in RUNNING status: '{arn}'"),
            ));
        }
        let mut limits = map_run.limits;
        if let Some(concurrency) = concurrency {
            limits.max_concurrency = concurrency.unsigned_abs();
        }
        limits.tolerated_count = count.map(i64::unsigned_abs).or(limits.tolerated_count);
        limits.tolerated_percentage = percentage.or(limits.tolerated_percentage);
        self.shared
            .store
            .write(|transaction| rows::set_limits(transaction, map_run.id, limits))?;
        self.shared.tell_map_run(arn, News::Limits(limits));
        Ok(json!({}))
    }

    /// The map run of that ARN.
    pub(in crate::local::sfn) fn map_run(&self, arn: &str) -> Result<Stored, ApiError> {
        check_arn(arn, Kind::MapRun)?;
        self.shared
            .store
            .read(|connection| rows::find(connection, arn))?
            .ok_or_else(|| no_such_map_run(arn))
    }
}

/// `toleratedFailurePercentage`, from 0 to 100.
fn percentage(request: &mut Request<'_>) -> Option<f64> {
    const MEMBER: &str = "toleratedFailurePercentage";
    let found = request.float(MEMBER)?;
    let rule = if found < 0.0 {
        "greater than or equal to 0"
    } else if found > 100.0 {
        "less than or equal to 100"
    } else {
        return Some(found);
    };
    request.violate(format!(
        "Value '{found}' at '{MEMBER}' failed to satisfy constraint: Member must have value {rule}"
    ));
    None
}

/// `executionCounts` or `itemCounts`. What has not begun stays pending, also when the map run has ended.
fn numbers(counts: &[Count], total: u64, of: impl Fn(&Count) -> u64) -> Value {
    let number = |status: &str| {
        counts
            .iter()
            .filter(|count| count.status == status)
            .map(&of)
            .sum::<u64>()
    };
    let begun: u64 = counts.iter().map(&of).sum();
    let pending = total.saturating_sub(begun);
    json!({
        "pending": pending,
        "running": number("RUNNING"),
        "succeeded": number("SUCCEEDED"),
        "failed": number("FAILED"),
        "timedOut": number("TIMED_OUT"),
        "aborted": number("ABORTED"),
        "total": total,
        "resultsWritten": 0,
        "failuresNotRedrivable": 0,
        "pendingRedrive": 0,
    })
}
