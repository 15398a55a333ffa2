//! Packing and unpacking of small texts by the browser's own deflate.

use js_sys::{Reflect, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, ReadableStream, ReadableStreamDefaultReader, ReadableWritablePair};

use crate::error::BrowserError;

const FORMAT: &str = "deflate-raw";

// web-sys has them only among what is unstable.
#[wasm_bindgen]
extern "C" {
    type CompressionStream;
    #[wasm_bindgen(constructor, catch)]
    fn new(format: &str) -> Result<CompressionStream, JsValue>;

    type DecompressionStream;
    #[wasm_bindgen(constructor, catch)]
    fn new(format: &str) -> Result<DecompressionStream, JsValue>;
}

/// Packs bytes.
pub async fn pack(bytes: &[u8]) -> Result<Vec<u8>, BrowserError> {
    let stream = CompressionStream::new(FORMAT).map_err(|error| BrowserError::thrown("pack", &error))?;
    let packed = through(bytes, stream.unchecked_ref(), usize::MAX).await?;
    packed.ok_or(BrowserError::Missing { what: "room" })
}

/// Unpacks bytes; `None` when there are more than `limit` of them. Stops as soon as that is known.
pub async fn unpack(bytes: &[u8], limit: usize) -> Result<Option<Vec<u8>>, BrowserError> {
    let stream = DecompressionStream::new(FORMAT).map_err(|error| BrowserError::thrown("unpack", &error))?;
    through(bytes, stream.unchecked_ref(), limit).await
}

async fn through(bytes: &[u8], pair: &ReadableWritablePair, limit: usize) -> Result<Option<Vec<u8>>, BrowserError> {
    let failed = |error: JsValue| BrowserError::thrown("pack or unpack", &error);
    let parts = js_sys::Array::of1(&Uint8Array::from(bytes));
    let source: ReadableStream = Blob::new_with_u8_array_sequence(&parts).map_err(failed)?.stream();
    let reader: ReadableStreamDefaultReader = source.pipe_through(pair).get_reader().unchecked_into();
    let mut taken = Vec::new();
    loop {
        let read = JsFuture::from(reader.read()).await.map_err(failed)?;
        let field = |name: &str| Reflect::get(&read, &name.into()).unwrap_or(JsValue::UNDEFINED);
        if field("done").is_truthy() {
            return Ok(Some(taken));
        }
        let part: Uint8Array = field("value").unchecked_into();
        if part.length() as usize > limit - taken.len() {
            // Whether the rest can be given up does not matter: it is dropped.
            drop(JsFuture::from(reader.cancel()).await);
            return Ok(None);
        }
        taken.extend(part.to_vec());
    }
}
