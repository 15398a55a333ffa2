//! What may wait until a run's first reply, but not until the next key: moving on to the next cell, and
//! showing what passes by meanwhile.
//!
//! Moving the focus makes the browser lay the page out, which would keep the reply waiting. So it is put
//! off for a moment; a key or a press that comes sooner finds it done, and goes where it then belongs.

mod steady;

use browser::timer::Timeout;
use js_sys::{Array, Function, Reflect};
use leptos::prelude::*;
use wasm_bindgen::prelude::*;
use web_sys::{Element, Event};

pub(crate) use steady::steady;

/// Shorter than anybody notices, longer than a short run takes.
const WAIT_MILLIS: u32 = 20;

/// A step that is put off.
#[derive(Clone, Copy)]
pub(crate) struct Afterwards(StoredValue<Option<Put>, LocalStorage>);

struct Put {
    step: Box<dyn FnOnce()>,
    // Dropped with the step, so that it cannot take the next one's place.
    _timeout: Timeout,
}

impl Afterwards {
    /// Has its steps taken before a key or a press of this page is handled. Lasts as long as the page.
    pub(crate) fn new() -> Self {
        let afterwards = Self(StoredValue::new_local(None));
        let taken = StoredValue::new_local(false);
        listen("pointerdown", move |_| {
            afterwards.take();
        });
        // Two listeners: between them the browser lets everything happen that the step brought about.
        listen("keydown", move |_| taken.set_value(afterwards.take()));
        listen("keydown", move |event| {
            if taken.get_value() {
                taken.set_value(false);
                redirect(event);
            }
        });
        afterwards
    }

    /// Puts a step off. One that still waits is taken now.
    pub(crate) fn put(self, step: impl FnOnce() + 'static) {
        self.take();
        let timeout = Timeout::new(WAIT_MILLIS, move || {
            self.take();
        });
        self.0.set_value(Some(Put { step: Box::new(step), _timeout: timeout }));
    }

    /// Takes the step that waits; says whether one did.
    fn take(self) -> bool {
        let put = self.0.try_update_value(Option::take).flatten();
        put.map(|put| (put.step)()).is_some()
    }
}

fn listen(kind: &str, handler: impl Fn(&Event) + 'static) {
    let handler = Closure::<dyn Fn(Event)>::new(move |event: Event| handler(&event)).into_js_value();
    let added = window().add_event_listener_with_callback_and_bool(kind, handler.unchecked_ref(), true);
    debug_assert!(added.is_ok(), "a window takes any listener");
}

/// Gives a key to what has the focus now, if it was meant for what had it before. What the browser
/// itself does with the key follows the focus anyway.
fn redirect(event: &Event) {
    let meant = event.target().and_then(|target| target.dyn_into::<Element>().ok());
    let Some(active) = document().active_element() else { return };
    if meant.as_ref() == Some(&active) {
        return;
    }
    let again = Reflect::get(event, &"constructor".into()).and_then(|class| {
        Reflect::construct(class.unchecked_ref::<Function>(), &Array::of2(&event.type_().into(), event))
    });
    let Ok(again) = again else { return };
    event.stop_immediate_propagation();
    if active.dispatch_event(again.unchecked_ref()) == Ok(false) {
        event.prevent_default();
    }
}
