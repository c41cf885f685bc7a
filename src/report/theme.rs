//! The colours. A meaning has a colour, and never only a colour: without it the words say the same.

use anstyle::{AnsiColor, Style};

/// What a piece of text means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Meaning {
    Good,
    Bad,
    Warning,
    Added,
    Changed,
    Removed,
    Hint,
    Faint,
    Strong,
}

/// Whether, and how, text is coloured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Theme {
    /// Whether colours are written at all.
    pub color: bool,
}

impl Theme {
    /// No colours.
    pub const PLAIN: Self = Self { color: false };

    /// The text in the colour of its meaning. The text must have been escaped before.
    pub fn paint(self, meaning: Meaning, text: &str) -> String {
        if !self.color || text.is_empty() {
            return text.to_owned();
        }
        let style = style(meaning);
        format!("{style}{text}{style:#}")
    }
}

fn style(meaning: Meaning) -> Style {
    let color = |color: AnsiColor| color.on_default();
    match meaning {
        Meaning::Good | Meaning::Added => color(AnsiColor::Green),
        Meaning::Bad => color(AnsiColor::Red).bold(),
        Meaning::Removed => color(AnsiColor::Red),
        Meaning::Warning | Meaning::Changed => color(AnsiColor::Yellow),
        Meaning::Hint => color(AnsiColor::Cyan),
        Meaning::Faint => Style::new().dimmed(),
        Meaning::Strong => Style::new().bold(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colour_is_written_only_when_wanted() {
        assert_eq!(Theme::PLAIN.paint(Meaning::Good, "done"), "done");
        let painted = Theme { color: true }.paint(Meaning::Good, "done");
        assert_eq!(painted, "\u{1b}[32mdone\u{1b}[0m");
        assert_eq!(Theme { color: true }.paint(Meaning::Good, ""), "");
    }
}
