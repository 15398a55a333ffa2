//! The program that the page loads when it first has Markdown or foreign HTML to show.
//!
//! It has no state and no part in anything else: text in, markup out.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen::prelude::wasm_bindgen;

/// Returns the markup of a Markdown text.
#[cfg(target_arch = "wasm32")]
#[wasm_bindgen]
pub fn markdown(text: &str) -> String {
    markup::markdown::to_html(text)
}

/// Returns markup for the page, or nothing where only a sandboxed frame shows it as it is meant.
#[cfg(target_arch = "wasm32")]
#[wasm_bindgen]
pub fn html(text: &str) -> Option<String> {
    (!markup::html::needs_frame(text)).then(|| markup::html::sanitise(text))
}

/// A panic is thrown into the page, which shows its report. There is nothing to do elsewhere than in a browser.
fn main() {
    #[cfg(target_arch = "wasm32")]
    std::panic::set_hook(Box::new(|info| wasm_bindgen::throw_str(&info.to_string())));
}
