//! What Python reports about a cell, and the events that it becomes. The shapes are those of
//! `cathode_kernel/report.py`; output comes as nbformat has it.

use std::sync::Arc;

use notebook::output::{Content, MimeBundle, Output};
use notebook::{DisplayId, Event, ExecutionId, Json};
use serde::Deserialize;
use serde_json::Value;

/// Longest display id that the log takes, in bytes.
const MAX_DISPLAY_ID: usize = 256;

/// One report.
#[derive(Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum Report {
    ExecuteResult {
        data: Json,
        metadata: Json,
        #[serde(default)]
        display_id: Option<String>,
    },
    DisplayData {
        data: Json,
        metadata: Json,
        display_id: Option<String>,
    },
    UpdateDisplayData {
        data: Json,
        metadata: Json,
        display_id: Option<String>,
    },
    ClearOutput {
        wait: bool,
    },
    Error {
        ename: String,
        evalue: String,
        traceback: Vec<String>,
    },
}

impl Report {
    /// Says whether the report may wait for the end of the cell: the value of the last expression comes just before it.
    pub(crate) fn is_last(&self) -> bool {
        matches!(self, Self::ExecuteResult { .. } | Self::Error { .. })
    }

    /// Turns the report into an event of an execution. Takes the next index where the event needs one;
    /// `None` if an update names no display.
    pub(crate) fn into_event(self, execution: &ExecutionId, next_index: &mut u32) -> Option<Event> {
        let output = match self {
            Self::UpdateDisplayData { data, metadata, display_id } => {
                let display_id = display_id.and_then(name)?;
                return Some(Event::DisplayUpdated { display_id, data: bundle(data), metadata });
            }
            Self::ClearOutput { wait } => {
                return Some(Event::OutputsCleared { execution: execution.clone(), index: take(next_index), wait });
            }
            Self::ExecuteResult { data, metadata, display_id } => {
                Output::ExecuteResult { data: bundle(data), metadata, display_id: display_id.and_then(name) }
            }
            Self::DisplayData { data, metadata, display_id } => {
                Output::DisplayData { data: bundle(data), metadata, display_id: display_id.and_then(name) }
            }
            Self::Error { ename, evalue, traceback } => Output::Error { ename, evalue, traceback },
        };
        Some(Event::OutputAdded { execution: execution.clone(), index: take(next_index), output })
    }
}

/// Returns the number and moves on to the next one.
pub(crate) fn take(next_index: &mut u32) -> u32 {
    let index = *next_index;
    *next_index += 1;
    index
}

fn name(text: String) -> Option<DisplayId> {
    (text.len() <= MAX_DISPLAY_ID).then(|| DisplayId(Arc::from(text)))
}

fn bundle(data: Json) -> MimeBundle {
    data.into_iter().map(|(mime, value): (String, Value)| (mime, Content::Inline(value))).collect()
}
