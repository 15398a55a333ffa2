//! The sandboxed frame in the page. Its messages are read as what they are: words of a stranger.

use std::cell::RefCell;
use std::rc::Rc;

use browser::port::RawPort;
use futures::channel::oneshot;
use js_sys::{Array, ArrayBuffer, Object, Reflect};
use leptos::prelude::{document, window};
use wasm_bindgen::prelude::*;
use web_sys::{HtmlIFrameElement, MessageEvent};

/// The longest text of the frame that is shown.
const LONGEST_WORDS: usize = 300;

/// Who waits for the frame to answer a start, and which.
type Awaited = Rc<RefCell<Option<(u64, oneshot::Sender<()>)>>>;

/// What the frame may say of a start.
pub(super) enum Said {
    Progress { step: String, percent: u8 },
    Failed { reason: String },
}

/// A mounted frame; dropping it removes it from the page.
pub(super) struct Frame {
    element: HtmlIFrameElement,
    on_message: Closure<dyn FnMut(MessageEvent)>,
    awaited: Awaited,
}

impl Frame {
    /// Mounts a frame; the receiver is told when it listens, `on_said` what it says of which start.
    pub(super) fn mount(
        page: &str,
        mut on_said: impl FnMut(u64, Said) + 'static,
    ) -> Result<(Self, oneshot::Receiver<()>), String> {
        let document = document();
        let element: HtmlIFrameElement =
            document.create_element("iframe").expect("invariant: the element's name is well-formed").unchecked_into();
        for (name, value) in [
            // Never allow-same-origin: the kernel's origin must stay opaque.
            ("sandbox", "allow-scripts"),
            ("allow", "cross-origin-isolated"),
            ("referrerpolicy", "no-referrer"),
            ("title", "Python kernel"),
            ("aria-hidden", "true"),
            ("tabindex", "-1"),
            ("style", "position:fixed;width:1px;height:1px;left:-9px;top:-9px;border:0;visibility:hidden"),
            ("srcdoc", page),
        ] {
            element.set_attribute(name, value).expect("invariant: the attribute's name is well-formed");
        }
        let (listens, listening) = oneshot::channel();
        let listens = Rc::new(RefCell::new(Some(listens)));
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
                Some("listening") => {
                    if let Some(listens) = listens.borrow_mut().take() {
                        listens.send(()).ok();
                    }
                }
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
        let body = document.body().ok_or("This page has no body.")?;
        body.append_child(&element)
            .map_err(|_thrown| "The kernel's frame could not be put into the page.".to_owned())?;
        Ok((Self { element, on_message, awaited }, listening))
    }

    /// Gives the frame a file, for good.
    pub(super) fn give(&self, name: &str, bytes: &ArrayBuffer) -> Result<(), String> {
        let message = [("type", "asset".into()), ("name", name.into()), ("bytes", bytes.into())];
        self.post(&message, &Array::of1(bytes))
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
        self.element.remove();
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
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "clamped to 0 to 100 first; NaN becomes 0"
    )]
    let percent = field(data, "percent").as_f64().unwrap_or(0.0).clamp(0.0, 100.0) as u8;
    percent
}
