//! The report of a breakdown, to be copied.
//!
//! It is shown by JavaScript alone: when Rust has panicked, no signal and no closure of this thread
//! can be relied on.

use wasm_bindgen::prelude::*;

#[wasm_bindgen(inline_js = r#"
export function showReport(text) {
  const open = document.querySelector("dialog[data-report]");
  if (open) {
    open.querySelector("pre").append("\n\n" + text);
    return;
  }
  const make = (name, words, className = "") => Object.assign(document.createElement(name), { textContent: words, className });
  const dialog = make("dialog", "");
  dialog.dataset.report = "";
  dialog.setAttribute("aria-label", "Something broke");
  const report = make("pre", text, "report");
  const close = make("button", "Close", "button");
  close.onclick = () => dialog.close();
  const copy = make("button", "Copy report", "button outline");
  copy.onclick = async () => {
    try {
      await navigator.clipboard.writeText(report.textContent);
      copy.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(report);
      copy.textContent = "Selected: copy it now";
    }
  };
  const reload = make("button", "Reload", "button primary");
  reload.onclick = () => location.reload();
  const actions = make("div", "", "dialog-actions");
  actions.append(close, copy, reload);
  const words = make("p", "A part of Cathode stopped. What was shown as saved is saved; reload the page to go on. This report holds no code and no outputs of yours.");
  dialog.append(make("h2", "Something broke"), words, report, actions);
  dialog.onclose = () => dialog.remove();
  document.body.append(dialog);
  dialog.showModal();
}
"#)]
extern "C" {
    /// Shows a report; one that follows is added to the one on the page.
    #[wasm_bindgen(js_name = showReport)]
    pub(crate) fn show(text: &str);
}
