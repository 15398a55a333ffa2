//! Jupyter's notebook files: nbformat 4.x in, 4.5 out.

use serde::{Deserialize, Serialize};

use crate::Json;
use crate::cell::CellKind;
use crate::id::CellId;
use crate::output::Output;

mod attachment;
mod export;
mod import;

pub use attachment::attachment;
pub(crate) use attachment::with_attachments_of;
pub use export::{ExportError, export};
pub use import::{ImportError, MAX_FILE_LEN, parse};

/// MIME type under which an output of a kind we do not know is kept, to be exported as it came.
pub const UNKNOWN_OUTPUT: &str = "application/vnd.cathode.output+json";
/// Metadata key of a cell that keeps what nbformat has and the cell has no field for (its attachments).
pub const KEPT: &str = "cathode";

/// What a file holds.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Imported {
    /// The notebook's title, taken from the file's name or metadata by the caller.
    pub title: Option<String>,
    /// nbformat's notebook metadata.
    pub metadata: Json,
    /// The cells, in order.
    pub cells: Vec<ImportedCell>,
    /// What had to be repaired, for people to read.
    pub repairs: Vec<String>,
}

/// One cell of a file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ImportedCell {
    /// Its id, where the file has a valid one.
    pub id: Option<CellId>,
    /// What it holds.
    pub kind: CellKind,
    /// Its text.
    pub source: String,
    /// nbformat's cell metadata.
    pub metadata: Json,
    /// Its execution count.
    pub count: Option<u32>,
    /// Its outputs.
    pub outputs: Vec<Output>,
}
