//! The binding to `markup.js`: Markdown and foreign HTML, made safe by a program of their own, which the
//! first page that holds some loads.
//!
//! Until it is here, nothing foreign is shown as markup. Views that read while it comes are run again.

use js_sys::Promise;
use leptos::prelude::*;
use send_wrapper::SendWrapper;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

use crate::{module, report};

#[wasm_bindgen]
extern "C" {
    #[derive(Clone)]
    type Module;
    #[wasm_bindgen(method, catch, js_name = default)]
    fn begin(this: &Module) -> Result<Promise, JsValue>;
    #[wasm_bindgen(method, catch)]
    fn markdown(this: &Module, text: &str) -> Result<String, JsValue>;
    #[wasm_bindgen(method, catch)]
    fn html(this: &Module, text: &str) -> Result<Option<String>, JsValue>;
}

#[derive(Clone)]
enum State {
    Away,
    Coming,
    Here(SendWrapper<Module>),
    Failed,
}

/// What can be shown of foreign text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Made {
    /// Not known yet.
    Nothing,
    /// Markup that is safe within the page.
    Markup(String),
    /// No markup: it is to be shown without becoming part of the page.
    Foreign,
}

thread_local!(static STATE: ArcRwSignal<State> = ArcRwSignal::new(State::Away));

/// Begins to load the program, unless that was done before.
pub(crate) fn load() {
    let state = STATE.with(Clone::clone);
    if !matches!(*state.read_untracked(), State::Away) {
        return;
    }
    state.set(State::Coming);
    browser::spawn(async move {
        state.set(fetch().await.map_or_else(
            |reason| {
                log::error!("text and HTML cannot be rendered: {reason}");
                State::Failed
            },
            |module| State::Here(SendWrapper::new(module)),
        ));
    });
}

async fn fetch() -> Result<Module, String> {
    let module = module::import::<Module>("./markup.js").await?;
    let begun = match module.begin() {
        Ok(promise) => JsFuture::from(promise).await,
        Err(error) => Err(error),
    };
    begun.map(|_| module).map_err(|error| format!("{error:?}"))
}

/// Renders a Markdown text.
pub(crate) fn from_markdown(text: &str) -> Made {
    make(|module| module.markdown(text).map(Some))
}

/// Cleans HTML. What needs script or a style of its own stays foreign.
pub(crate) fn from_html(text: &str) -> Made {
    make(|module| module.html(text))
}

fn make(work: impl FnOnce(&Module) -> Result<Option<String>, JsValue>) -> Made {
    load();
    let state = STATE.with(Clone::clone);
    let module = match &*state.read() {
        State::Away | State::Coming => return Made::Nothing,
        State::Failed => return Made::Foreign,
        State::Here(module) => module.clone(),
    };
    match work(&module) {
        Ok(made) => made.map_or(Made::Foreign, Made::Markup),
        Err(error) => {
            report::show(&format!("Markup could not be made: {error:?}"));
            Made::Foreign
        }
    }
}

/// Writes text as markup that shows it as it is.
pub(crate) fn plain(text: &str) -> String {
    format!("<pre>{}</pre>", render::escape::escaped(text))
}
