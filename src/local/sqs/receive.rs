//! Receiving: which messages, in which order, and what is told of them.

use rusqlite::Transaction;
use serde_json::{Map, Value};

use super::error::unknown_attribute;
use super::input::Input;
use super::messages::{self, Message};
use super::send;
use super::table::Queue;
use super::{attributes, digest, handle};
use crate::local::api::{ACCOUNT, ApiError};
use crate::local::random;

/// A receive, as it was asked for.
pub(super) struct Asked<'a> {
    most: usize,
    /// In seconds, if it is not that of the queue.
    visibility: Option<i64>,
    /// Likewise.
    pub(super) wait: Option<i64>,
    system: Vec<&'a str>,
    attributes: Vec<&'a str>,
}

const SYSTEM: &[&str] = &[
    "All",
    "SenderId",
    "SentTimestamp",
    "ApproximateReceiveCount",
    "ApproximateFirstReceiveTimestamp",
    "SequenceNumber",
    "MessageDeduplicationId",
    "MessageGroupId",
    "AWSTraceHeader",
    "DeadLetterQueueSourceArn",
];

pub(super) const VISIBILITY: &str = "Must be between 0 and 43200, if provided.";

impl<'a> Asked<'a> {
    pub(super) fn read(input: &Input<'a>) -> Result<Self, ApiError> {
        let most = input.number("MaxNumberOfMessages", 1, 10, "Must be between 1 and 10, if provided.")?;
        let mut system = input.texts("AttributeNames")?;
        system.extend(input.texts("MessageSystemAttributeNames")?);
        if let Some(unknown) = system.iter().find(|name| !SYSTEM.contains(name)) {
            return Err(unknown_attribute(unknown));
        }
        Ok(Self {
            most: usize::try_from(most.unwrap_or(1)).unwrap_or(1),
            visibility: input.number("VisibilityTimeout", 0, 43_200, VISIBILITY)?,
            wait: input.number("WaitTimeSeconds", 0, 20, "Must be >= 0 and <= 20, if provided.")?,
            system,
            attributes: input.texts("MessageAttributeNames")?,
        })
    }

    /// Messages that can be received now; they are in flight afterwards.
    pub(super) fn take(&self, db: &Transaction<'_>, queue: &Queue, now: i64) -> Result<Vec<Value>, ApiError> {
        messages::drop_expired(db, queue, now)?;
        let visibility = self.visibility.unwrap_or_else(|| queue.number("VisibilityTimeout"));
        let mut taking = Taking {
            db,
            queue,
            dead_letter: attributes::dead_letter(db, queue)?,
            now,
            until: now.saturating_add(visibility * 1000),
            most: self.most,
            taken: Vec::new(),
        };
        if queue.is_fifo() {
            taking.take_from_groups()?;
        } else {
            taking.take_from_standard()?;
        }
        Ok(taking.taken.iter().map(|message| self.show(queue, message)).collect())
    }

    fn show(&self, queue: &Queue, message: &Message) -> Value {
        let mut shown = Map::new();
        let mut put = |name: &str, value: Value| {
            shown.insert(name.to_owned(), value);
        };
        put("MessageId", message.message_id.clone().into());
        put("ReceiptHandle", handle::of(queue, message).into());
        put("MD5OfBody", digest::of_body(&message.body).into());
        put("Body", message.body.clone().into());
        let system = self.system_attributes(queue, message);
        if !system.is_empty() {
            put("Attributes", system.into());
        }
        let wanted = message.attributes.iter().filter(|(name, _)| self.wants(name));
        let attributes: Map<String, Value> = wanted.map(|(name, value)| (name.clone(), value.clone())).collect();
        if let Some(sum) = digest::of_attributes(&attributes) {
            put("MD5OfMessageAttributes", sum.into());
            put("MessageAttributes", attributes.into());
        }
        shown.into()
    }

    /// By name, or `All`, `.*`, `prefix.*`.
    fn wants(&self, name: &str) -> bool {
        self.attributes.iter().any(|wanted| {
            let prefix = wanted.strip_suffix(".*");
            *wanted == "All" || *wanted == name || prefix.is_some_and(|prefix| name.starts_with(prefix))
        })
    }

    fn system_attributes(&self, queue: &Queue, message: &Message) -> Map<String, Value> {
        let mut all = vec![
            ("SenderId", Some(ACCOUNT.to_owned())),
            (
                "ApproximateFirstReceiveTimestamp",
                message.first_received.map(|at| at.to_string()),
            ),
            ("ApproximateReceiveCount", Some(message.receives.to_string())),
            ("SentTimestamp", Some(message.sent.to_string())),
            ("MessageGroupId", message.group.clone()),
            ("SequenceNumber", queue.is_fifo().then(|| send::sequence(message.id))),
        ];
        for name in ["AWSTraceHeader", "MessageDeduplicationId", "DeadLetterQueueSourceArn"] {
            let value = message.system.get(name).and_then(Value::as_str);
            all.push((name, value.map(str::to_owned)));
        }
        let is_wanted = |name: &str| self.system.contains(&"All") || self.system.contains(&name);
        all.into_iter()
            .filter(|(name, _)| is_wanted(name))
            .filter_map(|(name, value)| Some((name.to_owned(), value?.into())))
            .collect()
    }
}

/// Messages being taken out of a queue.
struct Taking<'a> {
    db: &'a Transaction<'a>,
    queue: &'a Queue,
    /// Where messages go that were received that often.
    dead_letter: Option<(Queue, i64)>,
    now: i64,
    /// Until when they are in flight.
    until: i64,
    most: usize,
    taken: Vec<Message>,
}

impl Taking<'_> {
    fn take_from_standard(&mut self) -> Result<(), ApiError> {
        loop {
            // With a visibility timeout of zero, what was taken is found again.
            let found = Message::ready(self.db, self.queue, self.now, self.most + self.taken.len())?;
            let mut moved = false;
            for message in found {
                if self.taken.iter().any(|taken| taken.id == message.id) {
                    continue;
                }
                if self.is_full() {
                    return Ok(());
                }
                moved |= !self.take(message)?;
            }
            if !moved {
                return Ok(());
            }
        }
    }

    fn take_from_groups(&mut self) -> Result<(), ApiError> {
        let mut visited: Vec<String> = Vec::new();
        while !self.is_full() {
            let groups = messages::ready_groups(self.db, self.queue, self.now, visited.len() + 1)?;
            let Some(group) = groups.into_iter().find(|group| !visited.contains(group)) else {
                return Ok(());
            };
            self.take_from_group(&group)?;
            messages::refresh_group(self.db, self.queue, &group)?;
            visited.push(group);
        }
        Ok(())
    }

    /// In order, and nothing behind a message that is still delayed.
    fn take_from_group(&mut self, group: &str) -> Result<(), ApiError> {
        loop {
            let mut moved = false;
            for message in Message::of_group(self.db, self.queue, group, self.most)? {
                let taken = self.taken.iter().any(|taken| taken.id == message.id);
                if taken || self.is_full() || message.visible > self.now {
                    return Ok(());
                }
                moved |= !self.take(message)?;
            }
            if !moved {
                return Ok(());
            }
        }
    }

    fn is_full(&self) -> bool {
        self.taken.len() >= self.most
    }

    /// False if the message went to the dead-letter queue instead.
    fn take(&mut self, mut message: Message) -> Result<bool, ApiError> {
        if let Some((dead_letter, most)) = &self.dead_letter
            && message.receives >= *most
        {
            bury(self.db, self.queue, dead_letter, message, self.now)?;
            return Ok(false);
        }
        message.receives += 1;
        message.first_received.get_or_insert(self.now);
        message.receipt = Some(random::hex(16));
        message.visible = self.until;
        message.update(self.db, self.now)?;
        self.taken.push(message);
        Ok(true)
    }
}

/// Moves a message to the dead-letter queue.
fn bury(
    db: &Transaction<'_>,
    queue: &Queue,
    dead_letter: &Queue,
    mut message: Message,
    now: i64,
) -> Result<(), ApiError> {
    message.delete(db)?;
    message
        .system
        .insert("DeadLetterQueueSourceArn".to_owned(), queue.arn().into());
    message.visible = now;
    message.first_received = None;
    message.receipt = None;
    message.receives = 0;
    // The age of a message goes on in a standard queue, and starts anew in a FIFO queue.
    if queue.is_fifo() {
        message.sent = now;
    }
    message.insert(db, dead_letter)?;
    Ok(())
}
