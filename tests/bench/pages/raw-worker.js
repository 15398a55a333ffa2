/**
 * Pyodide as its manual shows it, in a module worker: a plain `loadPyodide`, then `runPython`.
 * Printed text goes out at most once per 16 ms.
 */

const BATCH_MILLIS = 16;

let pyodide;
let held = "";
let sentAt = 0;
const text = new TextDecoder();

function send() {
  if (held !== "") postMessage({ text: held });
  held = "";
  sentAt = performance.now();
}

addEventListener("message", async ({ data }) => {
  if (data.indexURL) {
    const { loadPyodide } = await import(`${data.indexURL}pyodide.mjs`);
    pyodide = await loadPyodide({ indexURL: data.indexURL });
    pyodide.setStdout({
      write(bytes) {
        held += text.decode(bytes, { stream: true });
        if (performance.now() - sentAt >= BATCH_MILLIS) send();
        return bytes.length;
      },
    });
    const value = data.first === undefined ? undefined : String(pyodide.runPython(data.first));
    postMessage({ ready: true, value });
    return;
  }
  const value = pyodide.runPython(data.code);
  send();
  postMessage({ value: value === undefined ? undefined : String(value), done: true });
});
