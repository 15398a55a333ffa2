//! Markdown cells and outputs.
//!
//! Formulas are taken out before parsing and put back as elements afterwards, because inside
//! them `_`, `*`, `\\` and lines that begin with `+` or `=` are mathematics.
#![expect(clippy::wildcard_enum_match_arm, reason = "the parser's many events pass unchanged unless they hold text")]

use std::borrow::Cow;
use std::ops::Range;

use pulldown_cmark::{CodeBlockKind, CowStr, Event, Options, Parser, Tag, TagEnd, html};
use render::escape;
use render::math::{self, Dollars};

use crate::{activity, policy};

/// Noncharacters, which no text contains for a purpose, mark where a formula was.
const OPEN: char = '\u{fdd0}';
const CLOSE: char = '\u{fdd1}';

/// A destination of this scheme names an attachment of the cell.
const ATTACHMENT: &str = "attachment:";

/// Returns safe markup. Formulas are `<span class="math" data-tex data-display>`; an image that
/// is an attachment is `<img data-attachment="name">`, without an address.
pub fn to_html(markdown: &str) -> String {
    let text = markdown.replace([OPEN, CLOSE], "\u{fffd}");
    let (text, formulas) = take_formulas(&text);
    let restorer = Restorer { formulas };
    let mut events = Vec::new();
    let mut image: Option<Picture> = None;
    for event in Parser::new_ext(&text, options()) {
        restorer.push(event, &mut events, &mut image);
    }
    let mut out = String::with_capacity(text.len() * 2);
    html::push_html(&mut out, events.into_iter());
    if activity::is_too_large(&out) {
        return format!("<pre>{}</pre>", escape::escaped(markdown));
    }
    policy::MARKDOWN.clean(&out).to_string()
}

fn options() -> Options {
    Options::ENABLE_TABLES
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_MATH
}

/// Something the parser must not see.
#[derive(Debug)]
struct Taken {
    source: String,
    element: String,
}

/// Replaces the formulas outside of code by marks.
fn take_formulas(text: &str) -> (Cow<'_, str>, Vec<Taken>) {
    if !text.contains("$$") && !text.contains('\\') {
        return (text.into(), Vec::new());
    }
    let verbatim: Vec<Range<usize>> = Parser::new_ext(text, options())
        .into_offset_iter()
        .filter(|(event, _)| matches!(event, Event::Code(_) | Event::Start(Tag::CodeBlock(_))))
        .map(|(_, range)| range)
        .collect();
    let mut marked = String::with_capacity(text.len());
    let mut taken = Vec::new();
    let mut done = 0;
    for formula in math::find(text, Dollars::Double, &verbatim) {
        marked.push_str(&text[done..formula.range.start]);
        marked.push(OPEN);
        marked.push_str(&taken.len().to_string());
        marked.push(CLOSE);
        done = formula.range.end;
        taken.push(Taken {
            source: text[formula.range].to_owned(),
            element: math::element(formula.tex, formula.display),
        });
    }
    marked.push_str(&text[done..]);
    (marked.into(), taken)
}

/// An image whose alternative text is being read.
#[derive(Debug, Default)]
struct Picture {
    /// Name of the attachment; `None` for an ordinary image.
    name: Option<String>,
    alternative: String,
    // Images may be nested in an alternative text.
    depth: usize,
}

impl Picture {
    fn push_end(self, out: &mut Vec<Event<'_>>) {
        match self.name {
            Some(name) => out.push(Event::InlineHtml(attachment(&name, &self.alternative).into())),
            None => out.extend([Event::Text(self.alternative.into()), Event::End(TagEnd::Image)]),
        }
    }
}

struct Restorer {
    formulas: Vec<Taken>,
}

impl Restorer {
    /// Passes an event on, with the formulas back in their places.
    fn push<'e>(&self, event: Event<'e>, out: &mut Vec<Event<'e>>, image: &mut Option<Picture>) {
        match event {
            Event::Start(Tag::Image { link_type, dest_url, title, id }) => {
                if let Some(open) = image {
                    open.depth += 1;
                    return;
                }
                let dest_url = self.plain(dest_url);
                let name = dest_url.strip_prefix(ATTACHMENT).map(str::to_owned);
                if name.is_none() {
                    let title = self.plain(title);
                    out.push(Event::Start(Tag::Image { link_type, dest_url, title, id }));
                }
                *image = Some(Picture { name, ..Picture::default() });
            }
            Event::End(TagEnd::Image) => match image {
                Some(open) if open.depth > 0 => open.depth -= 1,
                _ => image.take().unwrap_or_default().push_end(out),
            },
            event => match image {
                // An alternative text is plain text: markup in it would end the attribute.
                Some(open) => {
                    if let Event::Text(text) | Event::Code(text) | Event::InlineMath(text) | Event::DisplayMath(text) =
                        event
                    {
                        open.alternative.push_str(&self.plain(text));
                    } else if matches!(event, Event::SoftBreak | Event::HardBreak) {
                        open.alternative.push(' ');
                    }
                }
                None => self.push_outside(event, out),
            },
        }
    }

    fn push_outside<'e>(&self, event: Event<'e>, out: &mut Vec<Event<'e>>) {
        match event {
            Event::Text(text) if text.contains(OPEN) => self.push_text(&text, out),
            Event::Code(code) => out.push(Event::Code(self.plain(code))),
            Event::Html(raw) => out.push(Event::Html(self.plain(raw))),
            Event::InlineHtml(raw) => out.push(Event::InlineHtml(self.plain(raw))),
            Event::InlineMath(tex) => out.push(Event::InlineHtml(math::element(&self.plain(tex), false).into())),
            Event::DisplayMath(tex) => {
                out.push(Event::InlineHtml(math::element(self.plain(tex).trim(), true).into()));
            }
            Event::FootnoteReference(label) => out.push(Event::FootnoteReference(self.plain(label))),
            Event::Start(tag) => out.push(Event::Start(self.plain_tag(tag))),
            other => out.push(other),
        }
    }

    fn plain_tag<'e>(&self, tag: Tag<'e>) -> Tag<'e> {
        match tag {
            Tag::Link { link_type, dest_url, title, id } => {
                Tag::Link { link_type, dest_url: self.plain(dest_url), title: self.plain(title), id }
            }
            Tag::CodeBlock(CodeBlockKind::Fenced(info)) => Tag::CodeBlock(CodeBlockKind::Fenced(self.plain(info))),
            Tag::FootnoteDefinition(label) => Tag::FootnoteDefinition(self.plain(label)),
            other => other,
        }
    }

    /// Splits text at the marks.
    fn push_text(&self, text: &str, out: &mut Vec<Event<'_>>) {
        for (index, part) in text.split(OPEN).enumerate() {
            let (formula, rest) = if index == 0 { (None, part) } else { self.formula(part) };
            if let Some(taken) = formula {
                out.push(Event::InlineHtml(taken.element.clone().into()));
            }
            if !rest.is_empty() {
                out.push(Event::Text(rest.to_owned().into()));
            }
        }
    }

    /// Puts the source of the formulas back where they cannot be elements.
    fn plain<'e>(&self, text: CowStr<'e>) -> CowStr<'e> {
        if !text.contains(OPEN) {
            return text;
        }
        let mut plain = String::new();
        for (index, part) in text.split(OPEN).enumerate() {
            let (formula, rest) = if index == 0 { (None, part) } else { self.formula(part) };
            if let Some(taken) = formula {
                plain.push_str(&taken.source);
            }
            plain.push_str(rest);
        }
        plain.into()
    }

    /// Reads what follows an opening mark.
    fn formula<'t>(&self, part: &'t str) -> (Option<&Taken>, &'t str) {
        match part.split_once(CLOSE) {
            Some((index, rest)) => (index.parse().ok().and_then(|index: usize| self.formulas.get(index)), rest),
            None => (None, part),
        }
    }
}

fn attachment(name: &str, alternative: &str) -> String {
    format!("<img data-attachment=\"{}\" alt=\"{}\">", escape::escaped(name), escape::escaped(alternative))
}

#[cfg(test)]
mod tests {
    use super::to_html;
    use expect_test::expect;

    #[test]
    fn tables_footnotes_tasks_and_code_are_rendered() {
        expect![[r##"
            <h1>Title</h1>
            <table><thead><tr><th style="text-align:right">a</th></tr></thead><tbody>
            <tr><td style="text-align:right">1</td></tr>
            </tbody></table>
            <p><del>old</del> note<sup class="footnote-reference"><a href="#m-1" target="_blank" rel="noopener noreferrer">1</a></sup></p>
            <div class="footnote-definition" id="m-1"><sup class="footnote-definition-label">1</sup>
            <p>The note.</p>
            </div>
            <ul>
            <li><input disabled="" type="checkbox" checked="">
            done</li>
            </ul>
            <pre><code class="language-python">x &lt; 1
            </code></pre>
        "##]]
        .assert_eq(&to_html(
            "# Title\n\n| a |\n|--:|\n| 1 |\n\n~~old~~ note[^1]\n\n[^1]: The note.\n\n- [x] done\n\n```python\nx < 1\n```\n",
        ));
    }

    fn tex(markdown: &str) -> Vec<(String, bool)> {
        to_html(markdown)
            .split("data-tex=\"")
            .skip(1)
            .map(|rest| (rest.split('"').next().unwrap().to_owned(), rest.contains("data-display=\"true\"")))
            .collect()
    }

    #[test]
    fn formulas_survive_unchanged() {
        for (markdown, expected, display) in [
            ("a $x_1*y_2*z$ b", "x_1*y_2*z", false),
            ("$$a_1 * b_2 * c$$", "a_1 * b_2 * c", true),
            ("$$\na\n+ b\n= c\n$$", "a\n+ b\n= c", true),
            (r"\(a_1 \\ b_2\)", r"a_1 \\ b_2", false),
            (r"\[a < b\]", "a &lt; b", true),
            (r"\\[x\\]", "x", true),
            (
                "\\begin{align}\na &= b \\\\\n- c\n\\end{align}",
                "\\begin{align}\na &amp;= b \\\\\n- c\n\\end{align}",
                true,
            ),
            ("**bold $x$**", "x", false),
            ("| a |\n|---|\n| $$x$$ |", "x", true),
        ] {
            // Inside an attribute the serialiser leaves `<` as it is.
            let expected = expected.replace("&lt;", "<");
            let found: Vec<(String, bool)> =
                tex(markdown).into_iter().map(|(tex, display)| (tex.replace("&lt;", "<"), display)).collect();
            assert_eq!(found, [(expected, display)], "{markdown}");
        }
    }

    #[test]
    fn formulas_stay_text_where_there_can_be_none() {
        for markdown in
            ["`$$x$$`", "```\n$$x$$\n```", "    $$x$$", "![$$x$$](https://a.org/x.png)", r"\$x\$", "`\\(x\\)`"]
        {
            assert_eq!(tex(markdown), [], "{markdown}");
            assert!(to_html(markdown).contains('x'), "{markdown}");
        }
        assert!(to_html("![$$x$$](https://a.org/x.png)").contains("alt=\"$$x$$\""));
    }

    #[test]
    fn attachments_are_named_but_not_fetched() {
        let html = to_html("![a *b* \"c\"](attachment:image.png)");
        assert!(html.contains("data-attachment=\"image.png\""), "{html}");
        assert!(html.contains("alt=\"a b &quot;c&quot;\""), "{html}");
        assert!(!html.contains("src="), "{html}");
    }

    #[test]
    fn a_mark_in_the_text_is_not_taken_for_a_formula() {
        let html = to_html("\u{fdd0}0\u{fdd1} $$x$$");
        assert_eq!(html.matches("class=\"math\"").count(), 1, "{html}");
    }

    #[test]
    fn excessive_nesting_becomes_plain_text() {
        assert!(to_html(&"> ".repeat(1_000)).starts_with("<pre>"));
    }
}
