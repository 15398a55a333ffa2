//! Tells markup that the page can show from markup that needs a frame of its own.
//!
//! Must not be relied on for safety: what it lets through is still cleaned by
//! [`crate::policy`]. A wrong answer costs fidelity, never security.

use std::cell::RefCell;

use html5ever::tendril::StrTendril;
use html5ever::tokenizer::states::{Rawtext, Rcdata};
use html5ever::tokenizer::{BufferQueue, Tag, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts};

/// Elements that do something, or that lose their meaning when they are cleaned.
const ACTIVE_ELEMENTS: &[&str] = &[
    "applet",
    "base",
    "body",
    "button",
    "canvas",
    "dialog",
    "embed",
    "form",
    "frame",
    "frameset",
    "head",
    "html",
    "iframe",
    "input",
    "link",
    "math",
    "meta",
    "noembed",
    "noframes",
    "noscript",
    "object",
    "plaintext",
    "portal",
    "script",
    "select",
    "slot",
    "svg",
    "template",
    "textarea",
    "xmp",
];

/// Attributes whose value is an address.
const ADDRESSES: &[&str] =
    &["action", "background", "data", "formaction", "href", "poster", "src", "srcdoc", "xlink:href"];

/// Elements that never nest, or only through one that is counted: void ones, and those whose
/// end tag may be left out.
const NOT_NESTING: &[&str] = &[
    "area", "br", "col", "dd", "dt", "hr", "img", "li", "p", "rp", "rt", "source", "tbody", "td", "tfoot", "th",
    "thead", "tr", "track", "wbr",
];

/// More nesting or more elements than this would make the page slow or exhaust its stack.
const DEEPEST: usize = 200;
const MOST_ELEMENTS: usize = 100_000;

/// Whether markup must be shown in a frame of its own.
pub(crate) fn needs_frame(html: &str) -> bool {
    let found = inspect(html);
    found.active || found.too_large()
}

/// Whether markup has so many or so deep elements that it must not become part of the page.
pub(crate) fn is_too_large(html: &str) -> bool {
    inspect(html).too_large()
}

#[derive(Debug, Default)]
struct Found {
    active: bool,
    elements: usize,
    depth: usize,
    deepest: usize,
    in_style: bool,
}

impl Found {
    fn too_large(&self) -> bool {
        self.deepest > DEEPEST || self.elements > MOST_ELEMENTS
    }
}

fn inspect(html: &str) -> Found {
    let input = BufferQueue::default();
    input.push_back(StrTendril::from_slice(html));
    let tokenizer = Tokenizer::new(Inspector::default(), TokenizerOpts::default());
    // The only interruption is a script's end, which the inspector never reports.
    while !input.is_empty() {
        drop(tokenizer.feed(&input));
    }
    tokenizer.end();
    tokenizer.sink.found.into_inner()
}

#[derive(Debug, Default)]
struct Inspector {
    found: RefCell<Found>,
}

impl TokenSink for Inspector {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        let mut found = self.found.borrow_mut();
        match token {
            Token::TagToken(tag) if tag.kind == TagKind::StartTag => {
                found.elements += 1;
                if !NOT_NESTING.contains(&&*tag.name) {
                    found.depth += 1;
                    found.deepest = found.deepest.max(found.depth);
                }
                found.active |= is_active(&tag);
                match &*tag.name {
                    "style" => {
                        found.in_style = true;
                        return TokenSinkResult::RawData(Rawtext);
                    }
                    "title" => return TokenSinkResult::RawData(Rcdata),
                    _ => {}
                }
            }
            Token::TagToken(tag) => {
                if !NOT_NESTING.contains(&&*tag.name) {
                    found.depth = found.depth.saturating_sub(1);
                }
                if &*tag.name == "style" {
                    found.in_style = false;
                }
            }
            // pandas sends a style sheet along with every table, which the page has already.
            // Any other style sheet is worth a frame.
            Token::CharacterTokens(text) if found.in_style => {
                found.active |= !text.trim().is_empty() && !text.contains(".dataframe t");
            }
            Token::DoctypeToken(_) => found.active = true,
            Token::CharacterTokens(_)
            | Token::CommentToken(_)
            | Token::NullCharacterToken
            | Token::EOFToken
            | Token::ParseError(_) => {}
        }
        TokenSinkResult::Continue
    }
}

fn is_active(tag: &Tag) -> bool {
    if ACTIVE_ELEMENTS.contains(&&*tag.name) {
        return true;
    }
    tag.attrs.iter().any(|attribute| {
        let name = &*attribute.name.local;
        let value = attribute.value.to_ascii_lowercase();
        name.starts_with("on")
            || (name == "style" && (value.contains("url(") || value.contains('\\')))
            || (ADDRESSES.contains(&name) && is_script_address(&value))
    })
}

/// Recognises an address that runs something, as browsers do: ignoring blanks and controls.
fn is_script_address(value: &str) -> bool {
    let bare: String = value.chars().filter(|c| !c.is_control() && !c.is_whitespace()).take(32).collect();
    ["javascript:", "vbscript:", "data:text/html", "data:application/xhtml"]
        .into_iter()
        .any(|scheme| bare.starts_with(scheme))
}

#[cfg(test)]
mod tests {
    use super::{is_too_large, needs_frame};

    #[test]
    fn passive_markup_stays_in_the_page() {
        for html in [
            "",
            "plain < text & more",
            "<b>bold</b> <a href=\"https://a.org\">x</a>",
            "<img src=\"data:image/png;base64,AA==\" alt=\"onload=x\">",
            "<p title=\"<script>\">x</p>",
            "<!-- <script>alert(1)</script> -->x",
            "<div><style scoped>.dataframe tbody tr th { vertical-align: top; }</style>\
             <table border=\"1\" class=\"dataframe\"><tr><td>1</td></tr></table></div>",
            "<div style=\"color: red\">x</div>",
            "<once>x</once>",
        ] {
            assert!(!needs_frame(html), "{html}");
        }
    }

    #[test]
    fn active_markup_gets_a_frame() {
        for html in [
            "<script>1</script>",
            "<SCRIPT src=x>",
            "<iframe src=\"https://a.org\"></iframe>",
            "<img src=x OnErRoR=alert(1)>",
            "<a href=\" java\tscript:alert(1)\">x</a>",
            "<a href=\"&#106;avascript:alert(1)\">x</a>",
            "<a href=\"data:text/html,x\">x</a>",
            "<form action=x>",
            "<svg></svg>",
            "<style>#T_1 td { color: red }</style><table id=T_1></table>",
            "<div style=\"background: url(https://a.org/x)\">",
            "<!doctype html><p>x",
            "<select><iframe></select>",
        ] {
            assert!(needs_frame(html), "{html}");
        }
    }

    #[test]
    fn excessive_markup_is_recognised() {
        assert!(is_too_large(&"<div>".repeat(300)));
        assert!(is_too_large(&"<br>".repeat(200_000)));
        assert!(!is_too_large(&"<div></div><br>".repeat(5_000)));
        assert!(!is_too_large(&format!("<table>{}", "<tr><td>1".repeat(5_000))));
    }
}
