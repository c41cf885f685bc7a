//! Before the cases, what older runs left is removed; after them, also what was deployed for them.

use std::time::Instant;

use super::flow::{Run, millis};
use super::leftovers::{Clearing, Left, TEARDOWN};
use crate::cli::signals;
use crate::cloud::CloudError;
use crate::plan::{self, Desired, Tested};

/// What is done before the cases.
pub(super) const LOOKING: &str = "looking for what older runs left";

impl Run<'_> {
    /// Removes what older runs left; none if the user stopped it.
    pub(super) async fn swept(&mut self, desired: &Desired) -> Option<Result<(), CloudError>> {
        let left = tokio::select! {
            left = self.clear(desired, false) => left,
            () = signals::asked(self.interruptions, 1) => return None,
        };
        Some(left.map(|left| self.say_left(left)))
    }

    /// The same where nothing is run: then it is no trouble if it cannot be looked.
    pub(super) async fn swept_only(&mut self) {
        let app = self.suite.app;
        let (desired, _) = plan::resolve(&self.stack, &self.suite.ready.packages, self.cloud.identity());
        let there = desired.filter(|desired| app.services_are_there(desired).is_ok());
        let Some(desired) = there.filter(|_| !self.suite.args.no_deploy) else {
            return;
        };
        if let Some(Err(error)) = self.swept(&desired).await {
            app.note(format!("{LOOKING} failed: {}", error.message));
        }
    }

    /// Removes what was deployed, and looks once more for what older runs left: a call that was under way when one was killed may
    /// have been done since. Gives what is left of the own.
    pub(super) async fn remove(&mut self, desired: &Desired) -> Vec<String> {
        let began = Instant::now();
        let cleared = self.clear(desired, true).await;
        self.ran.result.took_ms[2] = millis(began);
        let own = &self.stack.name;
        match cleared {
            Ok(left) => {
                let of_own = left.get(own).map(|left| left.things.clone()).unwrap_or_default();
                // The last look decides.
                self.ran.left = false;
                self.ran.result.trouble.retain(|trouble| trouble.what != TEARDOWN);
                self.say_left(left);
                of_own
            }
            Err(error) => {
                self.ran.left = true;
                self.ran.result.trouble.push(self.suite.app.not_removed(own, error));
                vec![own.clone()]
            }
        }
    }

    async fn clear(&self, desired: &Desired, own: bool) -> Result<Left, CloudError> {
        let Some(isolation) = &self.stack.isolation else {
            return Ok(Left::default());
        };
        let clearing = Clearing {
            cloud: self.cloud,
            tested: &Tested::new(isolation, desired),
            own,
            options: &self.suite.args.patience.options(),
            sink: self.sink.as_ref(),
        };
        self.suite.app.clear_away(&clearing).await
    }

    fn say_left(&mut self, left: Left) {
        for (deployed_as, left) in left {
            self.ran.left = true;
            let trouble = self.suite.app.left_trouble(&deployed_as, &left);
            self.ran.result.trouble.push(trouble);
        }
    }

    pub(super) async fn say_kept(&self) {
        let (app, name) = (self.suite.app, &self.stack.name);
        if app.is_for_this_command().await {
            return app.note(format!(
                "{name} goes with LocalStack, which was started for this command only"
            ));
        }
        let status = app.command_line(&format!("status --name {name}"), None);
        app.note(format!("{name} is kept; `{status}` shows it"));
        app.note(format!("`{}` removes it", app.teardown_line(name)));
    }
}
