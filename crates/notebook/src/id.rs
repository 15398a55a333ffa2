//! Identifiers. Each kind of thing has its own type; none can stand in for another.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// Longest id accepted, as in nbformat 4.5.
pub const MAX_ID_LEN: usize = 64;

/// Says why a text is not an id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("an id is 1 to {MAX_ID_LEN} letters, digits, '-' or '_', not {length} characters like these")]
pub struct InvalidId {
    length: usize,
}

fn is_valid(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= MAX_ID_LEN
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

fn hex(entropy: &[u8]) -> String {
    use fmt::Write as _;
    entropy.iter().fold(String::with_capacity(entropy.len() * 2), |mut text, byte| {
        write!(text, "{byte:02x}").expect("invariant: writing to a String cannot fail");
        text
    })
}

macro_rules! id_type {
    ($(#[$doc:meta])* $name:ident, $bytes:literal) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(Arc<str>);

        impl $name {
            /// Checks a text: 1 to 64 characters of `[A-Za-z0-9_-]`.
            pub fn parse(text: &str) -> Result<Self, InvalidId> {
                if is_valid(text) { Ok(Self(text.into())) } else { Err(InvalidId { length: text.chars().count() }) }
            }

            /// Makes an id from entropy that the caller brings.
            pub fn from_entropy(entropy: [u8; 16]) -> Self {
                Self(hex(&entropy[..$bytes]).into())
            }

            /// Returns the id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}", self.0)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidId;
            fn try_from(text: String) -> Result<Self, InvalidId> {
                Self::parse(&text)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.0.as_ref().to_owned()
            }
        }
    };
}

id_type!(/// Names a notebook: the fingerprint of its verifying key, so a shared notebook keeps its URL.
    NotebookId, 16);
id_type!(/// Names a cell; the same id that nbformat 4.5 stores.
    CellId, 6);
id_type!(/// Names one execution of one cell.
    ExecutionId, 12);
id_type!(/// Names the executions that one command asked for; an error cancels the rest of its batch.
    BatchId, 8);
id_type!(/// Names one boot of a kernel.
    SessionId, 8);
id_type!(/// Names a person's browser profile.
    PersonId, 8);

/// Names a display that later output may update, as `display_id` in Jupyter. Any text up to 256 bytes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct DisplayId(pub Arc<str>);

/// Names one leader's run of appending events: fresh and random for every leader.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ReplicaId(pub u64);
