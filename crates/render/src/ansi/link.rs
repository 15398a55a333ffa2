//! Finds web addresses in plain text.
//!
//! Only `http` and `https`, so that a link can never be anything but a link.

use std::ops::Range;

/// Longer runs are not addresses that anyone would follow.
const LONGEST: usize = 2_000;

/// Returns where the addresses are, in order.
pub(crate) fn find(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(at) = text[from..].find("http").map(|offset| from + offset) {
        let scheme = ["https://", "http://"].into_iter().find(|scheme| text[at..].starts_with(scheme));
        let inside_word = text[..at].chars().next_back().is_some_and(char::is_alphanumeric);
        let Some(scheme) = scheme.filter(|_| !inside_word) else {
            from = at + "http".len();
            continue;
        };
        let run = text[at..].find(ends_address).map_or(text.len(), |length| at + length);
        let end = at + without_punctuation(&text[at..run]).len();
        if end - at > scheme.len() && end - at <= LONGEST {
            found.push(at..end);
        }
        from = run;
    }
    found
}

fn ends_address(c: char) -> bool {
    c.is_whitespace() || c.is_control() || matches!(c, '<' | '>' | '"' | '\'' | '`' | '{' | '}' | '|' | '\\' | '^')
}

/// Removes what belongs to the sentence rather than to the address.
fn without_punctuation(address: &str) -> &str {
    let count = |wanted: char| address.chars().filter(|c| *c == wanted).count();
    let mut unmatched = [('(', ')'), ('[', ']')].map(|(open, close)| (close, count(close).saturating_sub(count(open))));
    let mut kept = address;
    while let Some(last) = kept.chars().next_back() {
        let closing = unmatched.iter_mut().find(|(close, _)| *close == last);
        match closing {
            Some((_, spare)) if *spare > 0 => *spare -= 1,
            None if matches!(last, '.' | ',' | ';' | ':' | '!' | '?') => {}
            Some(_) | None => break,
        }
        kept = &kept[..kept.len() - last.len_utf8()];
    }
    kept
}

#[cfg(test)]
mod tests {
    #[test]
    fn addresses_are_found_without_the_sentence_around_them() {
        for (text, expected) in [
            ("see https://example.org/a?b=c#d.", &["https://example.org/a?b=c#d"][..]),
            ("(http://example.org/a_(b))", &["http://example.org/a_(b)"]),
            ("[https://a.org], https://b.org!", &["https://a.org", "https://b.org"]),
            ("<https://a.org/\">", &["https://a.org/"]),
            ("https:// http://", &[]),
            ("xhttp://a.org", &[]),
            ("javascript:alert(1) ftp://a.org", &[]),
            ("httphttps://a.org https://é.org/ß", &["https://é.org/ß"]),
        ] {
            let found: Vec<&str> = super::find(text).into_iter().map(|range| &text[range]).collect();
            assert_eq!(found, expected, "{text}");
        }
    }
}
