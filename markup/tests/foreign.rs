//! Shows that nothing foreign becomes active in the page, on the way of every renderer.

#[path = "foreign/inert.rs"]
mod inert;
#[path = "foreign/payloads.rs"]
mod payloads;

use markup::{html, markdown};
use notebook::{Content, Json, MimeBundle};
use proptest::prelude::*;
use render::mime::{Plan, Shown, plan};
use render::terminal::{Bounds, Terminal};
use render::{ansi, latex, sandbox, traceback};
use serde_json::json;

use inert::{assert_inert, assert_stable};

/// Every payload, whatever syntax it was written for.
fn payloads() -> impl Iterator<Item = &'static str> {
    [payloads::HTML, payloads::MARKDOWN, payloads::ANSI].into_iter().flatten().copied()
}

fn terminal(text: &str) -> String {
    let mut terminal = Terminal::new(Bounds { head: 2, tail: 2, columns: 80 });
    terminal.append(text);
    let view = terminal.view();
    [view.head, view.tail].concat()
}

/// Renders a text in every way in which it could reach the page.
fn rendered(text: &str) -> Vec<(&'static str, String)> {
    let lines = [text.to_owned()];
    vec![
        ("html", html::sanitise(text)),
        ("markdown", markdown::to_html(text)),
        ("latex", latex::to_html(text)),
        ("latex formula", latex::to_html(&format!("${text}$"))),
        ("markdown formula", markdown::to_html(&format!("$${text}$$"))),
        ("markdown code", markdown::to_html(&format!("```{text}\n{text}\n```"))),
        ("markdown image", markdown::to_html(&format!("![{text}]({text} \"{text}\")"))),
        ("markdown attachment", markdown::to_html(&format!("![{text}](<attachment:{text}>)"))),
        ("markdown link", markdown::to_html(&format!("[{text}](<{text}> '{text}')"))),
        ("ansi", ansi::to_html(text)),
        ("terminal", terminal(text)),
        ("traceback", traceback::to_html(text, text, &lines)),
        ("bare error", traceback::to_html(text, text, &[])),
    ]
}

#[test]
fn there_are_enough_attempts() {
    assert!(payloads::HTML.len() >= 100 && payloads().count() >= 140);
}

#[test]
fn no_attempt_survives_any_renderer() {
    for payload in payloads() {
        for (renderer, markup) in rendered(payload) {
            assert_inert(&markup, &format!("{renderer} of {payload:?}"));
        }
    }
}

#[test]
fn joining_two_attempts_does_not_help() {
    for first in payloads() {
        for second in payloads::HTML.iter().step_by(5) {
            let text = format!("{first}{second}");
            assert_inert(&html::sanitise(&text), &text);
            assert_inert(&markdown::to_html(&text), &text);
        }
    }
}

#[test]
fn cleaning_is_stable() {
    // What changes when it is parsed again could turn into something else in the browser.
    for payload in payloads() {
        assert_stable(&html::sanitise(payload), payload);
        assert_stable(&markdown::to_html(payload), payload);
    }
}

/// Every type that a bundle may have, with the payload as its value.
#[test]
fn no_attempt_survives_a_bundle() {
    const TYPES: &[&str] = &[
        "text/html",
        "text/markdown",
        "text/latex",
        "text/plain",
        "image/svg+xml",
        "image/png",
        "image/gif",
        "audio/wav",
        "video/mp4",
        "application/javascript",
        "application/json",
        "application/geo+json",
        "application/vnd.jupyter.stderr",
        "text/x-unknown",
    ];
    for payload in payloads() {
        for mime in TYPES {
            let bundle = MimeBundle::from([((*mime).to_owned(), Content::Inline(json!(payload)))]);
            let Plan::Ready(shown) = plan(&bundle, &Json::new(), |_| None) else { continue };
            match shown {
                Shown::Html(text) => assert_inert(&html::sanitise(&text), payload),
                Shown::Markdown(text) => assert_inert(&markdown::to_html(&text), payload),
                Shown::Latex(markup) => assert_inert(&markup, payload),
                Shown::Text(text) => assert_inert(&ansi::to_html(&text), payload),
                Shown::Svg { address, .. } => {
                    let data = address.strip_prefix("data:image/svg+xml;base64,").unwrap();
                    assert!(data.bytes().all(|b| b.is_ascii_alphanumeric() || b"+/=".contains(&b)), "{payload}");
                }
                Shown::Image { base64, .. } | Shown::Media { base64, .. } => {
                    assert!(base64.bytes().all(|b| b.is_ascii_alphanumeric() || b"+/=".contains(&b)), "{payload}");
                }
                Shown::Sandboxed(markup) => {
                    assert!(*mime == "application/javascript", "{mime}");
                    let page = sandbox::document(&markup);
                    assert!(page.find("Content-Security-Policy") < page.find(&markup), "{payload}");
                }
                Shown::Json(_) => assert!(mime.contains("json"), "{mime}"),
            }
        }
    }
}

/// Text made of the pieces that parsers stumble over.
fn hostile() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "<",
        ">",
        "\"",
        "'",
        "`",
        "&",
        "/",
        "=",
        "<script>",
        "</script>",
        "<img src=x onerror=",
        "<svg>",
        "<style>",
        "<!--",
        "-->",
        "<a href=",
        "javascript:",
        "https://a.b/",
        "$",
        "$$",
        "\\[",
        "\\]",
        "\\(",
        "\\)",
        "\\begin{a}",
        "\\end{a}",
        "\\",
        "[",
        "]",
        "(",
        ")",
        "!",
        "![",
        "](",
        "attachment:",
        "```",
        "\n",
        "\n\n",
        "    ",
        "|",
        "- [x] ",
        "[^1]",
        "[^1]: ",
        "> ",
        "#",
        "*",
        "_",
        "~~",
        "\u{1b}",
        "\u{1b}[",
        "31",
        ";",
        "m",
        "\u{1b}]",
        "\u{7}",
        "\r",
        "\u{8}",
        "\0",
        "\u{9b}",
        "\u{fdd0}",
        "0",
        "\u{fdd1}",
        "é",
        "😀",
        "<table>",
        "<td>",
        "<select>",
        "<math>",
    ]);
    prop_oneof![prop::collection::vec(pieces, 0..40).prop_map(|pieces| pieces.concat()), any::<String>()]
}

/// Removes escape sequences and controls by another way than the scanner: one pattern after
/// another over the whole text.
fn stripped(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut out = String::new();
    let mut at = 0;
    while at < chars.len() {
        let rest = &chars[at..];
        let length = match rest {
            ['\u{1b}', '[', parameters @ ..] => {
                let count = parameters.iter().take_while(|c| matches!(c, ' '..='?')).count();
                2 + count + usize::from(parameters.get(count).is_some_and(|c| ('@'..='~').contains(c)))
            }
            ['\u{1b}', ']' | 'P' | 'X' | '^' | '_', string @ ..] => {
                let count = string.iter().take_while(|c| !matches!(c, '\u{7}' | '\u{9c}' | '\u{1b}' | '\n')).count();
                2 + count
                    + match &string[count..] {
                        ['\u{1b}', '\\', ..] => 2,
                        ['\u{7}' | '\u{9c}', ..] => 1,
                        _ => 0,
                    }
            }
            ['\u{1b}', sequence @ ..] => {
                let count = sequence.iter().take_while(|c| matches!(c, ' '..='/')).count();
                1 + count + usize::from(sequence.get(count).is_some_and(|c| ('0'..='~').contains(c)))
            }
            [c, ..] => {
                if !c.is_control() || matches!(c, '\n' | '\t') {
                    out.push(*c);
                }
                1
            }
            [] => 0,
        };
        at += length;
    }
    out
}

/// Folds a text by the rules as they are written down, on the whole string at once.
fn folded(text: &str) -> String {
    let mut lines: Vec<Vec<char>> = vec![Vec::new()];
    let mut cursor = 0;
    for c in text.chars() {
        let line = lines.last_mut().expect("invariant: there is always a line");
        match c {
            '\n' => {
                lines.push(Vec::new());
                cursor = 0;
            }
            '\r' => cursor = 0,
            '\u{8}' if cursor > 0 => {
                let end = line.len().min(cursor + 1);
                line.drain(cursor - 1..end);
                cursor -= 1;
            }
            '\u{8}' => {}
            c if cursor < line.len() => {
                line[cursor] = c;
                cursor += 1;
            }
            c => {
                line.push(c);
                cursor += 1;
            }
        }
    }
    lines.iter().map(|line| line.iter().collect::<String>()).collect::<Vec<_>>().join("\n")
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    #[test]
    fn anything_renders_inert(text in hostile()) {
        for (renderer, markup) in rendered(&text) {
            assert_inert(&markup, &format!("{renderer} of {text:?}"));
        }
        let _: bool = html::needs_frame(&text);
    }

    #[test]
    fn spans_hold_the_stripped_text(text in hostile()) {
        prop_assert_eq!(ansi::strip(&text), stripped(&text));
        prop_assert_eq!(inert::text(&ansi::to_html(&text)), stripped(&text));
    }

    #[test]
    fn folding_follows_the_rules(text in "[ab\\r\\n\u{8}é]{0,60}") {
        prop_assert_eq!(render::terminal::fold(&text), folded(&text));
    }

    #[test]
    fn folding_in_pieces_equals_folding_the_whole(
        text in hostile(),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..6),
        columns in 1usize..12,
    ) {
        let bounds = Bounds { head: 2, tail: 2, columns };
        let mut whole = Terminal::new(bounds);
        whole.append(&text);
        let places: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| *cut.get(&places)).chain([0, text.len()]).collect();
        cuts.sort_unstable();
        let mut pieces = Terminal::new(bounds);
        for pair in cuts.windows(2) {
            pieces.append(&text[pair[0]..pair[1]]);
        }
        prop_assert_eq!(pieces.view(), whole.view());
        prop_assert_eq!(pieces.line_count(), whole.line_count());
    }

    #[test]
    fn formulas_reach_the_page_unchanged(tex in "[a-z0-9_^{}+*=<>&\"' ]{0,30}[a-z]") {
        for source in [format!("$${tex}$$"), format!("a \\[{tex}\\] b"), format!("- \\\\({tex}\\\\)")] {
            prop_assert_eq!(inert::formulas(&markdown::to_html(&source)), vec![tex.trim().to_owned()], "{}", source);
        }
    }
}
