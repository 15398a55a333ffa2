//! Fills in the pictures that a Markdown cell carries along.

use notebook::CellId;
use notebook::ipynb::attachment;
use render::mime::{Plan, Shown, plan};
use wasm_bindgen::JsCast as _;
use web_sys::Element;

use crate::session::Session;

/// The longest address of a picture: longer ones stay text.
const MAX_ADDRESS_LEN: usize = 32 << 20;

/// Shows the attachments that rendered text names. Only pictures are shown, in an `<img>`, where nothing can run.
pub(super) fn fill(session: Session, cell: &CellId, rendered: &Element) {
    let Ok(places) = rendered.query_selector_all("img[data-attachment]") else { return };
    for place in (0..places.length()).filter_map(|at| places.item(at)) {
        let place: Element = place.unchecked_into();
        let name = place.get_attribute("data-attachment").unwrap_or_default();
        if let Some(address) = address(session, cell, &name) {
            // A valid name of an attribute is never refused.
            place.set_attribute("src", &address).ok();
        }
    }
}

fn address(session: Session, cell: &CellId, name: &str) -> Option<String> {
    let bundle = session.read(|notebook| attachment(&notebook.cell(cell)?.metadata, name))?;
    let address = match plan(&bundle, &notebook::Json::new(), |_| None) {
        Plan::Ready(Shown::Image { mime, base64, .. }) => format!("data:{mime};base64,{base64}"),
        Plan::Ready(Shown::Svg { address, .. }) => address,
        Plan::Ready(_) | Plan::Needs(..) | Plan::Nothing => return None,
    };
    (address.len() <= MAX_ADDRESS_LEN).then_some(address)
}
