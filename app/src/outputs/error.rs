//! An exception, with IPython's traceback in its colours.

use leptos::prelude::*;

use super::palette::themed;

/// Shows an error output.
#[component]
pub(crate) fn Failure(ename: String, evalue: String, traceback: Vec<String>) -> impl IntoView {
    let markup = themed(&render::traceback::to_html(&ename, &evalue, &traceback));
    view! { <pre class="terminal failed" data-error=ename inner_html=markup></pre> }
}
