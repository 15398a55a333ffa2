/**
 * The least that a page can do: Shift+Enter posts the source to a worker that runs it with
 * Pyodide, and what comes back is text in the page. No store, no sandbox, no notebook.
 */

const cell = document.querySelector("[data-cell]");
const outputs = document.querySelector("[data-outputs]");
const source = document.querySelector("#source");
const worker = new Worker("raw-worker.js", { type: "module" });

worker.addEventListener("message", ({ data }) => {
  if (data.ready !== undefined) cell.dataset.status = "ready";
  if (data.text !== undefined) outputs.append(data.text);
  if (data.value !== undefined) outputs.append(data.value);
  if (data.done) cell.dataset.status = "completed";
});

window.runRaw = (code) => {
  outputs.textContent = "";
  cell.dataset.status = "executing";
  worker.postMessage({ code });
};

source.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !event.shiftKey) return;
  event.preventDefault();
  window.runRaw(source.value);
});

worker.postMessage({ indexURL: new URL("../app/kernel/", location.href).href });
