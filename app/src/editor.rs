//! The binding to `js/editor.js`: one editor per mounted cell, edits as splices, keys by name.

use std::cell::Cell;
use std::fmt;
use std::rc::Rc;

use leptos::prelude::*;
use notebook::CellKind;
use notebook::source::Splice;
use send_wrapper::SendWrapper;
use serde::Serialize;
use serde_wasm_bindgen::preserve;
use wasm_bindgen::prelude::*;

use crate::company::Person;
use crate::module;

#[wasm_bindgen]
extern "C" {
    #[derive(Clone)]
    type Module;
    #[wasm_bindgen(method, catch, js_name = createEditor)]
    fn create_editor(this: &Module, options: &JsValue) -> Result<Handle, JsValue>;
    #[wasm_bindgen(method)]
    fn highlight(this: &Module, code: &str, language: &str) -> String;

    #[derive(Clone)]
    type Handle;
    #[wasm_bindgen(method, catch, js_name = applyChanges)]
    fn apply_changes(this: &Handle, changes: &JsValue) -> Result<(), JsValue>;
    #[wasm_bindgen(method, js_name = getDoc)]
    fn get_doc(this: &Handle) -> String;
    #[wasm_bindgen(method, js_name = getSelection)]
    fn get_selection(this: &Handle) -> Vec<u32>;
    #[wasm_bindgen(method, js_name = focus)]
    fn focus_at(this: &Handle, place: Option<&str>);
    #[wasm_bindgen(method, js_name = setPeers)]
    fn set_peers(this: &Handle, peers: &JsValue);
    #[wasm_bindgen(method, js_name = setReadOnly)]
    fn set_read_only(this: &Handle, read_only: bool);
    #[wasm_bindgen(method, js_name = setLanguage)]
    fn set_language(this: &Handle, language: &str);
    #[wasm_bindgen(method)]
    fn rest(this: &Handle) -> bool;
    #[wasm_bindgen(method)]
    fn wake(this: &Handle);
    #[wasm_bindgen(method)]
    fn destroy(this: &Handle);
}

/// What `createEditor` takes. What is not text or truth passes as it is.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Options<'a> {
    #[serde(with = "preserve")]
    parent: web_sys::Element,
    doc: &'a str,
    language: &'static str,
    read_only: bool,
    label: &'a str,
    #[serde(with = "preserve")]
    on_change: JsValue,
    #[serde(with = "preserve")]
    on_select: JsValue,
    #[serde(with = "preserve")]
    on_focus: JsValue,
    #[serde(with = "preserve")]
    on_blur: JsValue,
    #[serde(with = "preserve")]
    on_key: JsValue,
}

/// Somebody else in a text, as `setPeers` takes them.
#[derive(Serialize)]
struct Peer<'a> {
    id: &'a str,
    name: &'a str,
    colour: &'static str,
    anchor: u32,
    head: u32,
}

/// An edit as it crosses: where it begins and ends, and what comes there instead.
type Change = (u32, u32, String);

/// The editor bundle: `None` until it is here, an error when it cannot be.
#[derive(Clone, Copy)]
pub(crate) struct EditorBundle(RwSignal<Option<Result<SendWrapper<Module>, String>>>);

/// What an editor tells its cell.
pub(crate) struct Callbacks {
    pub(crate) change: Box<dyn Fn(Vec<Splice>)>,
    /// Gets where the selection began and where the cursor is, and whether only others' edits moved it there.
    pub(crate) select: Box<dyn Fn(u32, u32, bool)>,
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

/// One editor, on the page or at rest. Clones are the same editor; [`Editor::destroy`] removes it.
#[derive(Clone)]
pub(crate) struct Editor(Rc<Parts>);

struct Parts {
    handle: Handle,
    mounted: Cell<bool>,
    // The editor calls these for as long as it is there.
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
        let Callbacks { change, select, focus, blur, key } = callbacks;
        let on_change = Closure::<dyn Fn(JsValue)>::new(move |changes: JsValue| match to_splices(changes) {
            Ok(splices) => change(splices),
            Err(error) => log::error!("an edit of the editor could not be read: {error}"),
        });
        let on_select = Closure::<dyn Fn(u32, u32, bool)>::new(select);
        let on_focus = Closure::<dyn Fn()>::new(focus);
        let on_blur = Closure::<dyn Fn()>::new(blur);
        let on_key = Closure::<dyn Fn(String) -> bool>::new(move |name: String| key(&name));
        let options = Options {
            parent: setup.parent.clone(),
            doc: setup.text,
            language: language(setup.kind),
            read_only: setup.read_only,
            label: setup.label,
            on_change: on_change.as_ref().clone(),
            on_select: on_select.as_ref().clone(),
            on_focus: on_focus.as_ref().clone(),
            on_blur: on_blur.as_ref().clone(),
            on_key: on_key.as_ref().clone(),
        };
        let options = serde_wasm_bindgen::to_value(&options).ok()?;
        let handle = module.create_editor(&options).ok()?;
        let kept: Vec<Box<dyn std::any::Any>> =
            vec![Box::new(on_change), Box::new(on_select), Box::new(on_focus), Box::new(on_blur), Box::new(on_key)];
        Some(Editor(Rc::new(Parts { handle, mounted: Cell::new(true), _callbacks: kept })))
    }
}

impl Editor {
    /// Applies edits made elsewhere, one after another.
    pub(crate) fn apply(&self, splices: &[Splice]) {
        let changes: Vec<Change> =
            splices.iter().map(|splice| (splice.from, splice.to, splice.insert.clone())).collect();
        let applied =
            serde_wasm_bindgen::to_value(&changes).is_ok_and(|changes| self.0.handle.apply_changes(&changes).is_ok());
        if !applied {
            log::error!("an edit did not fit the editor's text");
        }
    }

    /// Shows where these people are in the text, and nobody else.
    pub(crate) fn show_people(&self, people: &[Person]) {
        let peers: Vec<Peer<'_>> = people
            .iter()
            .filter_map(|person| {
                let (anchor, head) = person.place.as_ref()?.selection?;
                Some(Peer { id: person.id.as_str(), name: &person.name, colour: person.colour, anchor, head })
            })
            .collect();
        if let Ok(peers) = serde_wasm_bindgen::to_value(&peers) {
            self.0.handle.set_peers(&peers);
        }
    }

    /// Returns where the cursor is.
    pub(crate) fn cursor(&self) -> Option<u32> {
        self.0.handle.get_selection().last().copied()
    }

    /// Makes the text this, altering only the part that differs.
    pub(crate) fn replace(&self, text: &str) {
        if let Some(splice) = Splice::between(&self.0.handle.get_doc(), text) {
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

    /// Says whether it is on the page.
    pub(crate) fn is_mounted(&self) -> bool {
        self.0.mounted.get()
    }

    /// Takes it off the page and says whether it holds anything that a new one would not: undo, a selection.
    pub(crate) fn rest(&self) -> bool {
        self.0.mounted.set(false);
        self.0.handle.rest()
    }

    /// Puts it back on the page.
    pub(crate) fn wake(&self) {
        self.0.handle.wake();
        self.0.mounted.set(true);
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

fn to_splices(changes: JsValue) -> Result<Vec<Splice>, serde_wasm_bindgen::Error> {
    let changes: Vec<Change> = serde_wasm_bindgen::from_value(changes)?;
    Ok(changes.into_iter().map(|(from, to, insert)| Splice { from, to, insert }).collect())
}
