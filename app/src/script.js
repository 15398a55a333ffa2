// What only JavaScript can do for the page. One file, because each one is a request of every first visit.

/** Loads a module by its address relative to the page. */
export function load(address) {
  return import(new URL(address, document.baseURI).href);
}

/** Shows a report; one that follows is added to the one on the page. */
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

/** Whether workers can be modules. */
export function hasModuleWorkers() {
  let asked = false;
  const options = { get type() { asked = true; return "module"; } };
  // The options are read before the address is found wanting, so nothing is ever started.
  try { new Worker("https://[", options); } catch { }
  return asked;
}
