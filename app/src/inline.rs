//! A small notebook that travels inside its link: its file, packed, as text.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use browser::deflate;
use leptos::prelude::*;
use notebook::ipynb::{self, Imported};
use serde_json::Value;

use crate::link;
use crate::session::Session;

/// The longest link that is made: chats and mail programs cut off longer ones.
pub(crate) const MAX_LINK_LEN: usize = 8 * 1024;
/// The most that a link may unpack to.
const MAX_UNPACKED_LEN: usize = 4 << 20;

/// Where the title is while the notebook is a file.
const TITLE: &str = "title";

/// Why a link carries no notebook.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum InlineError {
    #[error("It was cut off or changed on its way: ask for the link again and copy all of it.")]
    Damaged,
    #[error("It holds more than {} MB, which no link should.", MAX_UNPACKED_LEN >> 20)]
    TooLarge,
    #[error("{0}")]
    NotANotebook(#[from] ipynb::ImportError),
}

/// Returns a link that carries the notebook; it may be longer than [`MAX_LINK_LEN`].
pub(crate) async fn link(session: Session) -> Result<String, String> {
    let text = crate::file::to_ipynb(session).await?;
    let mut file: Value = serde_json::from_str(&text).map_err(|error| error.to_string())?;
    if let Some(metadata) = file.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.insert(TITLE.to_owned(), session.title.get_untracked().into());
    }
    let packed = deflate::pack(file.to_string().as_bytes()).await.map_err(|error| error.to_string())?;
    Ok(link::inline(&BASE64_URL_SAFE_NO_PAD.encode(packed)))
}

/// Reads the notebook that a link carries.
pub(crate) async fn read(packed: &str) -> Result<Imported, InlineError> {
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(packed).map_err(|_malformed| InlineError::Damaged)?;
    let unpacked = deflate::unpack(&bytes, MAX_UNPACKED_LEN).await.map_err(|error| {
        log::info!("{error}");
        InlineError::Damaged
    })?;
    let text = String::from_utf8(unpacked.ok_or(InlineError::TooLarge)?).map_err(|_not_text| InlineError::Damaged)?;
    let mut imported = ipynb::parse(&text)?;
    imported.title = match imported.metadata.remove(TITLE) {
        Some(Value::String(title)) if !title.trim().is_empty() => Some(title),
        _ => None,
    };
    Ok(imported)
}
