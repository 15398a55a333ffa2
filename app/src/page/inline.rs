//! What a link carries that holds a whole notebook: shown before anything is made of it.

use ::notebook::CellKind;
use ::notebook::ipynb::Imported;
use leptos::prelude::*;

use super::home::Open;
use crate::library::{self, Beginning, UNTITLED};
use crate::view::icon::Mark;

/// How much of the notebook's text is shown.
const SHOWN_LINES: usize = 24;

/// Shows what is in the link, and opens it as a notebook of one's own.
#[component]
pub(crate) fn InlinePage(imported: Imported, open: Open) -> impl IntoView {
    browser::page::set_title("A notebook in a link · Cathode");
    let failure = RwSignal::new(None::<String>);
    let asked = RwSignal::new(false);
    let title = imported.title.clone().unwrap_or_else(|| UNTITLED.to_owned());
    let (contents, beginning) = (describe(&imported), excerpt(&imported));
    let imported = StoredValue::new(imported);
    let keep = move |_| {
        asked.set(true);
        browser::spawn(async move {
            let imported = imported.get_value();
            match library::create(imported.title.as_deref().unwrap_or(UNTITLED)).await {
                Ok(entry) => open.run((entry, Some(Beginning::Imported(Box::new(imported))))),
                Err(reason) => {
                    asked.try_set(false);
                    failure.try_set(Some(reason));
                }
            }
        });
    };
    view! {
        <main class="notice-page inline-page" data-notice>
            <Mark named=true />
            <h1>{title}</h1>
            <p>{format!("A link brought this notebook: {contents}. Open it to get a copy of your own; nothing in it runs before you run it.")}</p>
            <pre class="report">{beginning}</pre>
            <p>
                <button class="button primary" disabled=move || asked.get() on:click=keep>"Open as my notebook"</button>" "
                <a class="button outline" href="./">"All notebooks"</a>
            </p>
            {move || failure.get().map(|reason| view! { <p role="alert">{reason}</p> })}
        </main>
    }
}

fn describe(imported: &Imported) -> String {
    let code = imported.cells.iter().filter(|cell| cell.kind == CellKind::Code).count();
    let count = |number: usize, what: &str| format!("{number} {what} {}", if number == 1 { "cell" } else { "cells" });
    let outputs: usize = imported.cells.iter().map(|cell| cell.outputs.len()).sum();
    let outputs = match outputs {
        0 => "no outputs".to_owned(),
        1 => "1 output".to_owned(),
        outputs => format!("{outputs} outputs"),
    };
    format!("{}, {}, {outputs}", count(code, "code"), count(imported.cells.len() - code, "text"))
}

/// Returns its first lines as plain text.
fn excerpt(imported: &Imported) -> String {
    let lines = imported.cells.iter().flat_map(|cell| cell.source.lines().chain([""]));
    let shown: Vec<&str> = lines.take(SHOWN_LINES).collect();
    shown.join("\n").trim().to_owned()
}
