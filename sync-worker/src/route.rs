//! What is asked for by a path, and the answers that are no WebSocket.

use notebook::NotebookId;
use protocol::wire::PROTOCOL;
use worker::{Env, Response, ResponseBuilder, Result};

use crate::room;

/// Hexadecimal digits of a notebook's id: the fingerprint of its key.
const ID_LEN: usize = 32;

/// What a path leads to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Route {
    /// Says that the relay is up.
    Health,
    /// One notebook's relay.
    Sync(NotebookId),
    /// Would be one, but for its id.
    NoNotebook,
    /// Nothing.
    Nowhere,
}

impl Route {
    /// Reads a path. Ids that no key can have do not reach a Durable Object.
    pub(crate) fn of(path: &str) -> Self {
        if path == "/health" {
            return Self::Health;
        }
        let Some(id) = path.strip_prefix("/sync/") else { return Self::Nowhere };
        let is_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        if id.len() != ID_LEN || !id.bytes().all(is_hex) {
            return Self::NoNotebook;
        }
        NotebookId::parse(id).map_or(Self::NoNotebook, Self::Sync)
    }
}

/// Answers whether the relay is up and rightly set up.
pub(crate) fn health(env: &Env) -> Result<Response> {
    match room::limits(env) {
        Ok(limits) => {
            let body = serde_json::json!({ "status": "ok", "protocol": PROTOCOL, "limits": limits });
            with_headers().from_json(&body)
        }
        Err(error) => refusal(500, &error.to_string()),
    }
}

/// Answers that something is not done, and why.
pub(crate) fn refusal(status: u16, reason: &str) -> Result<Response> {
    with_headers().with_status(status).from_json(&serde_json::json!({ "error": reason }))
}

/// A page of another origin may ask too: a relay serves pages of any origin, and shows secrets to none.
fn with_headers() -> ResponseBuilder {
    let builder = Response::builder();
    let builder = builder.with_header("Cache-Control", "no-store").unwrap_or_else(|_| Response::builder());
    builder.with_header("Access-Control-Allow-Origin", "*").unwrap_or_else(|_| Response::builder())
}
