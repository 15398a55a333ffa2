//! Writes nbformat 4.5 as Jupyter's own writer does: sorted keys, indent 1, lines kept apart.

use serde::Serialize as _;
use serde_json::{Value, json};

use super::import::is_json;
use super::{KEPT, UNKNOWN_OUTPUT};
use crate::Json;
use crate::cell::{Cell, CellKind};
use crate::execution::Execution;
use crate::output::{BlobRef, Content, MimeBundle, Output};
use crate::state::Notebook;

/// Why a notebook was not exported.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExportError {
    /// A large value is not in this browser, or not what it should be.
    #[error("An output of {size} bytes is not in this browser, so the notebook cannot be exported whole.")]
    MissingBlob {
        /// Its size in bytes.
        size: u64,
    },
}

/// Returns the notebook as a file. `read` brings the blobs ([`Notebook::blobs`] lists them).
pub fn export(notebook: &Notebook, read: &dyn Fn(&BlobRef) -> Option<Vec<u8>>) -> Result<String, ExportError> {
    let cells = notebook.cells().map(|cell| write_cell(notebook, cell, read)).collect::<Result<Vec<_>, _>>()?;
    let file = json!({
        "cells": cells,
        "metadata": notebook.metadata(),
        "nbformat": 4,
        "nbformat_minor": 5,
    });
    let mut bytes = Vec::new();
    let format = serde_json::ser::PrettyFormatter::with_indent(b" ");
    file.serialize(&mut serde_json::Serializer::with_formatter(&mut bytes, format))
        .expect("invariant: JSON values always serialise");
    bytes.push(b'\n');
    Ok(String::from_utf8(bytes).expect("invariant: serde_json writes UTF-8"))
}

fn write_cell(
    notebook: &Notebook,
    cell: &Cell,
    read: &dyn Fn(&BlobRef) -> Option<Vec<u8>>,
) -> Result<Value, ExportError> {
    let mut metadata = cell.metadata.clone();
    let kept = metadata.remove(KEPT);
    let mut written = json!({
        "cell_type": cell.kind.as_str(),
        "id": cell.id.as_str(),
        "source": lines(&cell.source.text()),
    });
    match cell.kind {
        CellKind::Code => {
            let shown = notebook.shown_execution(&cell.id);
            let outputs = shown.map(|execution| write_outputs(execution, read)).transpose()?.unwrap_or_default();
            written["execution_count"] = json!(shown.and_then(|execution| execution.count));
            written["outputs"] = Value::Array(outputs);
        }
        CellKind::Markdown | CellKind::Raw => {
            if let Some(attachments) = kept.as_ref().and_then(|kept| kept.get("attachments")) {
                written["attachments"] = attachments.clone();
            }
        }
    }
    written["metadata"] = Value::Object(metadata);
    Ok(written)
}

fn write_outputs(execution: &Execution, read: &dyn Fn(&BlobRef) -> Option<Vec<u8>>) -> Result<Vec<Value>, ExportError> {
    execution.outputs.iter().map(|output| write_output(output, execution.count, read)).collect()
}

fn write_output(
    output: &Output,
    count: Option<u32>,
    read: &dyn Fn(&BlobRef) -> Option<Vec<u8>>,
) -> Result<Value, ExportError> {
    match output {
        Output::Stream { name, text } => {
            let text = text.iter().map(|segment| text_of(segment, read)).collect::<Result<String, _>>()?;
            Ok(json!({ "output_type": "stream", "name": name.as_str(), "text": lines(&text) }))
        }
        Output::DisplayData { data, metadata, .. } => {
            if let Some(Content::Inline(original)) = data.get(UNKNOWN_OUTPUT) {
                return Ok(original.clone());
            }
            Ok(json!({ "output_type": "display_data", "data": bundle(data, read)?, "metadata": metadata }))
        }
        Output::ExecuteResult { data, metadata, .. } => Ok(json!({
            "output_type": "execute_result",
            "data": bundle(data, read)?,
            "metadata": metadata,
            "execution_count": count,
        })),
        Output::Error { ename, evalue, traceback } => {
            Ok(json!({ "output_type": "error", "ename": ename, "evalue": evalue, "traceback": traceback }))
        }
    }
}

fn bytes_of(blob: &BlobRef, read: &dyn Fn(&BlobRef) -> Option<Vec<u8>>) -> Result<String, ExportError> {
    let missing = || ExportError::MissingBlob { size: blob.size };
    String::from_utf8(read(blob).ok_or_else(missing)?).map_err(|_not_text| missing())
}

fn text_of(text: &Content<String>, read: &dyn Fn(&BlobRef) -> Option<Vec<u8>>) -> Result<String, ExportError> {
    match text {
        Content::Inline(text) => Ok(text.clone()),
        Content::Blob(blob) => bytes_of(blob, read),
    }
}

fn bundle(data: &MimeBundle, read: &dyn Fn(&BlobRef) -> Option<Vec<u8>>) -> Result<Json, ExportError> {
    let mut bundle = Json::new();
    for (mime, content) in data {
        let value = match content {
            Content::Inline(value) => value.clone(),
            Content::Blob(blob) if is_json(mime) => serde_json::from_str(&bytes_of(blob, read)?)
                .map_err(|_not_json| ExportError::MissingBlob { size: blob.size })?,
            Content::Blob(blob) => Value::String(bytes_of(blob, read)?),
        };
        let value = match value.as_str() {
            Some(text) if is_split(mime) => lines(text),
            Some(_) | None => value,
        };
        bundle.insert(mime.clone(), value);
    }
    Ok(bundle)
}

fn is_split(mime: &str) -> bool {
    mime.starts_with("text/") || mime == "application/javascript" || mime == "image/svg+xml"
}

/// Splits as Python's `splitlines(True)` does for the line ends that text files have.
fn lines(text: &str) -> Value {
    Value::Array(text.split_inclusive('\n').map(|line| Value::String(line.to_owned())).collect())
}
