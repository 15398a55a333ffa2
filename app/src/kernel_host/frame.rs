//! The sandboxed frame in the page. Its messages are read as what they are: words of a stranger.

use std::cell::RefCell;
use std::rc::Rc;

use browser::port::RawPort;
use futures::channel::oneshot;
use js_sys::{Array, Object, Reflect};
use leptos::prelude::{document, window};
use wasm_bindgen::prelude::*;
use web_sys::{HtmlIFrameElement, MessageEvent};

use super::assets::Assets;

/// The longest text of the frame that is shown.
const LONGEST_WORDS: usize = 300;

/// What the frame may say after it listens.
pub(super) enum Said {
    Progress { step: String, percent: u8 },
    Failed { reason: String },
}

/// A mounted frame; dropping it removes it from the page.
pub(super) struct Frame {
    element: HtmlIFrameElement,
    on_message: Closure<dyn FnMut(MessageEvent)>,
}

impl Frame {
    /// Mounts a frame; the receiver is told when it listens.
    pub(super) fn mount(
        page: &str,
        mut on_said: impl FnMut(Said) + 'static,
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
        let own = element.clone();
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
                    on_said(Said::Progress { step: words(&event.data(), "step"), percent: percent(&event.data()) });
                }
                Some("failed") => on_said(Said::Failed { reason: words(&event.data(), "reason") }),
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
        Ok((Self { element, on_message }, listening))
    }

    /// Gives the frame all it needs; `worker` and `frame` are the ends that stay there.
    pub(super) fn boot(&self, assets: &Assets, worker: &RawPort, frame: &RawPort) -> Result<(), String> {
        let (files, transfer) = assets.copies();
        let message = Object::new();
        let ports = Array::of2(worker.as_js(), frame.as_js());
        let set = |key: &str, value: &JsValue| {
            Reflect::set(&message, &key.into(), value).expect("invariant: a plain object takes any property");
        };
        set("type", &"boot".into());
        set("worker", &assets.script().into());
        set("assets", &files);
        set("ports", &ports);
        transfer.push(worker.as_js());
        transfer.push(frame.as_js());
        let window = self.element.content_window().ok_or("The kernel's frame is gone.")?;
        // An opaque origin has no name to send to; the frame is the one this page has just made.
        window
            .post_message_with_transfer(&message, "*", &transfer)
            .map_err(|_thrown| "The kernel's files could not be handed over.".to_owned())
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

fn percent(data: &JsValue) -> u8 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "clamped to 0 to 100 first; NaN becomes 0"
    )]
    let percent = field(data, "percent").as_f64().unwrap_or(0.0).clamp(0.0, 100.0) as u8;
    percent
}
