//! Outputs in nbformat's terms.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::Json;
use crate::id::DisplayId;

/// Which of Python's two text streams.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StreamName {
    /// `sys.stdout`.
    Stdout,
    /// `sys.stderr`.
    Stderr,
}

impl StreamName {
    /// Returns nbformat's name of the stream.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Stdout => "stdout",
            Self::Stderr => "stderr",
        }
    }
}

/// Points at a value that lives once in the blob table.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct BlobRef {
    /// Keyed hash of the bytes, 64 hexadecimal digits.
    pub hash: Arc<str>,
    /// Length in bytes.
    pub size: u64,
}

/// A value that is either here or, when large, in the blob table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Content<T> {
    /// The value itself.
    Inline(T),
    /// Where the value is. Text is stored as UTF-8, any other JSON as its serialisation.
    Blob(BlobRef),
}

/// Representations of one thing, by MIME type. JSON types hold JSON, all others a string.
pub type MimeBundle = BTreeMap<String, Content<serde_json::Value>>;

/// One output of an execution.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Output {
    /// Text written to a stream; consecutive writes are one output of several segments.
    Stream {
        /// Which stream.
        name: StreamName,
        /// The text, in order.
        text: Vec<Content<String>>,
    },
    /// Something shown with `display`.
    DisplayData {
        /// The representations.
        data: MimeBundle,
        /// Metadata, by MIME type where it belongs to one.
        metadata: Json,
        /// The name under which later code may update it.
        display_id: Option<DisplayId>,
    },
    /// The value of the last expression. Its count is that of the execution.
    ExecuteResult {
        /// The representations.
        data: MimeBundle,
        /// Metadata, by MIME type where it belongs to one.
        metadata: Json,
        /// The name under which later code may update it.
        display_id: Option<DisplayId>,
    },
    /// An exception that ended the execution.
    Error {
        /// The exception's class.
        ename: String,
        /// The exception's message.
        evalue: String,
        /// The lines of IPython's traceback, with ANSI colours.
        traceback: Vec<String>,
    },
}
