//! Files of the site, fetched with progress.

use gloo_net::http::Request;
use js_sys::{Reflect, Uint8Array};
use wasm_bindgen::JsCast as _;
use wasm_bindgen_futures::JsFuture;
use web_sys::ReadableStreamDefaultReader;

use crate::error::BrowserError;

/// Fetches a file into this thread's own memory.
///
/// `progress` gets the bytes so far and, where the server says, the bytes in all.
pub async fn bytes(url: &str, progress: impl FnMut(u64, Option<u64>)) -> Result<Vec<u8>, BrowserError> {
    Ok(array(url, progress).await?.to_vec())
}

/// Fetches a text file.
pub async fn text(url: &str) -> Result<String, BrowserError> {
    let bytes = bytes(url, |_, _| {}).await?;
    String::from_utf8(bytes)
        .map_err(|error| BrowserError::Unreachable { url: url.to_owned(), reason: error.to_string() })
}

/// Fetches a file as a JavaScript array: large files that are handed on need not pass through wasm memory.
pub async fn array(url: &str, mut progress: impl FnMut(u64, Option<u64>)) -> Result<Uint8Array, BrowserError> {
    let unreachable = |reason: String| BrowserError::Unreachable { url: url.to_owned(), reason };
    let response = Request::get(url).send().await.map_err(|error| unreachable(error.to_string()))?;
    if !response.ok() {
        return Err(BrowserError::Status { url: url.to_owned(), status: response.status() });
    }
    let headers = response.headers();
    if headers.get("content-type").is_some_and(|kind| kind.starts_with("text/html")) && !is_page(url) {
        return Err(BrowserError::PageInsteadOfFile { url: url.to_owned() });
    }
    // With a content encoding the length is that of the compressed bytes: of no use here.
    let encoded = headers.get("content-encoding").is_some();
    let total = headers.get("content-length").filter(|_| !encoded).and_then(|length| length.parse().ok());
    let Some(body) = response.body() else {
        return Ok(Uint8Array::new_with_length(0));
    };
    let reader: ReadableStreamDefaultReader = body.get_reader().unchecked_into();
    let mut parts = Vec::new();
    let mut received = 0;
    loop {
        let read = JsFuture::from(reader.read())
            .await
            .map_err(|error| unreachable(BrowserError::thrown("read it", &error).to_string()))?;
        let field = |name: &str| Reflect::get(&read, &name.into()).unwrap_or(wasm_bindgen::JsValue::UNDEFINED);
        if field("done").is_truthy() {
            break;
        }
        let part: Uint8Array = field("value").unchecked_into();
        received += part.length();
        progress(u64::from(received), total);
        parts.push(part);
    }
    Ok(join(&parts, received))
}

fn is_page(url: &str) -> bool {
    let path = url.split(['?', '#']).next().unwrap_or(url);
    path.ends_with('/') || path.rsplit('.').next().is_some_and(|extension| extension.eq_ignore_ascii_case("html"))
}

fn join(parts: &[Uint8Array], length: u32) -> Uint8Array {
    if let [only] = parts {
        return only.clone();
    }
    let whole = Uint8Array::new_with_length(length);
    let mut offset = 0;
    for part in parts {
        whole.set(part, offset);
        offset += part.length();
    }
    whole
}
