//! Questions to Python about a name in code, and what it answers. Both are small wherever they come from: what is
//! out of bounds does not decode.

use serde::{Deserialize, Serialize};

/// The most code that goes with a question, in bytes.
pub const MAX_CODE_BYTES: usize = 16 * 1024;
/// The longest text of an answer, in bytes.
pub const MAX_TEXT_BYTES: usize = 32 * 1024;

/// Ends a text that was longer.
const CUT: &str = "\n\u{1b}[0m[The rest is left out: it is too long.]";

/// Asks about the name at a place in code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Unchecked")]
pub struct Question {
    code: String,
    // Invariant: no larger than the number of characters.
    cursor: u32,
}

#[derive(Deserialize)]
struct Unchecked {
    code: String,
    cursor: u32,
}

/// What Python answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Answer {
    /// What is known about the name, with ANSI colours.
    Found(Text),
    /// There is no name there, or none that Python knows.
    Nothing,
    /// Python was not asked.
    Refused(Refusal),
}

/// A text of bounded length.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct Text(String);

/// Why Python was not asked, or did not answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum Refusal {
    /// The link gives no right to write.
    #[error("Only who may edit can ask Python.")]
    ViewOnly,
    /// There is no kernel that is up.
    #[error("Python is not running yet. Run a cell, then ask again.")]
    NotRunning,
    /// It runs a cell, or has many questions to answer.
    #[error("Python is busy; ask again when it is done.")]
    Busy,
    /// It runs in another browser, which cannot be reached.
    #[error("The browser that runs Python cannot be reached just now.")]
    Gone,
}

/// Why a question or a text is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OutOfBounds {
    /// It is longer than it may be.
    #[error("too long")]
    Length,
    /// The cursor is behind the end.
    #[error("the cursor is outside of the code")]
    Cursor,
}

impl Question {
    /// Asks about the name at the cursor, given in UTF-16 code units. Of much code it takes what is near.
    pub fn new(code: &str, cursor: u32) -> Self {
        let at = to_byte(code, cursor);
        let (start, end) = window(code, at);
        Self { code: code[start..end].to_owned(), cursor: count(&code[start..at]) }
    }

    /// Returns the code.
    pub fn code(&self) -> &str {
        &self.code
    }

    /// Returns where the cursor is, in characters, as Python counts them.
    pub fn cursor(&self) -> u32 {
        self.cursor
    }
}

impl TryFrom<Unchecked> for Question {
    type Error = OutOfBounds;

    fn try_from(Unchecked { code, cursor }: Unchecked) -> Result<Self, OutOfBounds> {
        if code.len() > MAX_CODE_BYTES {
            Err(OutOfBounds::Length)
        } else if cursor > count(&code) {
            Err(OutOfBounds::Cursor)
        } else {
            Ok(Self { code, cursor })
        }
    }
}

impl Text {
    /// Takes a text, or as many of its lines as may be, with a line that says so.
    pub fn cut(mut text: String) -> Self {
        if text.len() > MAX_TEXT_BYTES {
            let end = text.floor_char_boundary(MAX_TEXT_BYTES - CUT.len());
            // Not within a line: it may hold the beginning of a colour.
            text.truncate(text[..end].rfind('\n').unwrap_or(end));
            text.push_str(CUT);
        }
        Self(text)
    }

    /// Returns the text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Text {
    type Error = OutOfBounds;

    fn try_from(text: String) -> Result<Self, OutOfBounds> {
        if text.len() > MAX_TEXT_BYTES { Err(OutOfBounds::Length) } else { Ok(Self(text)) }
    }
}

/// Returns where the code to take begins and ends. It begins with a line, where one begins before the cursor.
fn window(code: &str, at: usize) -> (usize, usize) {
    if code.len() <= MAX_CODE_BYTES {
        return (0, code.len());
    }
    let start = code.ceil_char_boundary(at.saturating_sub(MAX_CODE_BYTES / 2));
    let end = code.floor_char_boundary(start + MAX_CODE_BYTES);
    let line = if start == 0 { None } else { code[start..at].find('\n') };
    (line.map_or(start, |line| start + line + 1), end)
}

fn to_byte(code: &str, units: u32) -> usize {
    let mut left = units as usize;
    for (at, character) in code.char_indices() {
        if left < character.len_utf16() {
            return at;
        }
        left -= character.len_utf16();
    }
    code.len()
}

fn count(code: &str) -> u32 {
    u32::try_from(code.chars().count()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::codec;

    #[test]
    fn the_cursor_is_counted_as_python_counts() {
        for (code, units, characters) in [
            ("", 0, 0),
            ("len", 3, 3),
            ("len", 99, 3),
            ("é.x", 2, 2),
            ("'🐚'.upper", 4, 3),
            ("'🐚'.upper", 2, 1),
            ("a\r\nb", 3, 3),
        ] {
            let question = Question::new(code, units);
            assert_eq!((question.code(), question.cursor()), (code, characters), "{code} at {units}");
        }
    }

    #[test]
    fn of_much_code_the_lines_around_the_cursor_are_taken() {
        let code = "0123456\n".repeat(100_000);
        for (cursor, begins, ends) in [(0, true, false), (400_003, false, false), (800_000, false, true)] {
            let question = Question::new(&code, cursor);
            assert!(question.code().starts_with("0123456\n"), "with a line");
            assert!(question.code().len() > MAX_CODE_BYTES / 3);
            let at = question.cursor() as usize;
            assert_eq!((at == 0, at == question.code().len()), (begins, ends));
            assert_eq!(at % 8, cursor as usize % 8, "on the same character of its line");
        }
        let question = Question::new(&"é".repeat(100_000), 50_000);
        assert_eq!((question.code().len(), question.cursor()), (MAX_CODE_BYTES, 4096), "one line is cut");
    }

    #[test]
    fn a_long_text_is_cut_at_a_line_and_says_so() {
        assert_eq!(Text::cut("short".to_owned()).as_str(), "short");
        let whole = "x".repeat(MAX_TEXT_BYTES);
        assert_eq!(Text::cut(whole.clone()).as_str(), whole);
        let lines = Text::cut("\u{1b}[31mé\u{1b}[39m\n".repeat(10_000));
        let shown = lines.as_str().strip_suffix(CUT).unwrap();
        assert!(shown.ends_with("é\u{1b}[39m"), "{:?}", &shown[shown.len() - 20..]);
        assert!(Text::cut("é".repeat(MAX_TEXT_BYTES)).as_str().ends_with(CUT));
    }

    #[test]
    fn what_is_out_of_bounds_does_not_decode() {
        #[derive(Serialize)]
        struct Foreign {
            code: String,
            cursor: u32,
        }
        let decode = |code: &str, cursor| {
            let foreign = Foreign { code: code.to_owned(), cursor };
            codec::decode::<Question>(&codec::encode(&foreign)).is_ok()
        };
        assert!(decode("é", 1) && decode(&"x".repeat(MAX_CODE_BYTES), 0));
        assert!(!decode("é", 2) && !decode(&"x".repeat(MAX_CODE_BYTES + 1), 0));
        let text = |bytes: usize| codec::decode::<Text>(&codec::encode(&"x".repeat(bytes))).is_ok();
        assert!(text(MAX_TEXT_BYTES) && !text(MAX_TEXT_BYTES + 1));
    }

    proptest! {
        #[test]
        fn whatever_is_made_here_decodes(code: String, times in 0..2_000_usize, cursor: u32) {
            let code = code.repeat(times);
            for cursor in [cursor, cursor % (count(&code) + 1)] {
                let question = Question::new(&code, cursor);
                prop_assert_eq!(codec::decode::<Question>(&codec::encode(&question)), Ok(question));
            }
            let answer = Answer::Found(Text::cut(code));
            prop_assert_eq!(codec::decode::<Answer>(&codec::encode(&answer)), Ok(answer));
        }
    }
}
