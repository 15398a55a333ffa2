//! Which cells are in or near the part of the page in view: only those get an editor.

use std::collections::BTreeMap;

use js_sys::Array;
use leptos::prelude::*;
use notebook::CellId;
use wasm_bindgen::prelude::*;
use web_sys::{Element, IntersectionObserver, IntersectionObserverEntry, IntersectionObserverInit};

/// How far outside the view still counts.
const MARGIN: &str = "600px 0px";

type Seen = StoredValue<BTreeMap<CellId, RwSignal<bool>>>;

/// The watch over one page's cells.
#[derive(Clone, Copy)]
pub(crate) struct Nearness {
    watch: StoredValue<Option<Watch>, LocalStorage>,
    seen: Seen,
}

struct Watch {
    observer: IntersectionObserver,
    _on_entries: Closure<dyn Fn(Array)>,
}

impl Nearness {
    pub(crate) fn new() -> Self {
        let seen: Seen = StoredValue::new(BTreeMap::new());
        let on_entries = Closure::<dyn Fn(Array)>::new(move |entries: Array| note(seen, &entries));
        let options = IntersectionObserverInit::new();
        options.set_root_margin(MARGIN);
        let observer = IntersectionObserver::new_with_options(on_entries.as_ref().unchecked_ref(), &options).ok();
        let watch = observer.map(|observer| Watch { observer, _on_entries: on_entries });
        Self { watch: StoredValue::new_local(watch), seen }
    }

    /// Watches a cell's element; the signal becomes true when it first comes near, and stays so.
    pub(crate) fn watch(self, cell: &CellId, element: &Element, near: RwSignal<bool>) {
        self.seen.update_value(|seen| {
            seen.insert(cell.clone(), near);
        });
        let watched = self.watch.with_value(|watch| watch.as_ref().map(|watch| watch.observer.observe(element)));
        if watched.is_none() {
            // Without an observer every cell counts as near.
            near.set(true);
        }
    }

    /// Forgets a cell.
    pub(crate) fn forget(self, cell: &CellId, element: Option<&Element>) {
        self.seen.try_update_value(|seen| seen.remove(cell));
        if let Some(element) = element {
            self.watch.try_with_value(|watch| watch.as_ref().map(|watch| watch.observer.unobserve(element)));
        }
    }
}

fn note(seen: Seen, entries: &Array) {
    for entry in entries.iter() {
        let entry: IntersectionObserverEntry = entry.unchecked_into();
        if !entry.is_intersecting() {
            continue;
        }
        let cell = entry.target().get_attribute("data-cell").and_then(|id| CellId::parse(&id).ok());
        let near = cell.and_then(|cell| seen.try_with_value(|seen| seen.get(&cell).copied()).flatten());
        if let Some(near) = near {
            near.try_set(true);
        }
    }
}
