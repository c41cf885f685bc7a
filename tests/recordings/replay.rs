//! Replays a case: makes its calls and judges the answers.

use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::answer::{final_status, is_final, outcome, parsed, part};
use super::callbacks::{self, Notes};
use super::case::{Case, Step, Wait};
use super::client::{error_text, is_error};
use super::cloud::Cloud;
use super::history::{self, is_concurrent, is_history};
use super::matcher::Matcher;
use super::tokens::Tokens;

/// How long a case may take.
const LIMIT: Duration = Duration::from_secs(60);
/// How long a call is repeated that the recorded test repeated too.
const POLL_LIMIT: Duration = Duration::from_secs(5);
/// The same, if the end of an execution is awaited.
const END_LIMIT: Duration = Duration::from_secs(45);

/// How a case went.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// Status, output, error and cause are those of AWS.
    pub outcome: bool,
    /// Everything is.
    pub strict: bool,
    /// The first difference.
    pub difference: Option<String>,
}

/// The ARNs of the executions that a case has started so far.
pub type Started = Arc<Mutex<Vec<String>>>;

/// Replays a case.
pub async fn replay(cloud: Arc<Cloud>, case: &Case, started: Started) -> Verdict {
    let params: Vec<_> = case.steps.iter().map(|step| step.params.clone()).collect();
    let account = match cloud.call("sts.GetCallerIdentity", &json!({})).await {
        Ok(identity) => identity["Account"].as_str().unwrap_or_default().to_owned(),
        Err(why) => panic!("{why}"),
    };
    let endpoint = cloud.endpoint().await;
    let mut tokens = Tokens::default();
    tokens.set("host", endpoint.split("//").nth(1).unwrap_or_default());
    tokens.set("endpoint", endpoint);
    tokens.set("region", "us-east-1");
    tokens.set("account", account.as_str());
    let mut replay = Replay {
        cloud,
        tokens,
        started,
        notes: Notes::default(),
        end: Instant::now() + LIMIT,
        matcher: Matcher::new(true, &account),
        loose: Matcher::new(false, &account),
        concurrent: is_concurrent(&params.into()),
        outcome_errors: Vec::new(),
        strict_errors: Vec::new(),
    };
    if let Err(why) = replay.play(case).await {
        replay.outcome_errors.push(why);
    }
    replay.strict_errors.append(&mut replay.notes.lock().unwrap());
    let outcome = replay.outcome_errors.is_empty();
    let strict = outcome && replay.strict_errors.is_empty();
    let difference = replay.outcome_errors.into_iter().chain(replay.strict_errors).next();
    Verdict {
        outcome,
        strict,
        difference,
    }
}

struct Replay {
    cloud: Arc<Cloud>,
    tokens: Tokens,
    started: Started,
    notes: Notes,
    end: Instant,
    matcher: Matcher,
    loose: Matcher,
    /// Whether histories may have another order.
    concurrent: bool,
    outcome_errors: Vec<String>,
    strict_errors: Vec<String>,
}

impl Replay {
    async fn play(&mut self, case: &Case) -> Result<(), String> {
        let mut callbacks = case.needs_driver.clone();
        for (n, step) in case.steps.iter().enumerate() {
            let key = step.key.clone().unwrap_or_default();
            if let Some(wait) = &step.wait {
                let reply = self.wait(wait).await?;
                if let Some(want) = &step.expect {
                    let mut want = want.clone();
                    want["output"] = parsed(&want["output"]);
                    let mut got = json!({"status": reply["status"]});
                    if let Some(output) = reply.get("output") {
                        got["output"] = parsed(output);
                    }
                    self.judge(&want, &got, &key);
                }
                continue;
            }
            if let (Some(group), Some(want)) = (&step.logs, &step.expect) {
                let got = self.logs(group, want).await?;
                self.judge(want, &got, &key);
                continue;
            }
            let name = step
                .call
                .as_deref()
                .ok_or("a step that is neither call, wait nor logs")?;
            let params = match self.fill(&step.params).await {
                Ok(params) => params,
                Err(why) if step.expect.is_some() => {
                    self.outcome_errors.push(format!("step {n} ({name}): {why}"));
                    continue;
                }
                Err(why) => return Err(format!("step {n} ({name}): {why}")),
            };
            if step.client_side {
                continue;
            }
            let reply = if name == "lambda.CreateFunction" {
                self.create_function(step, params).await?
            } else if let Some(want) = &step.expect {
                self.ready(step, name, &params, want).await?
            } else {
                self.call(name, &params).await?
            };
            if !is_error(&reply) {
                self.tokens.take(&step.take, &reply);
                if let (true, Some(arn)) = (name == "stepfunctions.StartExecution", reply["executionArn"].as_str()) {
                    self.started.lock().unwrap().push(arn.to_owned());
                }
            } else if step.expect.is_none() && !step.may_fail {
                return Err(format!("step {n} ({name}): {}", error_text(name, &reply)));
            }
            if name == "sqs.CreateQueue"
                && !is_error(&reply)
                && let Some(spec) = callbacks.take()
            {
                let queue = self.tokens.fill_text(&spec.queue)?;
                tokio::spawn(callbacks::answer(
                    self.cloud.clone(),
                    spec,
                    queue,
                    self.end,
                    self.notes.clone(),
                ));
            }
            if let Some(want) = &step.expect {
                self.judge(want, &reply, &key);
            }
        }
        Ok(())
    }

    /// Fills in parameters, and makes the roles they name.
    async fn fill(&mut self, params: &Value) -> Result<Value, String> {
        for role in self.tokens.missing_roles(params) {
            let arn = self.role(&role).await?;
            self.tokens.set(&role, arn);
        }
        self.tokens.fill(params)
    }

    async fn role(&mut self, name: &str) -> Result<String, String> {
        let trust = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
            "Principal": {"Service": ["states.amazonaws.com", "lambda.amazonaws.com"]}}]});
        let allow =
            json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]});
        let role = format!("replay-{name}");
        let params = json!({"RoleName": role, "AssumeRolePolicyDocument": trust.to_string()});
        let made = self.call("iam.CreateRole", &params).await?;
        let params = json!({"RoleName": role, "PolicyName": "all", "PolicyDocument": allow.to_string()});
        self.call("iam.PutRolePolicy", &params).await?;
        let arn = made["Arn"]
            .as_str()
            .ok_or_else(|| error_text("iam.CreateRole", &made))?;
        Ok(arn.to_owned())
    }

    async fn call(&self, name: &str, params: &Value) -> Result<Value, String> {
        if Instant::now() >= self.end {
            return Err("time limit".to_owned());
        }
        self.cloud.call(name, params).await
    }

    /// GetExecutionHistory with all pages, unless the recorded test asked for one of a certain size.
    async fn history(&self, params: &Value) -> Result<Value, String> {
        let mut reply = self.call("stepfunctions.GetExecutionHistory", params).await?;
        if params.get("maxResults").is_some() || is_error(&reply) {
            return Ok(reply);
        }
        let mut params = params.clone();
        while let Some(token) = reply.as_object_mut().and_then(|reply| reply.shift_remove("nextToken")) {
            params["nextToken"] = token;
            let mut more = self.call("stepfunctions.GetExecutionHistory", &params).await?;
            if is_error(&more) {
                return Ok(more);
            }
            let mut events = reply["events"].take();
            if let (Some(events), Some(more)) = (events.as_array_mut(), more["events"].as_array_mut()) {
                events.append(more);
            }
            more["events"] = events;
            reply = more;
        }
        Ok(reply)
    }

    /// Waits for a status or an event; the end of the execution is good for both.
    async fn wait(&mut self, wait: &Wait) -> Result<Value, String> {
        let params = json!({"executionArn": self.tokens.fill_text(&wait.execution)?});
        let mut pause = Pause::default();
        loop {
            let (reply, done) = if let Some(event) = &wait.event {
                let reply = self.history(&params).await?;
                let events = reply["events"].as_array().map_or(&[][..], Vec::as_slice);
                let done = events.iter().any(|seen| seen["type"] == **event)
                    || events.last().is_some_and(|last| final_status(last).is_some());
                (reply, done)
            } else {
                let reply = self.call("stepfunctions.DescribeExecution", &params).await?;
                let status = &reply["status"];
                let done = is_final(status) || (status.is_string() && status.as_str() == wait.status.as_deref());
                (reply, done)
            };
            if is_error(&reply) {
                return Err(format!("wait: {}", reply["Error"]));
            }
            if done {
                return Ok(reply);
            }
            if Instant::now() >= self.end {
                let what = wait.event.as_deref().or(wait.status.as_deref()).unwrap_or_default();
                return Err(format!("still waiting for {what} at the time limit"));
            }
            pause.wait().await;
        }
    }

    /// The reply of a call that is judged, once it is ready; repeated where the recorded test repeated it.
    async fn ready(&mut self, step: &Step, name: &str, params: &Value, want: &Value) -> Result<Value, String> {
        if name == "stepfunctions.GetExecutionHistory" {
            let events = want.get("events").unwrap_or(want);
            let last = events
                .as_array()
                .filter(|_| is_history(events))
                .and_then(|events| events.last());
            if let (Some(last), Some(arn)) = (last, params["executionArn"].as_str())
                && final_status(last).is_some()
            {
                let wait = Wait {
                    execution: arn.to_owned(),
                    event: last["type"].as_str().map(str::to_owned),
                    status: None,
                };
                match self.wait(&wait).await {
                    Err(why) if why.contains("time limit") => return Err(why),
                    Err(_) => return self.call(name, params).await,
                    Ok(_) => {}
                }
            }
            return self.history(params).await;
        }
        let awaits_end = is_final(&want["status"]);
        let repeated = step.poll || (awaits_end && name.ends_with(".DescribeExecution"));
        let limit = Instant::now() + if awaits_end { END_LIMIT } else { POLL_LIMIT };
        let mut pause = Pause::default();
        loop {
            let reply = self.call(name, params).await?;
            let agrees = |reply: &Value| self.matcher.clone().differs(want, &part(want, reply), "").is_none();
            if !repeated || agrees(&reply) || Instant::now() > limit.min(self.end) {
                return Ok(reply);
            }
            pause.wait().await;
        }
    }

    async fn create_function(&mut self, step: &Step, mut params: Value) -> Result<Value, String> {
        params["Code"] = json!({"ZipFile": BASE64_STANDARD.encode(zipped(step))});
        let role = params["Role"].as_str().unwrap_or_default();
        if !(role.starts_with("arn:") && role.contains("role/")) {
            params["Role"] = self.fill(&"{{role0}}".into()).await?;
        }
        let reply = self.call("lambda.CreateFunction", &params).await?;
        let mut pause = Pause::default();
        while !is_error(&reply) {
            let state = self.call("lambda.GetFunction", &params).await?;
            if is_error(&state) || state["Configuration"]["State"] != "Pending" {
                break;
            }
            pause.wait().await;
        }
        Ok(reply)
    }

    /// What Step Functions has written to a log group, in the order of the events.
    async fn logs(&mut self, group: &str, want: &Value) -> Result<Value, String> {
        let group = self.tokens.fill_text(group)?;
        let limit = self.end.min(Instant::now() + POLL_LIMIT);
        let mut pause = Pause::default();
        loop {
            let mut found = self.log_events(&group).await?;
            let ended = found.last().is_some_and(|event| final_status(event).is_some());
            let complete = match want {
                Value::Array(wanted) => found.len() >= wanted.len(),
                _ => ended,
            };
            if complete || Instant::now() > limit {
                return Ok(if want.is_array() {
                    found.into()
                } else {
                    found.pop().unwrap_or_default()
                });
            }
            pause.wait().await;
        }
    }

    async fn log_events(&self, group: &str) -> Result<Vec<Value>, String> {
        let mut found = Vec::new();
        let streams = self
            .call("logs.DescribeLogStreams", &json!({"logGroupName": group}))
            .await?;
        for stream in streams["logStreams"].as_array().into_iter().flatten() {
            let params =
                json!({"logGroupName": group, "logStreamName": stream["logStreamName"], "startFromHead": true});
            let events = self.call("logs.GetLogEvents", &params).await?;
            let messages = events["events"].as_array().into_iter().flatten();
            found.extend(messages.map(|event| parsed(&event["message"])));
        }
        found.retain(|event| event.get("id").is_some());
        let id = |event: &Value| match &event["id"] {
            Value::String(id) => id.parse::<u64>().unwrap_or_default(),
            id => id.as_u64().unwrap_or_default(),
        };
        found.sort_by_key(id);
        Ok(found)
    }

    fn judge(&mut self, want: &Value, reply: &Value, label: &str) {
        let got = part(want, reply);
        let (mut wanted, seen) = (outcome(want), outcome(&got));
        if want.is_object() && wanted == json!({}) && seen.get("error_code").is_some() {
            wanted = json!({"error_code": null});
        }
        if let Some(found) = self.loose.differs(&wanted, &seen, "") {
            self.outcome_errors.push(format!("{label}: {found}"));
        }
        let (a, b) = (events_of(want), events_of(&got));
        let found = if is_history(a) && is_history(b) {
            history::differs(&mut self.matcher, a, b, self.concurrent).or_else(|| {
                let rest = want.is_object().then(|| (without_events(want), without_events(&got)));
                rest.and_then(|(want, got)| self.matcher.differs(&want, &got, ""))
            })
        } else {
            self.matcher.differs(want, &got, "")
        };
        if let Some(found) = found {
            self.strict_errors.push(format!("{label}: {found}"));
        }
    }
}

fn events_of(value: &Value) -> &Value {
    if value.is_object() { &value["events"] } else { value }
}

fn without_events(value: &Value) -> Value {
    let mut value = value.clone();
    if let Some(members) = value.as_object_mut() {
        members.shift_remove("events");
    }
    value
}

/// The source of a function as a zip.
fn zipped(step: &Step) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, text) in &step.files {
        let options = zip::write::SimpleFileOptions::default().unix_permissions(0o644);
        zip.start_file(name.as_str(), options).unwrap();
        zip.write_all(text.as_str().unwrap_or_default().as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// Between looks; longer each time.
pub struct Pause(Duration);

impl Default for Pause {
    fn default() -> Self {
        Self(Duration::from_millis(4))
    }
}

impl Pause {
    /// Waits a little.
    pub async fn wait(&mut self) {
        sleep(self.0).await;
        self.0 = (self.0 * 3 / 2).min(Duration::from_millis(200));
    }
}
