//! A cell: the unit of a notebook.

use serde::{Deserialize, Serialize};

use crate::id::CellId;
use crate::order::OrderKey;
use crate::{Json, Source};

/// What a cell holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CellKind {
    /// Python that can run.
    Code,
    /// Text to read.
    Markdown,
    /// Text that is passed on untouched.
    Raw,
}

impl CellKind {
    /// Returns nbformat's name of the kind.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Code => "code",
            Self::Markdown => "markdown",
            Self::Raw => "raw",
        }
    }
}

/// One cell. A deleted cell stays, so that it can be restored and late edits find it.
#[derive(Debug, Clone, PartialEq)]
pub struct Cell {
    /// Its name.
    pub id: CellId,
    /// What it holds.
    pub kind: CellKind,
    /// Its place among the cells.
    pub order: OrderKey,
    /// nbformat's cell metadata.
    pub metadata: Json,
    /// Whether it was deleted.
    pub deleted: bool,
    /// The cell that its text began in, if it came of a split.
    pub split_from: Option<CellId>,
    /// Its text.
    pub source: Source,
}
