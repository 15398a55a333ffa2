//! The sandboxed frame in the page, which the page's own first script makes (`index.html`). The frame's messages
//! are read as what they are: words of a stranger.

use std::cell::RefCell;
use std::rc::Rc;

use browser::port::RawPort;
use futures::channel::oneshot;
use js_sys::{Array, Function, Object, Promise, Reflect};
use leptos::prelude::window;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{HtmlIFrameElement, MessageEvent};

/// Where the page puts the sandbox that it began to make before this program ran.
const BEGUN: &str = "cathodeKernel";
/// The longest text of the frame that is shown.
const LONGEST_WORDS: usize = 300;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(catch, js_name = cathodeSandbox)]
    fn make_sandbox() -> Result<Sandbox, JsValue>;

    /// What `index.html` makes: a frame, and a worker that brings its files.
    #[derive(Clone)]
    type Sandbox;
    #[wasm_bindgen(method, getter)]
    fn frame(this: &Sandbox) -> HtmlIFrameElement;
    #[wasm_bindgen(method, getter)]
    fn mounted(this: &Sandbox) -> Promise;
    #[wasm_bindgen(method, getter)]
    fn given(this: &Sandbox) -> Promise;
    #[wasm_bindgen(method, setter, js_name = onpercent)]
    fn set_on_percent(this: &Sandbox, callback: &Function);
    #[wasm_bindgen(method)]
    fn end(this: &Sandbox);
}

/// Who waits for the frame to answer a start, and which.
type Awaited = Rc<RefCell<Option<(u64, oneshot::Sender<()>)>>>;

/// What the frame may say of a start.
pub(super) enum Said {
    Progress { step: String, percent: u8 },
    Failed { reason: String },
}

/// A mounted frame; dropping it removes it from the page.
pub(super) struct Frame {
    sandbox: Sandbox,
    element: HtmlIFrameElement,
    on_message: Closure<dyn FnMut(MessageEvent)>,
    _on_percent: Closure<dyn FnMut(f64)>,
    awaited: Awaited,
}

impl Frame {
    /// Takes the frame that the page has begun to mount, which can be done once, or mounts one. `on_percent` is told
    /// how much of its files is fetched, `on_said` what it says of which start.
    pub(super) fn mount(
        mut on_percent: impl FnMut(u64) + 'static,
        mut on_said: impl FnMut(u64, Said) + 'static,
    ) -> Result<Self, String> {
        let sandbox = take_begun()
            .map_or_else(make_sandbox, Ok)
            .map_err(|_thrown| "The kernel's frame could not be put into the page.".to_owned())?;
        let element = sandbox.frame();
        let on_percent = Closure::<dyn FnMut(f64)>::new(move |percent| on_percent(u64::from(to_percent(percent))));
        sandbox.set_on_percent(on_percent.as_ref().unchecked_ref());
        let awaited = Awaited::default();
        let (own, waiting) = (element.clone(), Rc::clone(&awaited));
        let on_message = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
            let from_frame = match (event.source(), own.content_window()) {
                (Some(source), Some(window)) => Object::is(&source, &window),
                _ => false,
            };
            if !from_frame {
                return;
            }
            match field(&event.data(), "type").as_string().as_deref() {
                Some("progress") => {
                    let start = start(&event.data());
                    // The first thing that it says of a start is its answer.
                    if let Some((_, answer)) = waiting.borrow_mut().take_if(|(awaited, _)| *awaited == start) {
                        answer.send(()).ok();
                    }
                    let said = Said::Progress { step: words(&event.data(), "step"), percent: percent(&event.data()) };
                    on_said(start, said);
                }
                Some("failed") => {
                    on_said(start(&event.data()), Said::Failed { reason: words(&event.data(), "reason") });
                }
                // The store learns that Python is ready or has died through the kernel's own ports.
                _ => {}
            }
        });
        window()
            .add_event_listener_with_callback("message", on_message.as_ref().unchecked_ref())
            .map_err(|_thrown| "This page cannot hear the kernel's frame.".to_owned())?;
        Ok(Self { sandbox, element, on_message, _on_percent: on_percent, awaited })
    }

    /// Waits until the frame listens; its files may still be under way.
    pub(super) async fn is_mounted(&self) -> Result<(), String> {
        outcome(self.sandbox.mounted()).await
    }

    /// Waits until the frame has its files, also after this is dropped.
    pub(super) fn is_given(&self) -> impl Future<Output = Result<(), String>> + 'static {
        outcome(self.sandbox.given())
    }

    /// Has the frame start a kernel in place of the one it may have; `worker` and `frame` are the ends that stay
    /// there. The receiver is told when it answers.
    pub(super) fn start(&self, start: u64, worker: &RawPort, frame: &RawPort) -> Result<oneshot::Receiver<()>, String> {
        let (answer, answered) = oneshot::channel();
        *self.awaited.borrow_mut() = Some((start, answer));
        let ports = Array::of2(worker.as_js(), frame.as_js());
        #[expect(clippy::cast_precision_loss, reason = "nobody restarts so often")]
        let number = start as f64;
        self.post(&[("type", "start".into()), ("start", number.into()), ("ports", ports.clone().into())], &ports)?;
        Ok(answered)
    }

    /// Ends the kernel.
    pub(super) fn stop(&self) {
        // A frame that is gone has nothing to stop.
        self.post(&[("type", "stop".into())], &Array::new()).ok();
    }

    fn post(&self, fields: &[(&str, JsValue)], transfer: &Array) -> Result<(), String> {
        let message = Object::new();
        for (key, value) in fields {
            Reflect::set(&message, &(*key).into(), value).expect("invariant: a plain object takes any property");
        }
        let window = self.element.content_window().ok_or("The kernel's frame is gone.")?;
        // An opaque origin has no name to send to; the frame is the one this page has just made.
        window
            .post_message_with_transfer(&message, "*", transfer)
            .map_err(|_thrown| "The kernel's frame could not be told.".to_owned())
    }
}

impl Drop for Frame {
    fn drop(&mut self) {
        window().remove_event_listener_with_callback("message", self.on_message.as_ref().unchecked_ref()).ok();
        self.sandbox.end();
    }
}

fn field(data: &JsValue, name: &str) -> JsValue {
    if data.is_object() { Reflect::get(data, &name.into()).unwrap_or(JsValue::UNDEFINED) } else { JsValue::UNDEFINED }
}

fn words(data: &JsValue, name: &str) -> String {
    field(data, name).as_string().unwrap_or_default().chars().take(LONGEST_WORDS).collect()
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "what is no start is none of ours")]
fn start(data: &JsValue) -> u64 {
    field(data, "start").as_f64().unwrap_or(0.0) as u64
}

fn percent(data: &JsValue) -> u8 {
    to_percent(field(data, "percent").as_f64().unwrap_or(0.0))
}

fn to_percent(number: f64) -> u8 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "clamped to 0 to 100 first; NaN becomes 0"
    )]
    let percent = number.clamp(0.0, 100.0) as u8;
    percent
}

async fn outcome(promise: Promise) -> Result<(), String> {
    let reason = |thrown: JsValue| thrown.as_string().unwrap_or_else(|| "The kernel's frame is broken.".to_owned());
    JsFuture::from(promise).await.map(drop).map_err(reason)
}

fn take_begun() -> Option<Sandbox> {
    let global = js_sys::global();
    let begun = Reflect::get(&global, &BEGUN.into()).ok().filter(JsValue::is_object)?;
    Reflect::delete_property(&global, &BEGUN.into()).ok();
    Some(begun.unchecked_into())
}
