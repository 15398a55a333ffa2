//! Text with ANSI escape sequences as styled spans.
//!
//! Must not move a cursor: carriage returns and backspaces are folded by [`crate::terminal`]
//! and are dropped here.

mod link;
pub(crate) mod scanner;
mod style;

use crate::escape;
use scanner::{Scanner, Token};
pub use style::{Color, Style};

/// A text with more changes of style than this keeps its last style, so that no output can
/// make the page build an unbounded number of elements.
const MOST_SPANS: usize = 50_000;

/// A piece of text of one style.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// The text, without control characters other than `\n` and `\t`.
    pub text: String,
    /// How it looks.
    pub style: Style,
}

/// Splits a text into spans; neighbours differ in style, none is empty.
pub fn spans(text: &str) -> Vec<Span> {
    let mut spans: Vec<Span> = Vec::new();
    let mut style = Style::default();
    Scanner::default().feed(text, &mut |token| {
        let piece = match token {
            Token::Text(piece) => piece,
            Token::Newline => "\n",
            Token::Return | Token::Backspace => return,
            Token::Sgr(parameters) => return style.select(parameters),
        };
        let full = spans.len() >= MOST_SPANS;
        match spans.last_mut() {
            Some(last) if last.style == style || full => last.text.push_str(piece),
            _ => spans.push(Span { text: piece.to_owned(), style }),
        }
    });
    spans
}

/// Returns the text without its escape sequences and control characters.
pub fn strip(text: &str) -> String {
    spans(text).into_iter().map(|span| span.text).collect()
}

/// Returns escaped markup: a `<span>` per style, web addresses as links.
pub fn to_html(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 8);
    for span in spans(text) {
        push_span(&mut out, &span.text, span.style);
    }
    out
}

/// Appends the markup of one span.
pub(crate) fn push_span(out: &mut String, text: &str, style: Style) {
    let styled = style != Style::default();
    if styled {
        out.push_str("<span");
        for (attribute, value) in [("class", style.classes()), ("style", style.declarations())] {
            if !value.is_empty() {
                out.push(' ');
                out.push_str(attribute);
                out.push_str("=\"");
                out.push_str(&value);
                out.push('"');
            }
        }
        out.push('>');
    }
    let mut done = 0;
    for address in link::find(text) {
        escape::push(out, &text[done..address.start]);
        out.push_str("<a href=\"");
        escape::push(out, &text[address.clone()]);
        out.push_str("\" target=\"_blank\" rel=\"noopener noreferrer\">");
        escape::push(out, &text[address.clone()]);
        out.push_str("</a>");
        done = address.end;
    }
    escape::push(out, &text[done..]);
    if styled {
        out.push_str("</span>");
    }
}

#[cfg(test)]
mod tests {
    use super::{MOST_SPANS, spans, strip, to_html};

    #[test]
    fn markup_is_escaped_styled_and_linked() {
        for (text, expected) in [
            ("a<b>&\"'", "a&lt;b&gt;&amp;&quot;&#39;"),
            ("\u{1b}[31mred\u{1b}[0m plain", "<span class=\"ansi-red-fg\">red</span> plain"),
            ("\u{1b}[1;38;2;1;2;3mx", "<span class=\"ansi-bold\" style=\"color: rgb(1,2,3)\">x</span>"),
            (
                "at https://a.org/?x=1&y=<",
                "at <a href=\"https://a.org/?x=1&amp;y=\" target=\"_blank\" rel=\"noopener noreferrer\">\
                 https://a.org/?x=1&amp;y=</a>&lt;",
            ),
            ("\u{1b}[31m\u{1b}[0m", ""),
            ("\u{1b}]8;;javascript:alert(1)\u{1b}\\click\u{1b}]8;;\u{1b}\\", "click"),
        ] {
            assert_eq!(to_html(text), expected, "{text:?}");
        }
    }

    #[test]
    fn the_number_of_spans_is_bounded_and_no_text_is_lost() {
        let text = "\u{1b}[31ma\u{1b}[32mb".repeat(MOST_SPANS);
        assert_eq!(spans(&text).len(), MOST_SPANS);
        assert_eq!(strip(&text), "ab".repeat(MOST_SPANS));
    }
}
