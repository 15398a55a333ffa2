//! Reads nbformat 4. Refuses what is not a notebook; repairs ids; keeps what it does not know.

use serde_json::Value;

use super::{Imported, ImportedCell, KEPT, UNKNOWN_OUTPUT};
use crate::cell::CellKind;
use crate::id::CellId;
use crate::output::{Content, MimeBundle, Output, StreamName};
use crate::{Json, gather};

/// Largest file that is read, in bytes.
pub const MAX_FILE_LEN: usize = 256 << 20;

/// Why a file was not opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ImportError {
    /// The file is too large.
    #[error("The file has {size} bytes; at most {MAX_FILE_LEN} can be opened.")]
    TooLarge {
        /// Its size in bytes.
        size: usize,
    },
    /// It is not JSON.
    #[error("This is not a notebook file: it is not valid JSON ({reason}).")]
    NotJson {
        /// What the parser said.
        reason: String,
    },
    /// It is JSON, but no notebook.
    #[error("This is not a notebook file: it has no \"nbformat\" number.")]
    NotNotebook,
    /// Another major version.
    #[error(
        "This is an nbformat {major} notebook; only nbformat 4 can be opened. Save it with a current Jupyter first."
    )]
    OtherVersion {
        /// The major version.
        major: u64,
    },
    /// A field has another type than nbformat says.
    #[error("This notebook is damaged: {path} must be {expected}.")]
    WrongType {
        /// Where.
        path: String,
        /// What nbformat wants.
        expected: &'static str,
    },
}

type Read<T> = Result<T, ImportError>;

/// Reads a notebook file.
pub fn parse(text: &str) -> Read<Imported> {
    if text.len() > MAX_FILE_LEN {
        return Err(ImportError::TooLarge { size: text.len() });
    }
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let file: Value = serde_json::from_str(text).map_err(|error| ImportError::NotJson { reason: error.to_string() })?;
    let Value::Object(mut file) = file else {
        return Err(ImportError::NotNotebook);
    };
    let major = file.get("nbformat").and_then(Value::as_u64).ok_or(ImportError::NotNotebook)?;
    if major != 4 {
        return Err(ImportError::OtherVersion { major });
    }
    let mut imported = Imported { metadata: object(file.remove("metadata"), "metadata")?, ..Imported::default() };
    for legacy in ["orig_nbformat", "orig_nbformat_minor", "signature"] {
        imported.metadata.remove(legacy);
    }
    let Some(Value::Array(cells)) = file.remove("cells") else {
        return Err(wrong("cells".to_owned(), "a list"));
    };
    let mut taken = std::collections::BTreeSet::new();
    for (index, cell) in cells.into_iter().enumerate() {
        let mut cell = read_cell(cell, &format!("cells[{index}]"), &mut imported.repairs)?;
        if let Some(id) = &cell.id
            && !taken.insert(id.clone())
        {
            imported.repairs.push(format!("cells[{index}]: the id {id} was used twice; the cell got a new one"));
            cell.id = None;
        }
        imported.cells.push(cell);
    }
    Ok(imported)
}

fn wrong(path: String, expected: &'static str) -> ImportError {
    ImportError::WrongType { path, expected }
}

fn object(value: Option<Value>, path: &str) -> Read<Json> {
    match value {
        None => Ok(Json::new()),
        Some(Value::Object(object)) => Ok(object),
        Some(_) => Err(wrong(path.to_owned(), "an object")),
    }
}

fn multiline(value: Option<Value>, path: &str) -> Read<String> {
    match value {
        Some(Value::String(text)) => Ok(text),
        Some(Value::Array(lines)) => lines
            .into_iter()
            .map(|line| match line {
                Value::String(line) => Ok(line),
                Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
                    Err(wrong(path.to_owned(), "text or a list of text"))
                }
            })
            .collect(),
        _ => Err(wrong(path.to_owned(), "text or a list of text")),
    }
}

fn count(value: Option<Value>, path: &str) -> Read<Option<u32>> {
    match value {
        None | Some(Value::Null) => Ok(None),
        Some(value) => {
            let count = value.as_u64().and_then(|count| u32::try_from(count).ok());
            count.map(Some).ok_or_else(|| wrong(format!("{path}.execution_count"), "a whole number or null"))
        }
    }
}

fn read_cell(cell: Value, path: &str, repairs: &mut Vec<String>) -> Read<ImportedCell> {
    let Value::Object(mut cell) = cell else {
        return Err(wrong(path.to_owned(), "an object"));
    };
    let kind = match cell.remove("cell_type") {
        Some(Value::String(kind)) => match kind.as_str() {
            "code" => CellKind::Code,
            "markdown" => CellKind::Markdown,
            "raw" => CellKind::Raw,
            other => {
                repairs.push(format!("{path}: the cell type {other:?} is not known; the cell became a raw one"));
                CellKind::Raw
            }
        },
        _ => return Err(wrong(format!("{path}.cell_type"), "text")),
    };
    let id = match cell.remove("id") {
        None => None,
        Some(id) => {
            let valid = id.as_str().and_then(|id| CellId::parse(id).ok());
            if valid.is_none() {
                repairs.push(format!("{path}: the id was not valid; the cell got a new one"));
            }
            valid
        }
    };
    let source = multiline(cell.remove("source"), &format!("{path}.source"))?;
    let mut metadata = object(cell.remove("metadata"), &format!("{path}.metadata"))?;
    metadata.remove("trusted");
    if let Some(attachments) = cell.remove("attachments") {
        let attachments = object(Some(attachments), &format!("{path}.attachments"))?;
        if !attachments.is_empty() {
            metadata.insert(KEPT.to_owned(), serde_json::json!({ "attachments": attachments }));
        }
    }
    let is_code = kind == CellKind::Code;
    let count = if is_code { count(cell.remove("execution_count"), path)? } else { None };
    let outputs = match cell.remove("outputs").filter(|_| is_code) {
        None => Vec::new(),
        Some(Value::Array(outputs)) => outputs
            .into_iter()
            .enumerate()
            .map(|(index, output)| read_output(output, &format!("{path}.outputs[{index}]")))
            .collect::<Read<_>>()?,
        Some(_) => return Err(wrong(format!("{path}.outputs"), "a list")),
    };
    Ok(ImportedCell { id, kind, source, metadata, count, outputs })
}

fn read_output(output: Value, path: &str) -> Read<Output> {
    let original = output.clone();
    let Value::Object(mut output) = output else {
        return Err(wrong(path.to_owned(), "an object"));
    };
    let kind = output.remove("output_type");
    match kind.as_ref().and_then(Value::as_str) {
        Some("stream") => {
            let name = match output.remove("name").as_ref().and_then(Value::as_str) {
                Some("stderr") => StreamName::Stderr,
                Some(_) | None => StreamName::Stdout,
            };
            let text = multiline(output.remove("text"), &format!("{path}.text"))?;
            Ok(Output::Stream { name, text: vec![Content::Inline(text)] })
        }
        Some("display_data") => Ok(Output::DisplayData {
            data: bundle(output.remove("data"), path)?,
            metadata: object(output.remove("metadata"), &format!("{path}.metadata"))?,
            display_id: None,
        }),
        Some("execute_result") => Ok(Output::ExecuteResult {
            data: bundle(output.remove("data"), path)?,
            metadata: object(output.remove("metadata"), &format!("{path}.metadata"))?,
            display_id: None,
        }),
        Some("error") => Ok(Output::Error {
            ename: multiline(output.remove("ename"), &format!("{path}.ename"))?,
            evalue: multiline(output.remove("evalue"), &format!("{path}.evalue"))?,
            traceback: match output.remove("traceback") {
                None => Vec::new(),
                Some(Value::Array(lines)) => lines
                    .into_iter()
                    .map(|line| multiline(Some(line), &format!("{path}.traceback")))
                    .collect::<Read<_>>()?,
                Some(_) => return Err(wrong(format!("{path}.traceback"), "a list of text")),
            },
        }),
        Some(_) => Ok(Output::DisplayData {
            data: gather([(UNKNOWN_OUTPUT.to_owned(), Content::Inline(original))]),
            metadata: Json::new(),
            display_id: None,
        }),
        None => Err(wrong(format!("{path}.output_type"), "text")),
    }
}

/// Says whether values of a MIME type are JSON rather than text.
pub(super) fn is_json(mime: &str) -> bool {
    mime == "application/json" || (mime.starts_with("application/") && mime.ends_with("+json"))
}

fn bundle(data: Option<Value>, path: &str) -> Read<MimeBundle> {
    let mut bundle = MimeBundle::new();
    for (mime, value) in object(data, &format!("{path}.data"))? {
        let value = if is_json(&mime) {
            value
        } else {
            Value::String(multiline(Some(value), &format!("{path}.data[{mime:?}]"))?)
        };
        bundle.insert(mime, Content::Inline(value));
    }
    Ok(bundle)
}
