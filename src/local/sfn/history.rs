//! GetExecutionHistory.

use rusqlite::params;
use serde_json::{Map, Value, json};

use super::names::{is_express, type_not_supported};
use super::paging::Asked;
use super::request::{Request, text};
use super::{States, seconds};
use crate::engine::HistoryEvent;
use crate::local::api::{ApiError, Call};
use crate::local::store::StoreError;

impl States {
    /// GetExecutionHistory, also of executions that still run.
    pub(super) fn get_execution_history(&self, call: &Call) -> Result<Value, ApiError> {
        let mut request = Request::new(&call.input);
        let arn = request.required("executionArn", text(256));
        let newest_first = request.flag("reverseOrder").unwrap_or(false);
        let data = request.flag("includeExecutionData").unwrap_or(true);
        let asked = Asked::read(&mut request, 1024);
        request.finish()?;
        self.shared.check_not_stuck(arn)?;
        let execution = self.execution(arn)?.id;
        if is_express(arn) {
            return Err(type_not_supported());
        }
        let page = asked.of(format!("history/{execution}/{newest_first}"))?;

        let sql = if newest_first {
            "SELECT body FROM sfn_history WHERE execution = ?1 AND event < ?2 ORDER BY event DESC LIMIT ?3"
        } else {
            "SELECT body FROM sfn_history WHERE execution = ?1 AND event > ?2 ORDER BY event LIMIT ?3"
        };
        let start = if newest_first { i64::MAX } else { 0 };
        let mut events: Vec<HistoryEvent> = self.shared.store.read(|connection| {
            let mut statement = connection.prepare_cached(sql)?;
            let rows = statement.query_map(params![execution, page.after.unwrap_or(start), page.rows()], |row| {
                row.get::<_, String>(0)
            })?;
            rows.map(|row| Ok::<_, StoreError>(serde_json::from_str(&row?)?))
                .collect()
        })?;
        let next = page.cut(&mut events, |event| event.id.cast_signed());
        let mut out = json!({"events": events.into_iter().map(|event| in_json(event, data)).collect::<Vec<_>>()});
        if let Some(next) = next {
            out["nextToken"] = next.into();
        }
        Ok(out)
    }
}

/// An event as the API gives it; without `data`, inputs and outputs are left out.
fn in_json(event: HistoryEvent, data: bool) -> Value {
    let mut out = Map::new();
    out.insert("timestamp".to_owned(), seconds(event.timestamp));
    out.insert("type".to_owned(), event.kind.into());
    out.insert("id".to_owned(), event.id.into());
    out.insert("previousEventId".to_owned(), event.previous_event_id.into());
    if let Some((name, mut details)) = event.details {
        if let (false, Some(members)) = (data, details.as_object_mut()) {
            for member in ["input", "inputDetails", "output", "outputDetails"] {
                members.shift_remove(member);
            }
        }
        out.insert(name, details);
    }
    out.into()
}
