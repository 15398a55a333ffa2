//! The outputs of a cell, in order, in an area that scrolls once it gets tall.

use leptos::html;
use leptos::prelude::*;
use notebook::{CellId, Output};
use wasm_bindgen::prelude::*;
use web_sys::ResizeObserver;

use super::error::Failure;
use super::rich::Rich;
use super::stream::Stream;
use crate::session::{OutputShape, OutputView, Session};

/// The height in pixels from which the area scrolls: 32 rem of the stylesheet.
const BOUND: i32 = 512;

/// Shows a cell's outputs.
#[component]
pub(crate) fn OutputList(session: Session, cell: CellId, outputs: ArcRwSignal<Vec<OutputView>>) -> impl IntoView {
    let some = {
        let outputs = outputs.clone();
        Memo::new(move |_| outputs.with(|outputs| !outputs.is_empty()))
    };
    let frame = NodeRef::<html::Div>::new();
    let open = RwSignal::new(false);
    let tall = RwSignal::new(false);
    watch_height(frame, tall);
    view! {
        <div class="outputs" data-outputs data-outputs-of=cell.to_string() class:hidden=move || !some.get()>
            <div class="outputs-frame" class:bounded=move || !open.get() tabindex=move || (tall.get() && !open.get()).then_some("0")
                role="group" aria-label="Outputs">
                <div node_ref=frame>
                    <For each=move || outputs.get() key=|output| output.key let(output)>
                        <OneOutput session output />
                    </For>
                </div>
            </div>
            <Show when=move || tall.get()>
                <button class="link outputs-more" aria-expanded=move || open.get().to_string() on:click=move |_| open.update(|open| *open = !*open)>
                    {move || if open.get() { "Show less" } else { "Show in full height" }}
                </button>
            </Show>
        </div>
    }
}

#[component]
fn OneOutput(session: Session, output: OutputView) -> impl IntoView {
    let OutputView { execution, position, shape, .. } = output;
    match shape {
        OutputShape::Stream { name, grown } => view! { <Stream session execution position name grown /> }.into_any(),
        OutputShape::Rich(output) => view! {
            <div class="output">
                {move || match output.get().as_ref() {
                    Output::DisplayData { data, metadata, .. } | Output::ExecuteResult { data, metadata, .. } => {
                        view! { <Rich session data=data.clone() metadata=metadata.clone() /> }.into_any()
                    }
                    Output::Error { ename, evalue, traceback } => {
                        view! { <Failure ename=ename.clone() evalue=evalue.clone() traceback=traceback.clone() /> }.into_any()
                    }
                    // A stream never has this shape.
                    Output::Stream { .. } => ().into_any(),
                }}
            </div>
        }
        .into_any(),
    }
}

/// Keeps `tall` in step with whether the content is taller than the area.
fn watch_height(content: NodeRef<html::Div>, tall: RwSignal<bool>) {
    let observer = StoredValue::new_local(None::<(ResizeObserver, Closure<dyn Fn()>)>);
    Effect::new(move |_| {
        let Some(content) = content.get() else { return };
        let watched = content.clone();
        let on_resize = Closure::<dyn Fn()>::new(move || {
            let is_tall = watched.offset_height() > BOUND;
            if tall.try_get_untracked().is_some_and(|known| known != is_tall) {
                tall.set(is_tall);
            }
        });
        if let Ok(made) = ResizeObserver::new(on_resize.as_ref().unchecked_ref()) {
            made.observe(&content);
            observer.set_value(Some((made, on_resize)));
        }
    });
    on_cleanup(move || {
        if let Some((observer, _)) = observer.try_update_value(Option::take).flatten() {
            observer.disconnect();
        }
    });
}
