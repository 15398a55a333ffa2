//! Hears when the browser closes the list by itself, as it does when this site's data is cleared.

use wasm_bindgen::prelude::*;
use web_sys::{IdbDatabase, IdbOpenDbRequest, IdbTransaction};

use super::DATABASE;
use crate::error::BrowserError;

/// Calls back when that happens. This takes a connection of its own, which is open for as long as the page is;
/// the list must have been opened before.
pub fn on_closed_by_browser(callback: impl FnOnce() + 'static) -> Result<(), BrowserError> {
    let failed = |error: JsValue| BrowserError::thrown("watch the list of notebooks", &error);
    let window = web_sys::window().ok_or(BrowserError::Missing { what: "window" })?;
    let factory = window.indexed_db().map_err(failed)?.ok_or(BrowserError::Missing { what: "IndexedDB" })?;
    let request = factory.open(DATABASE).map_err(failed)?;
    // There is no list to watch, and this is not the place to make one.
    let absent = request.clone();
    let on_upgrade = Closure::once_into_js(move || {
        absent.transaction().map(|upgrade: IdbTransaction| upgrade.abort());
    });
    request.set_onupgradeneeded(Some(on_upgrade.unchecked_ref()));
    let opened: IdbOpenDbRequest = request.clone();
    let on_success = Closure::once_into_js(move || {
        if let Ok(database) = opened.result().map(JsCast::unchecked_into::<IdbDatabase>) {
            watch(&database, callback);
        }
    });
    request.set_onsuccess(Some(on_success.unchecked_ref()));
    Ok(())
}

fn watch(database: &IdbDatabase, callback: impl FnOnce() + 'static) {
    database.set_onclose(Some(Closure::once_into_js(callback).unchecked_ref()));
    // A newer version of the page may want the list for itself.
    let open = database.clone();
    database.set_onversionchange(Some(Closure::once_into_js(move || open.close()).unchecked_ref()));
}
