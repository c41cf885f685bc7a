//! The live tree: what is finished becomes a line that stays, what is in progress has a spinner below the lines.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use super::text::{escape, pad};
use super::theme::Theme;
use super::words::{Words, kind_words};
use crate::event::{Event, Sink};

/// How often a spinner turns.
const TICK: Duration = Duration::from_millis(100);

pub(super) struct Live {
    multi: MultiProgress,
    inner: Mutex<Inner>,
}

struct Inner {
    words: Words,
    spinners: BTreeMap<Key, ProgressBar>,
    /// Whether they are held still.
    still: bool,
}

/// What a spinner stands for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Step(String),
    State(String, u64),
    /// A test case: the stack file and its name.
    Case(String, String),
}

impl Live {
    pub(super) fn new(multi: MultiProgress, theme: Theme) -> Self {
        Self {
            multi,
            inner: Mutex::new(Inner {
                words: Words::new(theme),
                spinners: BTreeMap::new(),
                still: false,
            }),
        }
    }

    /// Takes the spinners off the screen and stops them from drawing over what is typed, or lets them turn again.
    pub(super) fn hold_still(&self, still: bool) {
        let mut inner = self.inner.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        inner.still = still;
        for spinner in inner.spinners.values() {
            if still {
                spinner.disable_steady_tick();
            } else {
                spinner.enable_steady_tick(TICK);
            }
        }
        if still {
            let _ = self.multi.clear();
        }
    }

    fn begin(&self, inner: &mut Inner, key: Key, message: String) {
        let spinner = self.multi.add(ProgressBar::new_spinner());
        if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} {elapsed}") {
            spinner.set_style(style);
        }
        spinner.set_message(message);
        if !inner.still {
            spinner.enable_steady_tick(TICK);
        }
        inner.spinners.insert(key, spinner);
    }

    fn end(&self, inner: &mut Inner, ended: impl Fn(&Key) -> bool) {
        let keys: Vec<Key> = inner.spinners.keys().filter(|key| ended(key)).cloned().collect();
        for key in keys {
            if let Some(spinner) = inner.spinners.remove(&key) {
                spinner.finish_and_clear();
                self.multi.remove(&spinner);
            }
        }
    }

    fn move_spinners(&self, inner: &mut Inner, event: &Event) {
        match event {
            Event::StepStarted {
                step,
                action,
                kind,
                name,
            } => {
                let message = format!("{} {} {}", escape(action), kind_words(kind), escape(name));
                self.begin(inner, Key::Step(step.clone()), message);
            }
            Event::StepWaiting { step, reason, .. } => {
                if let Some(spinner) = inner.spinners.get(&Key::Step(step.clone())) {
                    spinner.set_message(format!("{}: {}", escape(step), escape(reason)));
                }
            }
            Event::StepFinished { step, .. } | Event::StepFailed { step, .. } | Event::StepSkipped { step, .. } => {
                self.end(inner, |key| *key == Key::Step(step.clone()));
            }
            Event::StateEntered {
                execution,
                entered,
                state,
                state_type,
                ..
            } => {
                let message = format!("{}  {}", pad(&escape(state), 20), pad(&escape(state_type), 8));
                self.begin(inner, Key::State(execution.clone(), *entered), message);
            }
            Event::StateExited { execution, entered, .. } => {
                self.end(inner, |key| *key == Key::State(execution.clone(), *entered));
            }
            Event::ExecutionFinished { execution, .. } => {
                self.end(inner, |key| matches!(key, Key::State(of, _) if of == execution));
            }
            Event::CaseStarted {
                file, case, attempt, ..
            } => {
                let key = Key::Case(file.clone(), case.clone());
                let message = inner.words.case_running(file, case, *attempt);
                match inner.spinners.get(&key) {
                    Some(spinner) => spinner.set_message(message),
                    None => self.begin(inner, key, message),
                }
            }
            Event::CaseFinished { file, case, .. } => {
                self.end(inner, |key| *key == Key::Case(file.clone(), case.clone()));
            }
            _ => {}
        }
    }
}

impl Sink for Live {
    fn emit(&self, event: Event) {
        let mut inner = self.inner.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        self.move_spinners(&mut inner, &event);
        let lines = inner.words.lines(&event);
        // A spinner says these better than a line.
        if matches!(event, Event::StepWaiting { .. } | Event::StateRunning { .. }) {
            return;
        }
        for line in lines {
            // A terminal that cannot be written to shows nothing; what was asked for goes on.
            let _ = self.multi.println(line);
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::io;
    use std::sync::Arc;

    use indicatif::{ProgressDrawTarget, TermLike};
    use serde_json::json;

    use super::*;

    /// A terminal that remembers what was written.
    #[derive(Clone, Debug, Default)]
    struct Terminal(Arc<Mutex<String>>);

    impl Terminal {
        fn seen(&self) -> String {
            self.0.lock().unwrap().clone()
        }
    }

    impl TermLike for Terminal {
        fn width(&self) -> u16 {
            80
        }
        fn move_cursor_up(&self, _lines: usize) -> io::Result<()> {
            Ok(())
        }
        fn move_cursor_down(&self, _lines: usize) -> io::Result<()> {
            Ok(())
        }
        fn move_cursor_right(&self, _columns: usize) -> io::Result<()> {
            Ok(())
        }
        fn move_cursor_left(&self, _columns: usize) -> io::Result<()> {
            Ok(())
        }
        fn write_line(&self, line: &str) -> io::Result<()> {
            self.write_str(&format!("{line}\n"))
        }
        fn write_str(&self, text: &str) -> io::Result<()> {
            self.0.lock().unwrap().push_str(text);
            Ok(())
        }
        fn clear_line(&self) -> io::Result<()> {
            Ok(())
        }
        fn flush(&self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn finished_work_stays_and_work_in_progress_goes() {
        let terminal = Terminal::default();
        let target = ProgressDrawTarget::term_like(Box::new(terminal.clone()));
        let live = Live::new(MultiProgress::with_draw_target(target), Theme::PLAIN);
        let step = |step: &str| Event::StepStarted {
            step: step.into(),
            action: "create".into(),
            kind: "role".into(),
            name: step.into(),
        };
        live.emit(step("a"));
        live.emit(step("b"));
        live.emit(Event::StepFinished {
            step: "a".into(),
            action: "create".into(),
            kind: "role".into(),
            name: "a".into(),
            arn: None,
            took_ms: 7,
        });
        let seen = terminal.seen();
        assert!(seen.contains("created role a (7 ms)"), "{seen}");
        let left: Vec<Key> = live.inner.lock().unwrap().spinners.keys().cloned().collect();
        assert_eq!(left, [Key::Step("b".into())]);
    }

    #[test]
    fn a_case_has_one_spinner_whatever_its_attempts() {
        let live = Live::new(
            MultiProgress::with_draw_target(ProgressDrawTarget::hidden()),
            Theme::PLAIN,
        );
        let started = |case: &str, attempt| Event::CaseStarted {
            file: "a.yaml".into(),
            case: case.into(),
            state_machine: "M".into(),
            attempt,
        };
        let messages = || -> Vec<String> {
            let inner = live.inner.lock().unwrap();
            inner.spinners.values().map(|spinner| spinner.message()).collect()
        };
        live.emit(started("one", 1));
        live.emit(started("two", 1));
        live.emit(started("one", 2));
        assert_eq!(messages(), ["one (attempt 2)", "two"]);
        live.emit(Event::CaseFinished {
            file: "a.yaml".into(),
            case: "one".into(),
            verdict: "flaky".into(),
            attempts: 2,
            took_ms: 3,
            reasons: Vec::new(),
        });
        assert_eq!(messages(), ["two"]);
    }

    #[test]
    fn the_end_of_an_execution_ends_its_spinners_only() {
        let live = Live::new(
            MultiProgress::with_draw_target(ProgressDrawTarget::hidden()),
            Theme::PLAIN,
        );
        for execution in ["one", "two"] {
            live.emit(Event::StateEntered {
                execution: execution.into(),
                entered: 2,
                state: "Fail".into(),
                state_type: "Fail".into(),
                at_ms: 0,
                input: json!(null),
            });
        }
        live.emit(Event::ExecutionFinished {
            execution: "one".into(),
            arn: "arn".into(),
            status: "FAILED".into(),
            output: None,
            error: None,
            cause: None,
            took_ms: 1,
        });
        let left: Vec<Key> = live.inner.lock().unwrap().spinners.keys().cloned().collect();
        assert_eq!(left, [Key::State("two".into(), 2)]);
    }
}
