//! Separates text from escape sequences, also when a sequence is split between two pieces.
//!
//! Must not interpret a style. Only SGR sequences are reported; all others are removed.

/// What the scanner finds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Token<'a> {
    /// Printable text and tabs.
    Text(&'a str),
    /// `\n`.
    Newline,
    /// `\r`.
    Return,
    /// `\b`.
    Backspace,
    /// The parameters of a "select graphic rendition" sequence.
    Sgr(&'a str),
}

/// Longer parameter lists are read over: no program means them.
const LONGEST_PARAMETERS: usize = 256;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum State {
    #[default]
    Ground,
    Escape,
    Intermediate,
    Csi,
    /// Inside an operating system command or another string that ends with BEL or ST.
    Text,
    /// Inside such a string, after an escape character.
    TextEscape,
}

/// Reads pieces of a stream one after another.
#[derive(Debug, Clone, Default)]
pub(crate) struct Scanner {
    state: State,
    parameters: String,
}

impl Scanner {
    /// Reads the next piece.
    pub(crate) fn feed(&mut self, text: &str, sink: &mut impl FnMut(Token<'_>)) {
        let mut rest = text;
        while !rest.is_empty() {
            if self.state == State::Ground {
                let plain = rest.find(is_control).unwrap_or(rest.len());
                if plain > 0 {
                    sink(Token::Text(&rest[..plain]));
                    rest = &rest[plain..];
                }
            }
            let Some(next) = rest.chars().next() else {
                break;
            };
            // A character that cannot continue a sequence ends it and is read again as text.
            if self.step(next, sink) {
                rest = &rest[next.len_utf8()..];
            }
        }
    }

    /// Takes one character; false means that it must be read again in the new state.
    fn step(&mut self, next: char, sink: &mut impl FnMut(Token<'_>)) -> bool {
        let (state, taken) = match (self.state, next) {
            (State::Ground, '\n') => {
                sink(Token::Newline);
                (State::Ground, true)
            }
            (State::Ground, '\r') => {
                sink(Token::Return);
                (State::Ground, true)
            }
            (State::Ground, '\u{8}') => {
                sink(Token::Backspace);
                (State::Ground, true)
            }
            (State::Ground | State::Escape | State::Intermediate | State::Csi, '\u{1b}') => (State::Escape, true),
            (State::Ground, other) => (State::Ground, is_control(other)),
            (State::Escape, '[') => {
                self.parameters.clear();
                (State::Csi, true)
            }
            (State::Escape, ']' | 'P' | 'X' | '^' | '_') => (State::Text, true),
            (State::Escape | State::Intermediate, ' '..='/') => (State::Intermediate, true),
            (State::Escape | State::Intermediate, '0'..='~') => (State::Ground, true),
            (State::Csi, ' '..='?') => {
                if self.parameters.len() <= LONGEST_PARAMETERS {
                    self.parameters.push(next);
                }
                (State::Csi, true)
            }
            (State::Csi, 'm') => {
                if self.parameters.len() <= LONGEST_PARAMETERS {
                    sink(Token::Sgr(&self.parameters));
                }
                (State::Ground, true)
            }
            (State::Csi, '@'..='~') | (State::Text, '\u{7}' | '\u{9c}') | (State::TextEscape, '\\') => {
                (State::Ground, true)
            }
            (State::Text, '\u{1b}') => (State::TextEscape, true),
            // A string that nobody ended must not swallow the lines that follow it.
            (State::Escape | State::Intermediate | State::Csi, _) | (State::Text, '\n') => (State::Ground, false),
            (State::Text, _) => (State::Text, true),
            (State::TextEscape, _) => (State::Escape, false),
        };
        self.state = state;
        taken
    }
}

/// Control characters have no glyph; of them only the tab is text.
fn is_control(c: char) -> bool {
    c.is_control() && c != '\t'
}

#[cfg(test)]
mod tests {
    use super::{Scanner, Token};

    fn scan(pieces: &[&str]) -> String {
        let mut scanner = Scanner::default();
        let mut found = String::new();
        for piece in pieces {
            scanner.feed(piece, &mut |token| match token {
                Token::Text(text) => found.push_str(text),
                Token::Newline => found.push('⏎'),
                Token::Return => found.push('←'),
                Token::Backspace => found.push('⌫'),
                Token::Sgr(parameters) => {
                    found.push('{');
                    found.push_str(parameters);
                    found.push('}');
                }
            });
        }
        found
    }

    #[test]
    fn sequences_other_than_sgr_are_removed() {
        for (input, expected) in [
            ("a\u{1b}[1;31mb", "a{1;31}b"),
            ("a\u{1b}[2Kb\u{1b}[?25lc", "abc"),
            ("a\u{1b}]0;title\u{7}b", "ab"),
            ("a\u{1b}]8;;https://x\u{1b}\\b", "ab"),
            ("a\u{1b}]never ended\nb", "a⏎b"),
            ("a\u{1b}Pq#0\u{1b}\\b", "ab"),
            ("a\u{1b}(Bb\u{1b}cd\u{1b}7e", "abde"),
            ("a\u{1b}\u{1b}[mb", "a{}b"),
            ("a\u{1b}[12\nb", "a⏎b"),
            ("a\0\u{7}\u{b}\u{7f}\u{85}\u{9b}31mb", "a31mb"),
            ("a\tb\r\nc\u{8}", "a\tb←⏎c⌫"),
            ("a\u{1b}é", "aé"),
            ("tail\u{1b}", "tail"),
        ] {
            assert_eq!(scan(&[input]), expected, "{input:?}");
        }
    }

    #[test]
    fn a_sequence_may_be_split_anywhere() {
        let whole = "x\u{1b}[38;5;9my\u{1b}]0;t\u{1b}\\z\u{1b}[0m\r\n";
        for at in 0..whole.len() {
            assert_eq!(scan(&[&whole[..at], &whole[at..]]), scan(&[whole]), "split at {at}");
        }
    }

    #[test]
    fn an_endless_parameter_list_is_read_over() {
        let input = format!("a\u{1b}[{}mb", "1;".repeat(100_000));
        assert_eq!(scan(&[&input]), "ab");
    }
}
