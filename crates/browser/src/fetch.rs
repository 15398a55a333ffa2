//! Files of the site, fetched with progress.

use gloo_net::http::Request;
use js_sys::{Reflect, Uint8Array};
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{ReadableStream, ReadableStreamDefaultReader, ReadableWritablePair};

use crate::error::BrowserError;

#[wasm_bindgen]
extern "C" {
    /// web-sys has it only among what is unstable.
    type DecompressionStream;
    #[wasm_bindgen(constructor, catch)]
    fn new(format: &str) -> Result<DecompressionStream, JsValue>;
}

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
    let Some(opened) = open(url).await? else {
        return Ok(Uint8Array::new_with_length(0));
    };
    let mut parts = Vec::new();
    let mut received = 0;
    read(&opened.body, url, |part| {
        received += part.length();
        progress(u64::from(received), opened.length);
        parts.push(part);
        Ok(())
    })
    .await?;
    Ok(join(&parts, received))
}

/// Fetches a gzip file and unpacks it while it arrives. `length` is that of the unpacked bytes;
/// `progress` gets the unpacked bytes so far.
pub async fn unpacked(url: &str, length: u32, mut progress: impl FnMut(u64)) -> Result<Uint8Array, BrowserError> {
    let damaged = || BrowserError::Unreachable { url: url.to_owned(), reason: "it is damaged".to_owned() };
    let opened = open(url).await?.ok_or_else(damaged)?;
    // A host that declares the packing as an encoding has the browser unpack it.
    let body = if opened.encoded {
        opened.body
    } else {
        let unpack = DecompressionStream::new("gzip").map_err(|error| BrowserError::thrown("unpack a file", &error))?;
        // It has a readable and a writable side, which is all that a pair is.
        opened.body.pipe_through(unpack.unchecked_ref::<ReadableWritablePair>())
    };
    let whole = Uint8Array::new_with_length(length);
    let mut received = 0;
    read(&body, url, |part| {
        if part.length() > length - received {
            return Err(damaged());
        }
        whole.set(&part, received);
        received += part.length();
        progress(u64::from(received));
        Ok(())
    })
    .await?;
    if received == length { Ok(whole) } else { Err(damaged()) }
}

/// A file whose bytes have begun to arrive.
struct Opened {
    body: ReadableStream,
    encoded: bool,
    /// Its length in bytes, where the server says it.
    length: Option<u64>,
}

/// Asks for a file; `None` when it has no body.
async fn open(url: &str) -> Result<Option<Opened>, BrowserError> {
    let unreachable = |reason: String| BrowserError::Unreachable { url: url.to_owned(), reason };
    let response = Request::get(url).send().await.map_err(|error| unreachable(error.to_string()))?;
    if !response.ok() {
        return Err(BrowserError::Status { url: url.to_owned(), status: response.status() });
    }
    let headers = response.headers();
    if headers.get("content-type").is_some_and(|kind| kind.starts_with("text/html")) && !is_page(url) {
        return Err(BrowserError::PageInsteadOfFile { url: url.to_owned() });
    }
    let encoded = headers.get("content-encoding").is_some();
    // With a content encoding the length is that of the compressed bytes: of no use here.
    let length = headers.get("content-length").filter(|_| !encoded).and_then(|length| length.parse().ok());
    Ok(response.body().map(|body| Opened { body, encoded, length }))
}

/// Hands on the parts of a body as they arrive.
async fn read(
    body: &ReadableStream,
    url: &str,
    mut take: impl FnMut(Uint8Array) -> Result<(), BrowserError>,
) -> Result<(), BrowserError> {
    let reader: ReadableStreamDefaultReader = body.get_reader().unchecked_into();
    loop {
        let read = JsFuture::from(reader.read()).await.map_err(|error| BrowserError::Unreachable {
            url: url.to_owned(),
            reason: BrowserError::thrown("read it", &error).to_string(),
        })?;
        let field = |name: &str| Reflect::get(&read, &name.into()).unwrap_or(JsValue::UNDEFINED);
        if field("done").is_truthy() {
            return Ok(());
        }
        take(field("value").unchecked_into())?;
    }
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
