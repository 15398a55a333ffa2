//! JavaScript modules of the site that are loaded when they are first needed.

use js_sys::Promise;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

#[wasm_bindgen(module = "/src/script.js")]
extern "C" {
    fn load(address: &str) -> Promise;
}

/// Loads a module by its address relative to the page; the browser loads each one once.
pub(crate) async fn import<T: JsCast>(address: &str) -> Result<T, String> {
    match JsFuture::from(load(address)).await {
        Ok(module) => Ok(module.unchecked_into()),
        Err(error) => Err(js_sys::Error::from(error).message().into()),
    }
}
