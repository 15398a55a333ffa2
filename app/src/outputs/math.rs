//! Formulas, typeset by KaTeX, which is loaded by the first page that holds one.

use wasm_bindgen::prelude::*;
use web_sys::Element;

use crate::module;

#[wasm_bindgen]
extern "C" {
    type Module;
    #[wasm_bindgen(method, catch, js_name = renderMath)]
    fn render_math(this: &Module, element: &Element) -> Result<(), JsValue>;
}

/// Typesets the formulas within an element. Where KaTeX cannot be loaded, their source stays.
pub(crate) fn typeset(element: &Element) {
    if element.query_selector(".math[data-tex]").ok().flatten().is_none() {
        return;
    }
    let element = element.clone();
    browser::spawn(async move {
        match module::import::<Module>("./js/katex.js").await {
            Ok(module) => {
                if module.render_math(&element).is_err() {
                    log::error!("a formula could not be typeset");
                }
            }
            Err(reason) => log::error!("formulas cannot be typeset: {reason}"),
        }
    });
}
