//! Events as newline-delimited JSON.

use std::sync::Mutex;

use super::Writer;
use crate::event::{Event, Sink};

pub(super) struct JsonLines {
    out: Mutex<Writer>,
}

impl JsonLines {
    pub(super) fn new(out: Writer) -> Self {
        Self { out: Mutex::new(out) }
    }
}

impl Sink for JsonLines {
    fn emit(&self, event: Event) {
        let Ok(mut line) = serde_json::to_string(&event) else {
            return;
        };
        line.push('\n');
        let mut out = self.out.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        // Whoever closed the pipe does not want to know more; what was asked for goes on.
        let _ = out.write_all(line.as_bytes());
        let _ = out.flush();
    }
}
