//! The page: its address, title and visibility, downloads. Only [`user_agent`] works in workers too.

use std::rc::Rc;

use js_sys::{Array, Uint8Array};
use wasm_bindgen::prelude::*;
use web_sys::{Blob, BlobPropertyBag, Document, HtmlAnchorElement, Url, UrlSearchParams, VisibilityState, Window};

use crate::error::BrowserError;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(thread_local_v2, js_name = crossOriginIsolated)]
    static CROSS_ORIGIN_ISOLATED: JsValue;
}

fn window() -> Result<Window, BrowserError> {
    web_sys::window().ok_or(BrowserError::Missing { what: "window" })
}

fn document() -> Result<Document, BrowserError> {
    window()?.document().ok_or(BrowserError::Missing { what: "document" })
}

/// Returns what the browser calls itself.
pub fn user_agent() -> Option<String> {
    crate::navigator::user_agent()
}

/// Tells whether the page is cross-origin isolated: shared memory is there, so Python can be interrupted.
pub fn is_isolated() -> bool {
    CROSS_ORIGIN_ISOLATED.with(JsValue::is_truthy)
}

/// Returns a parameter of the address's query; an empty text when it has no value.
pub fn query(name: &str) -> Option<String> {
    let search = window().ok()?.location().search().ok()?;
    UrlSearchParams::new_with_str(&search).ok()?.get(name)
}

/// Returns the address's fragment without `#`, if there is one.
pub fn fragment() -> Option<String> {
    let hash = window().ok()?.location().hash().ok()?;
    hash.strip_prefix('#').filter(|fragment| !fragment.is_empty()).map(str::to_owned)
}

/// Puts this relative address into the address bar without loading anything.
pub fn replace_address(relative: &str) -> Result<(), BrowserError> {
    let history = window()?.history().map_err(|error| BrowserError::thrown("read the history", &error))?;
    history
        .replace_state_with_url(&JsValue::NULL, "", Some(relative))
        .map_err(|error| BrowserError::thrown("change the address", &error))
}

/// Goes to this relative address.
pub fn navigate(relative: &str) -> Result<(), BrowserError> {
    window()?.location().set_href(relative).map_err(|error| BrowserError::thrown("go to an address", &error))
}

/// Loads the page again.
pub fn reload() -> Result<(), BrowserError> {
    window()?.location().reload().map_err(|error| BrowserError::thrown("reload", &error))
}

/// Sets the title that the tab shows.
pub fn set_title(title: &str) {
    if let Ok(document) = document() {
        document.set_title(title);
    }
}

/// Calls back whenever the page gets hidden or is left: the last chance to save.
pub fn on_hidden(callback: impl Fn() + 'static) -> Result<(), BrowserError> {
    let callback = Rc::new(callback);
    let watched = document()?;
    let hidden = Rc::clone(&callback);
    let target = watched.clone();
    let on_visibility: Closure<dyn FnMut()> = Closure::new(move || {
        if watched.visibility_state() == VisibilityState::Hidden {
            hidden();
        }
    });
    let on_leave: Closure<dyn FnMut()> = Closure::new(move || callback());
    let failed = |error: JsValue| BrowserError::thrown("watch the page", &error);
    target
        .add_event_listener_with_callback("visibilitychange", on_visibility.as_ref().unchecked_ref())
        .map_err(failed)?;
    // At `pagehide` the workers are as good as gone; at `beforeunload` they still have until the next page answers.
    for name in ["beforeunload", "pagehide"] {
        window()?.add_event_listener_with_callback(name, on_leave.as_ref().unchecked_ref()).map_err(failed)?;
    }
    // They live as long as the page.
    on_visibility.forget();
    on_leave.forget();
    Ok(())
}

/// Saves bytes as a file of the person's own.
pub fn download(name: &str, mime: &str, bytes: &[u8]) -> Result<(), BrowserError> {
    let failed = |error: JsValue| BrowserError::thrown("offer a download", &error);
    let options = BlobPropertyBag::new();
    options.set_type(mime);
    let blob = Blob::new_with_u8_array_sequence_and_options(&Array::of1(&Uint8Array::from(bytes)), &options)
        .map_err(failed)?;
    let url = Url::create_object_url_with_blob(&blob).map_err(failed)?;
    let link: HtmlAnchorElement = document()?.create_element("a").map_err(failed)?.unchecked_into();
    link.set_href(&url);
    link.set_download(name);
    link.click();
    // The browser reads the blob after the click; a minute is ample.
    crate::spawn(async move {
        crate::timer::after(60_000).await;
        Url::revoke_object_url(&url).ok();
    });
    Ok(())
}
