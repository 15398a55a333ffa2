//! Which cells are in or near the part of the page in view: only those have an editor.

use std::collections::BTreeMap;

use js_sys::Array;
use leptos::prelude::*;
use notebook::CellId;
use wasm_bindgen::prelude::*;
use web_sys::{Element, IntersectionObserver, IntersectionObserverEntry, IntersectionObserverInit};

/// How far outside the view a cell comes near.
const NEAR_MARGIN: &str = "600px 0px";
/// How far outside the view it stops being near. Farther, so that scrolling to and fro costs nothing.
const FAR_MARGIN: &str = "2400px 0px";

type Seen = StoredValue<BTreeMap<CellId, RwSignal<bool>>>;

/// The watch over one page's cells.
#[derive(Clone, Copy)]
pub(crate) struct Nearness {
    /// Empty where the browser has no such observers: then every cell counts as near.
    watches: StoredValue<Vec<Watch>, LocalStorage>,
    seen: Seen,
}

struct Watch {
    observer: IntersectionObserver,
    _on_entries: Closure<dyn Fn(Array)>,
}

impl Nearness {
    pub(crate) fn new() -> Self {
        let seen: Seen = StoredValue::new(BTreeMap::new());
        let watches = Watch::new(NEAR_MARGIN, seen, true).zip(Watch::new(FAR_MARGIN, seen, false));
        let watches = watches.map(|(near, far)| vec![near, far]).unwrap_or_default();
        Self { watches: StoredValue::new_local(watches), seen }
    }

    /// Watches a cell's element: the signal is true while it is near.
    pub(crate) fn watch(self, cell: &CellId, element: &Element, near: RwSignal<bool>) {
        self.seen.update_value(|seen| {
            seen.insert(cell.clone(), near);
        });
        self.watches.with_value(|watches| {
            if watches.is_empty() {
                near.set(true);
            }
            for watch in watches {
                watch.observer.observe(element);
            }
        });
    }

    /// Forgets a cell.
    pub(crate) fn forget(self, cell: &CellId, element: Option<&Element>) {
        self.seen.try_update_value(|seen| seen.remove(cell));
        let Some(element) = element else { return };
        self.watches.try_with_value(|watches| watches.iter().for_each(|watch| watch.observer.unobserve(element)));
    }
}

impl Watch {
    /// Makes `near` this whenever a cell's being within the margin becomes this.
    fn new(margin: &str, seen: Seen, within: bool) -> Option<Self> {
        let on_entries = Closure::<dyn Fn(Array)>::new(move |entries: Array| note(seen, &entries, within));
        let options = IntersectionObserverInit::new();
        options.set_root_margin(margin);
        let observer = IntersectionObserver::new_with_options(on_entries.as_ref().unchecked_ref(), &options).ok()?;
        Some(Self { observer, _on_entries: on_entries })
    }
}

fn note(seen: Seen, entries: &Array, within: bool) {
    let mut last = BTreeMap::new();
    for entry in entries.iter() {
        let entry: IntersectionObserverEntry = entry.unchecked_into();
        let cell = entry.target().get_attribute("data-cell").and_then(|id| CellId::parse(&id).ok());
        // Of what came about meanwhile only the last counts.
        last.extend(cell.map(|cell| (cell, entry.is_intersecting())));
    }
    for (cell, _) in last.into_iter().filter(|(_, intersecting)| *intersecting == within) {
        let near = seen.try_with_value(|seen| seen.get(&cell).copied()).flatten();
        if let Some(near) = near.filter(|near| near.try_get_untracked() == Some(!within)) {
            near.try_set(within);
        }
    }
}
