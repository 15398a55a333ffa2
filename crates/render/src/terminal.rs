//! What a stream looks like once carriage returns and backspaces have been followed.
//!
//! Incremental: appending costs in proportion to what is appended, and memory is bounded by
//! [`Bounds`] however much is printed. The rules are those Jupyter users know: `\r` goes to the
//! start of the line and what follows overwrites, `\b` deletes the character before but never a
//! line end, `\n` starts a new line after the last one. An escape sequence has no width.

mod line;

use std::collections::VecDeque;

use crate::ansi::Style;
use crate::ansi::scanner::{Scanner, Token};
use line::{Cell, Line};

/// How much of a stream is kept for showing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Lines from the beginning.
    pub head: usize,
    /// Lines from the end.
    pub tail: usize,
    /// Characters of a line.
    pub columns: usize,
}

impl Bounds {
    /// Keeps everything.
    pub const NONE: Self = Self { head: usize::MAX, tail: 0, columns: usize::MAX };
}

impl Default for Bounds {
    fn default() -> Self {
        Self { head: 500, tail: 500, columns: 20_000 }
    }
}

/// What is visible of a stream, as markup. Every line but an unfinished last one ends in `\n`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct View {
    /// The first lines.
    pub head: String,
    /// How many lines between head and tail are not shown.
    pub hidden: usize,
    /// The last lines.
    pub tail: String,
}

/// The line that is being written.
#[derive(Debug, Clone, Default)]
struct Open {
    line: Line,
    // Present once something has been overwritten; the line is then rebuilt from them.
    cells: Option<Vec<Cell>>,
    length: usize,
    // Invariant: at most `length`.
    cursor: usize,
}

impl Open {
    fn write(&mut self, text: &str, style: Style, columns: usize) {
        if self.cells.is_none() && self.cursor == self.length {
            let (text, count, cut) = fitting(text, columns.saturating_sub(self.length));
            self.line.push(text, style);
            self.line.cut(cut);
            self.length += count;
            self.cursor = self.length;
            return;
        }
        let cells = self.cells.get_or_insert_with(|| self.line.cells());
        for c in text.chars() {
            if let Some(cell) = cells.get_mut(self.cursor) {
                *cell = (c, style);
            } else if self.cursor < columns {
                cells.push((c, style));
            } else {
                self.line.cut(1);
                continue;
            }
            self.cursor += 1;
        }
        self.length = cells.len();
    }

    fn erase(&mut self) {
        if self.cursor == 0 {
            return;
        }
        if self.cells.is_none() && self.cursor == self.length {
            self.line.pop();
        } else {
            // Within a line JupyterLab drops the character under the cursor as well.
            let cells = self.cells.get_or_insert_with(|| self.line.cells());
            let end = (self.cursor + 1).min(cells.len());
            cells.drain(self.cursor - 1..end);
            self.length = cells.len();
            self.cursor -= 1;
            return;
        }
        self.cursor -= 1;
        self.length -= 1;
    }

    fn line(&self) -> Line {
        match &self.cells {
            Some(cells) => Line::from_cells(cells, self.line.cut_off()),
            None => self.line.clone(),
        }
    }

    fn into_line(self) -> Line {
        match self.cells {
            Some(cells) => Line::from_cells(&cells, self.line.cut_off()),
            None => self.line,
        }
    }
}

/// Returns what fits into so many characters, their number, and how many do not fit.
fn fitting(text: &str, room: usize) -> (&str, usize, usize) {
    // A byte count is a cheap upper bound of the number of characters.
    let count = text.chars().count();
    if count <= room {
        return (text, count, 0);
    }
    let end = text.char_indices().nth(room).map_or(text.len(), |(at, _)| at);
    (&text[..end], room, count - room)
}

/// Folds a stream as it arrives.
#[derive(Debug, Clone, Default)]
pub struct Terminal {
    bounds: Bounds,
    scanner: Scanner,
    style: Style,
    head: Vec<Line>,
    hidden: usize,
    tail: VecDeque<Line>,
    open: Open,
}

impl Terminal {
    /// Makes an empty terminal.
    pub fn new(bounds: Bounds) -> Self {
        Self { bounds, ..Self::default() }
    }

    /// Reads the next piece of the stream. It may end anywhere, also inside an escape sequence.
    pub fn append(&mut self, text: &str) {
        let mut scanner = std::mem::take(&mut self.scanner);
        scanner.feed(text, &mut |token| match token {
            Token::Text(text) => self.open.write(text, self.style, self.bounds.columns),
            Token::Newline => self.end_line(),
            Token::Return => self.open.cursor = 0,
            Token::Backspace => self.open.erase(),
            Token::Sgr(parameters) => self.style.select(parameters),
        });
        self.scanner = scanner;
    }

    fn end_line(&mut self) {
        let line = std::mem::take(&mut self.open).into_line();
        if self.head.len() < self.bounds.head {
            self.head.push(line);
            return;
        }
        self.tail.push_back(line);
        if self.tail.len() > self.bounds.tail {
            self.tail.pop_front();
            self.hidden += 1;
        }
    }

    /// Returns how many lines are not kept.
    pub fn hidden(&self) -> usize {
        self.hidden
    }

    /// Returns how many lines there are, an unfinished one included.
    pub fn line_count(&self) -> usize {
        let open = usize::from(self.open.length > 0);
        self.head.len() + self.hidden + self.tail.len() + open
    }

    /// Returns the kept text without styles; hidden lines are left out.
    pub fn text(&self) -> String {
        let mut text = String::new();
        for line in self.head.iter().chain(&self.tail) {
            text.push_str(line.text());
            text.push('\n');
        }
        text.push_str(self.open.line().text());
        text
    }

    /// Returns what is to be shown.
    pub fn view(&self) -> View {
        let mut view = View { head: String::new(), hidden: self.hidden, tail: String::new() };
        for line in &self.head {
            line.push_html(&mut view.head);
            view.head.push('\n');
        }
        for line in &self.tail {
            line.push_html(&mut view.tail);
            view.tail.push('\n');
        }
        let open = self.open.line();
        if !open.is_empty() {
            open.push_html(&mut view.tail);
        }
        view
    }
}

/// Folds a whole text and returns it without styles.
pub fn fold(text: &str) -> String {
    let mut terminal = Terminal::new(Bounds::NONE);
    terminal.append(text);
    terminal.text()
}

#[cfg(test)]
mod tests {
    use super::{Bounds, Terminal, fold};

    #[test]
    fn returns_and_backspaces_are_followed() {
        for (text, expected) in [
            ("abc\rx", "xbc"),
            ("abc\r\nd", "abc\nd"),
            ("abc\rd\n", "dbc\n"),
            ("  5%\r 50%\r100%\n", "100%\n"),
            ("a\rbcd", "bcd"),
            ("a\r\rb", "b"),
            ("abc\u{8}\u{8}x", "ax"),
            ("a\n\u{8}\u{8}b", "a\nb"),
            ("abc\rxy\u{8}z", "xz"),
            ("abcd\rxy\u{8}", "xd"),
            ("abc\r\u{8}x", "xbc"),
            ("é😀\u{8}x", "éx"),
            ("one\ntwo\rT", "one\nTwo"),
            ("a\n\nb\n", "a\n\nb\n"),
            ("", ""),
        ] {
            assert_eq!(fold(text), expected, "{text:?}");
        }
    }

    #[test]
    fn styles_stay_with_their_characters() {
        let mut terminal = Terminal::default();
        terminal.append("\u{1b}[31mred\u{1b}[32m\rG");
        assert_eq!(terminal.view().tail, "<span class=\"ansi-green-fg\">G</span><span class=\"ansi-red-fg\">ed</span>");
        terminal.append("\n<next>");
        assert_eq!(terminal.view().tail, "<span class=\"ansi-green-fg\">&lt;next&gt;</span>");
    }

    #[test]
    fn only_the_first_and_last_lines_are_kept() {
        let mut terminal = Terminal::new(Bounds { head: 2, tail: 3, columns: 10 });
        for n in 0..100 {
            terminal.append(&format!("line {n}\n"));
        }
        let view = terminal.view();
        assert_eq!(view.head, "line 0\nline 1\n");
        assert_eq!(view.hidden, 95);
        assert_eq!(view.tail, "line 97\nline 98\nline 99\n");
        assert_eq!(terminal.line_count(), 100);
        terminal.append("0123456789abc");
        assert!(terminal.view().tail.ends_with("0123456789…"));
        assert_eq!(terminal.line_count(), 101);
    }

    #[test]
    fn a_long_line_that_is_overwritten_stays_bounded() {
        let mut terminal = Terminal::new(Bounds { head: 1, tail: 1, columns: 4 });
        terminal.append("abcdef\rx\rlonger than it");
        assert_eq!(terminal.text(), "long");
    }

    #[test]
    fn appending_costs_in_proportion_to_what_is_appended() {
        // Fifty megabytes in small pieces; quadratic work would not end.
        let mut terminal = Terminal::default();
        let piece = "0123456789".repeat(10) + "\n";
        for _ in 0..500_000 {
            terminal.append(&piece);
        }
        assert_eq!(terminal.line_count(), 500_000);
        assert_eq!(terminal.hidden(), 499_000);
    }
}
