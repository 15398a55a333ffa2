//! What Python reports about a cell, and the events that it becomes. The shapes are those of
//! `cathode_kernel/report.py`; output comes as nbformat has it.

use std::sync::Arc;

use notebook::output::{Content, MimeBundle, Output};
use notebook::{DisplayId, Event, ExecutionId, Json, gather};
use serde::Deserialize;
use serde_json::Value;

/// Longest display id that the log takes, in bytes.
const MAX_DISPLAY_ID: usize = 256;

/// One report, with what its kind has. Not an enum: reading a tagged one takes more code than all else here.
#[derive(Debug, Deserialize)]
pub(crate) struct Report {
    kind: Kind,
    #[serde(default)]
    data: Json,
    #[serde(default)]
    metadata: Json,
    display_id: Option<String>,
    #[serde(default)]
    wait: bool,
    #[serde(default)]
    ename: String,
    #[serde(default)]
    evalue: String,
    #[serde(default)]
    traceback: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    ExecuteResult,
    DisplayData,
    UpdateDisplayData,
    ClearOutput,
    Error,
}

impl Report {
    /// Makes the report of an error without a message.
    pub(crate) fn of_error(ename: &str, traceback: String) -> Self {
        Self {
            kind: Kind::Error,
            data: Json::new(),
            metadata: Json::new(),
            display_id: None,
            wait: false,
            ename: ename.to_owned(),
            evalue: String::new(),
            traceback: vec![traceback],
        }
    }

    /// Says whether the report may wait for the end of the cell: the value of the last expression comes just before it.
    pub(crate) fn is_last(&self) -> bool {
        matches!(self.kind, Kind::ExecuteResult | Kind::Error)
    }

    /// Turns the report into an event of an execution. Takes the next index where the event needs one;
    /// `None` if an update names no display.
    pub(crate) fn into_event(self, execution: &ExecutionId, next_index: &mut u32) -> Option<Event> {
        let Self { kind, data, metadata, display_id, wait, ename, evalue, traceback } = self;
        let display_id = display_id.and_then(name);
        let output = match kind {
            Kind::UpdateDisplayData => {
                return Some(Event::DisplayUpdated { display_id: display_id?, data: bundle(data), metadata });
            }
            Kind::ClearOutput => {
                return Some(Event::OutputsCleared { execution: execution.clone(), index: take(next_index), wait });
            }
            Kind::ExecuteResult => Output::ExecuteResult { data: bundle(data), metadata, display_id },
            Kind::DisplayData => Output::DisplayData { data: bundle(data), metadata, display_id },
            Kind::Error => Output::Error { ename, evalue, traceback },
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
    gather(data.into_iter().map(|(mime, value): (String, Value)| (mime, Content::Inline(value))))
}
