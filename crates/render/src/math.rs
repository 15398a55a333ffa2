//! Finds formulas in text, and the markup in which they wait to be typeset.
//!
//! Must not typeset: that is the page's part, when it first sees a formula.

use std::collections::BTreeSet;
use std::ops::Range;

use crate::escape;

/// A formula and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Formula<'a> {
    /// Where it stands, delimiters included.
    pub range: Range<usize>,
    /// Its text, without the delimiters.
    pub tex: &'a str,
    /// Whether it stands on a line of its own.
    pub display: bool,
}

/// Which delimiters count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dollars {
    /// `$$…$$` only; a single `$` is left to the Markdown parser, which knows its context.
    Double,
    /// `$…$` as well.
    All,
}

/// Jupyter's tradition doubles the backslash, because Markdown takes one away.
const PAIRS: [(&str, &str, bool); 5] = [
    ("\\\\(", "\\\\)", false),
    ("\\\\[", "\\\\]", true),
    ("\\(", "\\)", false),
    ("\\[", "\\]", true),
    ("$$", "$$", true),
];

/// Returns the formulas in order, without touching `verbatim` (ranges of code, in order).
pub fn find<'a>(text: &'a str, dollars: Dollars, verbatim: &[Range<usize>]) -> Vec<Formula<'a>> {
    let mut found = Vec::new();
    let mut verbatim = verbatim.iter().peekable();
    let mut paragraph = Paragraph::default();
    let mut at = 0;
    while let Some(next) = text[at..].find(['$', '\\']).map(|offset| at + offset) {
        while verbatim.peek().is_some_and(|range| range.end <= next) {
            verbatim.next();
        }
        let limit = verbatim.peek().map_or(text.len(), |range| range.start);
        if limit <= next {
            at = verbatim.peek().map_or(text.len(), |range| range.end);
            continue;
        }
        paragraph.reach(text, next, limit);
        at = match paragraph.read(text, next, dollars) {
            Read::Formula(formula) => {
                let end = formula.range.end;
                found.push(formula);
                end
            }
            Read::Nothing { end } => end,
        };
    }
    found
}

enum Read<'a> {
    Formula(Formula<'a>),
    /// There is no formula up to here.
    Nothing {
        end: usize,
    },
}

/// The stretch of text that a formula cannot leave: up to a blank line or to code.
#[derive(Debug, Default)]
struct Paragraph {
    end: usize,
    /// Closing delimiters that do not occur in the rest. Without them, many openings that
    /// nothing closes would each read the whole paragraph.
    missing: BTreeSet<String>,
}

impl Paragraph {
    fn reach(&mut self, text: &str, at: usize, limit: usize) {
        if at >= self.end {
            self.end = blank_line(&text[at..limit]).map_or(limit, |offset| at + offset);
            self.missing.clear();
        }
    }

    fn read<'a>(&mut self, text: &'a str, start: usize, dollars: Dollars) -> Read<'a> {
        let rest = &text[start..self.end];
        let nothing = Read::Nothing { end: start + skipped(rest) };
        if let Some(environment) = rest.strip_prefix("\\begin{") {
            let name: String = environment.chars().take_while(|c| c.is_ascii_alphabetic() || *c == '*').collect();
            if name.is_empty() || !environment[name.len()..].starts_with('}') {
                return nothing;
            }
            let closing = format!("\\end{{{name}}}");
            let Some(end) =
                self.search(rest, &closing, |text, closing| text.find(closing)).map(|end| end + closing.len())
            else {
                return nothing;
            };
            return Read::Formula(Formula { range: start..start + end, tex: &rest[..end], display: true });
        }
        for (opening, closing, display) in PAIRS {
            let Some(inner) = rest.strip_prefix(opening) else { continue };
            let Some(end) = self.search(inner, closing, unescaped) else { return nothing };
            let (tex, end) = (&inner[..end], start + opening.len() + end + closing.len());
            // Brackets that were escaped to be brackets hold no letter or digit.
            if !tex.contains(char::is_alphanumeric) {
                return Read::Nothing { end };
            }
            return Read::Formula(Formula { range: start..end, tex: tex.trim(), display });
        }
        let Some(inner) = rest.strip_prefix('$').filter(|_| dollars == Dollars::All) else { return nothing };
        let Some(end) = self.search(inner, "$", unescaped) else { return nothing };
        let tex = &inner[..end];
        let price = inner[end + 1..].starts_with(|c: char| c.is_ascii_digit());
        let spaced = tex.starts_with(char::is_whitespace) || tex.ends_with(char::is_whitespace);
        if tex.is_empty() || spaced || price {
            return nothing;
        }
        Read::Formula(Formula { range: start..start + end + 2, tex, display: false })
    }

    fn search(&mut self, text: &str, closing: &str, find: fn(&str, &str) -> Option<usize>) -> Option<usize> {
        if self.missing.contains(closing) {
            return None;
        }
        let found = find(text, closing);
        if found.is_none() {
            self.missing.insert(closing.to_owned());
        }
        found
    }
}

/// How far to go on where no formula begins: an escaped character must not open one.
fn skipped(rest: &str) -> usize {
    let mut chars = rest.chars();
    match (chars.next(), chars.next()) {
        (Some('\\'), Some('\\' | '$')) | (Some('$'), Some('$')) => 2,
        _ => 1,
    }
}

/// Finds a closing delimiter that is not part of an escape.
fn unescaped(text: &str, closing: &str) -> Option<usize> {
    let mut at = 0;
    while let Some(next) = text[at..].find(['\\', '$']).map(|offset| at + offset) {
        if text[next..].starts_with(closing) {
            return Some(next);
        }
        at = next + skipped(&text[next..]).min(text.len() - next);
    }
    None
}

fn blank_line(text: &str) -> Option<usize> {
    let mut line_end = None;
    for (at, c) in text.char_indices() {
        match c {
            '\n' if line_end.is_some() => return line_end,
            '\n' => line_end = Some(at),
            c if c.is_whitespace() => {}
            _ => line_end = None,
        }
    }
    None
}

/// Returns the element that the page typesets. Until then it shows the source.
pub fn element(tex: &str, display: bool) -> String {
    let mut out = String::from("<span class=\"math\" data-tex=\"");
    escape::push(&mut out, tex);
    out.push_str(if display { "\" data-display=\"true\">" } else { "\" data-display=\"false\">" });
    escape::push(&mut out, tex);
    out.push_str("</span>");
    out
}

#[cfg(test)]
mod tests {
    use super::{Dollars, find};

    fn formulas(text: &str, dollars: Dollars) -> Vec<(&str, bool)> {
        find(text, dollars, &[]).into_iter().map(|formula| (formula.tex, formula.display)).collect()
    }

    #[test]
    fn every_kind_of_delimiter_is_found() {
        for (text, expected) in [
            ("a $x$ b", &[("x", false)][..]),
            ("$$x$$", &[("x", true)]),
            ("$$\nx\n= y\n$$", &[("x\n= y", true)]),
            (r"\(x\) \[y\]", &[("x", false), ("y", true)]),
            (r"\\(x\\) \\[y\\]", &[("x", false), ("y", true)]),
            (r"\[a \\ b\]", &[(r"a \\ b", true)]),
            (r"\begin{align*}a\end{align*}", &[(r"\begin{align*}a\end{align*}", true)]),
            ("it costs $5 or $6", &[]),
            ("a $ b $ c", &[]),
            (r"\$x$ and $y$", &[("y", false)]),
            ("$$a\n\nb$$", &[]),
            (r"\[\] \(\) \[foo] \begin{x", &[]),
            ("$é$, $é", &[("é", false)]),
        ] {
            assert_eq!(formulas(text, Dollars::All), expected, "{text}");
        }
        assert_eq!(formulas("$x$ $$y$$", Dollars::Double), [("y", true)]);
    }

    #[test]
    fn code_is_left_alone() {
        let text = "`$$x$$` $$y$$";
        let code = 0..7;
        let found: Vec<&str> =
            find(text, Dollars::All, std::slice::from_ref(&code)).iter().map(|formula| formula.tex).collect();
        assert_eq!(found, ["y"]);
    }

    #[test]
    fn many_openings_without_an_end_take_linear_time() {
        for opening in ["\\[", "\\(", "\\\\[", "\\begin{a}", "$a\n", "\\[$$", "\\["] {
            let text = opening.repeat(200_000);
            assert!(find(&text, Dollars::Double, &[]).is_empty(), "{opening}");
            assert!(find(&format!("{text}\\)"), Dollars::Double, &[]).len() <= 1, "{opening}");
        }
    }
}
