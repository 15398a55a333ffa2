//! One line of a terminal: text with runs of style.

use crate::ansi::{self, Style};

/// A line with more changes of style than this keeps its last style.
const MOST_RUNS: usize = 512;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Run {
    style: Style,
    bytes: usize,
}

/// A line of text.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Line {
    text: String,
    // Invariant: the bytes of the runs add up to those of the text; no run is empty.
    runs: Vec<Run>,
    /// How many characters did not fit.
    cut: usize,
}

/// A character and how it looks.
pub(super) type Cell = (char, Style);

impl Line {
    pub(super) fn from_cells(cells: &[Cell], cut: usize) -> Self {
        let mut line = Self { cut, ..Self::default() };
        for (c, style) in cells {
            line.push(c.encode_utf8(&mut [0; 4]), *style);
        }
        line
    }

    pub(super) fn cells(&self) -> Vec<Cell> {
        self.styled().flat_map(|(text, style)| text.chars().map(move |c| (c, style))).collect()
    }

    pub(super) fn push(&mut self, text: &str, style: Style) {
        if text.is_empty() {
            return;
        }
        self.text.push_str(text);
        let full = self.runs.len() >= MOST_RUNS;
        match self.runs.last_mut() {
            Some(last) if last.style == style || full => last.bytes += text.len(),
            _ => self.runs.push(Run { style, bytes: text.len() }),
        }
    }

    pub(super) fn pop(&mut self) {
        if let (Some(c), Some(last)) = (self.text.pop(), self.runs.last_mut()) {
            last.bytes -= c.len_utf8();
            if last.bytes == 0 {
                self.runs.pop();
            }
        }
    }

    pub(super) fn cut(&mut self, characters: usize) {
        self.cut += characters;
    }

    pub(super) fn cut_off(&self) -> usize {
        self.cut
    }

    pub(super) fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    fn styled(&self) -> impl Iterator<Item = (&str, Style)> {
        self.runs.iter().scan(0, |start, run| {
            let text = &self.text[*start..*start + run.bytes];
            *start += run.bytes;
            Some((text, run.style))
        })
    }

    pub(super) fn push_html(&self, out: &mut String) {
        for (text, style) in self.styled() {
            ansi::push_span(out, text, style);
        }
        if self.cut > 0 {
            out.push('…');
        }
    }
}
