//! The binding to `js/editor.js`: one editor per mounted cell, edits as splices, keys by name.

use std::fmt;
use std::rc::Rc;

use js_sys::{Array, Object, Reflect};
use leptos::prelude::*;
use notebook::CellKind;
use notebook::source::Splice;
use send_wrapper::SendWrapper;
use wasm_bindgen::prelude::*;

use crate::module;

#[wasm_bindgen]
extern "C" {
    #[derive(Clone)]
    type Module;
    #[wasm_bindgen(method, catch, js_name = createEditor)]
    fn create_editor(this: &Module, options: &Object) -> Result<Handle, JsValue>;
    #[wasm_bindgen(method)]
    fn highlight(this: &Module, code: &str, language: &str) -> String;

    #[derive(Clone)]
    type Handle;
    #[wasm_bindgen(method, catch, js_name = applyChanges)]
    fn apply_changes(this: &Handle, changes: &Array) -> Result<(), JsValue>;
    #[wasm_bindgen(method, js_name = getDoc)]
    fn get_doc(this: &Handle) -> String;
    #[wasm_bindgen(method, js_name = focus)]
    fn focus_at(this: &Handle, place: Option<&str>);
    #[wasm_bindgen(method, js_name = setReadOnly)]
    fn set_read_only(this: &Handle, read_only: bool);
    #[wasm_bindgen(method, js_name = setLanguage)]
    fn set_language(this: &Handle, language: &str);
    #[wasm_bindgen(method)]
    fn destroy(this: &Handle);
}

/// The editor bundle: `None` until it is here, an error when it cannot be.
#[derive(Clone, Copy)]
pub(crate) struct EditorBundle(RwSignal<Option<Result<SendWrapper<Module>, String>>>);

/// What an editor tells its cell.
pub(crate) struct Callbacks {
    pub(crate) change: Box<dyn Fn(Vec<Splice>)>,
    pub(crate) focus: Box<dyn Fn()>,
    pub(crate) blur: Box<dyn Fn()>,
    /// Gets a key's name; says whether it was handled.
    pub(crate) key: Box<dyn Fn(&str) -> bool>,
}

/// How an editor is set up.
pub(crate) struct Setup<'a> {
    pub(crate) parent: &'a web_sys::Element,
    pub(crate) text: &'a str,
    pub(crate) kind: CellKind,
    pub(crate) read_only: bool,
    pub(crate) label: &'a str,
}

/// Where the cursor goes when an editor gets the focus.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cursor {
    Stay,
    Start,
    End,
}

/// One mounted editor. Clones are the same editor; [`Editor::destroy`] removes it.
#[derive(Clone)]
pub(crate) struct Editor(Rc<Mounted>);

struct Mounted {
    handle: Handle,
    // The editor calls these for as long as it is mounted.
    _callbacks: Vec<Box<dyn std::any::Any>>,
}

impl EditorBundle {
    /// Begins to load the bundle.
    pub(crate) fn load() -> Self {
        let bundle = Self(RwSignal::new(None));
        browser::spawn(async move {
            let loaded = module::import::<Module>("./js/editor.js").await;
            bundle.0.try_set(Some(loaded.map(SendWrapper::new)));
        });
        bundle
    }

    /// Says whether editors can be mounted.
    pub(crate) fn is_ready(self) -> bool {
        self.0.with(|bundle| matches!(bundle, Some(Ok(_))))
    }

    /// Returns why the bundle is not here, if loading it failed.
    pub(crate) fn failure(self) -> Option<String> {
        self.0.with(|bundle| match bundle {
            Some(Err(reason)) => Some(reason.clone()),
            Some(Ok(_)) | None => None,
        })
    }

    /// Returns highlighted markup, or `None` while the bundle is not here.
    pub(crate) fn highlight(self, code: &str, kind: CellKind) -> Option<String> {
        self.0.with(|bundle| match bundle {
            Some(Ok(module)) => Some(module.highlight(code, language(kind))),
            Some(Err(_)) | None => None,
        })
    }

    /// Mounts an editor.
    pub(crate) fn mount(self, setup: &Setup<'_>, callbacks: Callbacks) -> Option<Editor> {
        let module = self.0.with_untracked(|bundle| match bundle {
            Some(Ok(module)) => Some(module.clone()),
            Some(Err(_)) | None => None,
        })?;
        let options = Object::new();
        set(&options, "parent", setup.parent);
        set(&options, "doc", &setup.text.into());
        set(&options, "language", &language(setup.kind).into());
        set(&options, "readOnly", &setup.read_only.into());
        set(&options, "label", &setup.label.into());
        let Callbacks { change, focus, blur, key } = callbacks;
        let on_change = Closure::<dyn Fn(Array)>::new(move |changes: Array| change(to_splices(&changes)));
        let on_focus = Closure::<dyn Fn()>::new(focus);
        let on_blur = Closure::<dyn Fn()>::new(blur);
        let on_key = Closure::<dyn Fn(String) -> bool>::new(move |name: String| key(&name));
        set(&options, "onChange", on_change.as_ref());
        set(&options, "onFocus", on_focus.as_ref());
        set(&options, "onBlur", on_blur.as_ref());
        set(&options, "onKey", on_key.as_ref());
        let handle = module.create_editor(&options).ok()?;
        let kept: Vec<Box<dyn std::any::Any>> =
            vec![Box::new(on_change), Box::new(on_focus), Box::new(on_blur), Box::new(on_key)];
        Some(Editor(Rc::new(Mounted { handle, _callbacks: kept })))
    }
}

impl Editor {
    /// Applies edits made elsewhere, one after another.
    pub(crate) fn apply(&self, splices: &[Splice]) {
        let changes: Array = splices
            .iter()
            .map(|splice| Array::of3(&splice.from.into(), &splice.to.into(), &splice.insert.as_str().into()))
            .collect();
        if self.0.handle.apply_changes(&changes).is_err() {
            log::error!("an edit did not fit the editor's text");
        }
    }

    /// Makes the text this, altering only the part that differs.
    pub(crate) fn replace(&self, text: &str) {
        if let Some(splice) = difference(&self.0.handle.get_doc(), text) {
            self.apply(&[splice]);
        }
    }

    pub(crate) fn focus(&self, cursor: Cursor) {
        self.0.handle.focus_at(match cursor {
            Cursor::Stay => None,
            Cursor::Start => Some("start"),
            Cursor::End => Some("end"),
        });
    }

    pub(crate) fn set_read_only(&self, read_only: bool) {
        self.0.handle.set_read_only(read_only);
    }

    pub(crate) fn set_kind(&self, kind: CellKind) {
        self.0.handle.set_language(language(kind));
    }

    pub(crate) fn destroy(&self) {
        self.0.handle.destroy();
    }
}

impl fmt::Debug for Editor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Editor").finish_non_exhaustive()
    }
}

fn language(kind: CellKind) -> &'static str {
    match kind {
        CellKind::Code => "python",
        CellKind::Markdown => "markdown",
        CellKind::Raw => "raw",
    }
}

fn set(options: &Object, key: &str, value: &JsValue) {
    Reflect::set(options, &key.into(), value).expect("invariant: a plain object takes any property");
}

fn to_splices(changes: &Array) -> Vec<Splice> {
    let position = |value: JsValue| {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a position in a text is a small whole number"
        )]
        let position = value.as_f64().unwrap_or(0.0) as u32;
        position
    };
    let read = |change: JsValue| {
        let change: Array = change.unchecked_into();
        Splice {
            from: position(change.get(0)),
            to: position(change.get(1)),
            insert: change.get(2).as_string().unwrap_or_default(),
        }
    };
    changes.iter().map(read).collect()
}

/// Returns the one splice that turns `before` into `after`, or `None` when they are equal.
fn difference(before: &str, after: &str) -> Option<Splice> {
    if before == after {
        return None;
    }
    let before: Vec<u16> = before.encode_utf16().collect();
    let after: Vec<u16> = after.encode_utf16().collect();
    let is_low = |unit: Option<&u16>| unit.is_some_and(|unit| (0xDC00..0xE000).contains(unit));
    let mut head = before.iter().zip(&after).take_while(|(a, b)| a == b).count();
    // A surrogate pair stays in one piece.
    if is_low(before.get(head)) || is_low(after.get(head)) {
        head = head.saturating_sub(1);
    }
    let room = before.len().min(after.len()) - head;
    let mut tail = before.iter().rev().zip(after.iter().rev()).take(room).take_while(|(a, b)| a == b).count();
    if is_low(before.get(before.len() - tail)) || is_low(after.get(after.len() - tail)) {
        tail = tail.saturating_sub(1);
    }
    let insert = String::from_utf16_lossy(&after[head..after.len() - tail]);
    Some(Splice { from: u32::try_from(head).ok()?, to: u32::try_from(before.len() - tail).ok()?, insert })
}
