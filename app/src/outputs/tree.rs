//! JSON as a tree that opens level by level; what is closed costs nothing.

use leptos::prelude::*;
use serde_json::Value;

/// How many entries of one level are shown before a button asks for more.
const AT_ONCE: usize = 100;

/// Shows a value.
#[component]
pub(crate) fn Tree(value: Value) -> impl IntoView {
    view! { <div class="tree" role="group" aria-label="JSON">{node(None, value, true)}</div> }
}

fn node(key: Option<String>, value: Value, open: bool) -> AnyView {
    let name = key.map(|key| view! { <span class="key">{key}</span>": " });
    match value {
        Value::Object(entries) => {
            let entries: Vec<_> = entries.into_iter().map(|(key, value)| (Some(key), value)).collect();
            branch(name.into_any(), "{", "}", entries, open)
        }
        Value::Array(values) => {
            let entries: Vec<_> =
                values.into_iter().enumerate().map(|(at, value)| (Some(at.to_string()), value)).collect();
            branch(name.into_any(), "[", "]", entries, open)
        }
        leaf => {
            let class = match leaf {
                Value::String(_) => "string",
                Value::Number(_) => "number",
                _ => "word",
            };
            view! { <div class="leaf">{name}<span class=class>{leaf.to_string()}</span></div> }.into_any()
        }
    }
}

fn branch(
    name: AnyView,
    before: &'static str,
    after: &'static str,
    entries: Vec<(Option<String>, Value)>,
    open: bool,
) -> AnyView {
    let count = entries.len();
    let size = if count == 1 { "1 entry".to_owned() } else { format!("{count} entries") };
    if entries.is_empty() {
        return view! { <div class="leaf">{name}<span class="size">{before}{after}</span></div> }.into_any();
    }
    let opened = RwSignal::new(open);
    let shown = RwSignal::new(AT_ONCE);
    let entries = StoredValue::new(entries);
    let children = move || {
        entries.with_value(|entries| {
            entries.iter().take(shown.get()).map(|(key, value)| node(key.clone(), value.clone(), false)).collect_view()
        })
    };
    view! {
        <details open=open on:toggle=move |event| {
            let details: web_sys::HtmlDetailsElement = event_target(&event);
            if details.open() { opened.set(true); }
        }>
            <summary>{name}<span class="size">{before}" "{size}" "{after}</span></summary>
            <div>
                {move || opened.get().then(children)}
                <Show when=move || opened.get() && shown.get() < count>
                    <button class="link" on:click=move |_| shown.update(|shown| *shown += AT_ONCE * 10)>"Show more"</button>
                </Show>
            </div>
        </details>
    }
    .into_any()
}
