//! Events in, words out: a live tree for terminals, plain lines elsewhere, JSON lines for programs.
//!
//! Everything that comes from outside (names, causes, outputs) goes through [`text::escape`] before a terminal sees it.

mod json;
mod lines;
mod live;
pub mod plan;
pub mod smoke;
pub mod snippet;
pub mod text;
pub mod theme;
mod words;

use std::io::Write;
use std::sync::Arc;

use indicatif::{MultiProgress, ProgressDrawTarget};

use crate::event::{Event, Sink};
use theme::Theme;
pub use words::message_of;

/// Where a reporter writes to.
pub type Writer = Box<dyn Write + Send>;

/// How events are shown. Cheap to clone.
#[derive(Clone)]
pub struct Reporter {
    sink: Arc<dyn Sink>,
    live: Option<(MultiProgress, Arc<live::Live>)>,
}

impl Reporter {
    /// Finished work as lines, work in progress as spinners below them.
    pub fn live(target: ProgressDrawTarget, theme: Theme) -> Self {
        let multi = MultiProgress::with_draw_target(target);
        let live = Arc::new(live::Live::new(multi.clone(), theme));
        Self {
            sink: Arc::<live::Live>::clone(&live),
            live: Some((multi, live)),
        }
    }

    /// A line for whatever is finished.
    pub fn lines(out: Writer, theme: Theme) -> Self {
        Self::plain(lines::Lines::new(out, theme, lines::Choice::All))
    }

    /// Lines only for what went wrong.
    pub fn quiet(out: Writer, theme: Theme) -> Self {
        Self::plain(lines::Lines::new(out, theme, lines::Choice::Trouble))
    }

    /// Every event as one line of JSON.
    pub fn json(out: Writer) -> Self {
        Self::plain(json::JsonLines::new(out))
    }

    fn plain(sink: impl Sink + 'static) -> Self {
        Self {
            sink: Arc::new(sink),
            live: None,
        }
    }

    /// Where events go.
    pub fn sink(&self) -> &Arc<dyn Sink> {
        &self.sink
    }

    /// Reports one event.
    pub fn emit(&self, event: Event) {
        self.sink.emit(event);
    }

    /// Takes spinners off the screen while a question stands there, or lets them turn again.
    pub fn hold_still(&self, still: bool) {
        if let Some((_, live)) = &self.live {
            live.hold_still(still);
        }
    }

    /// Takes whatever is in progress off the screen: nothing of it goes on.
    pub fn clear(&self) {
        if let Some((multi, _)) = &self.live {
            // A terminal that cannot be written to has nothing to clear.
            let _ = multi.clear();
        }
    }
}
