/** B4-31: what Python and what an output's script may not reach, from a real notebook. */

import { expect, test } from "./fixtures.mjs";

/** Each is the body of an async function; it must throw, or return a text that says it was refused. */
const ATTEMPTS = {
  "private file system": "const root = await navigator.storage.getDirectory(); for await (const name of root.keys()) return 'read ' + name; return 'opened it';",
  IndexedDB: "await new Promise((resolve, reject) => { const request = indexedDB.open('cathode'); request.onsuccess = resolve; request.onerror = () => reject(request.error); }); return 'opened it';",
  "list of databases": "return 'listed ' + (await indexedDB.databases()).length;",
  "local storage": "return 'read ' + localStorage.getItem('cathode.person');",
  "session storage": "return 'read ' + sessionStorage.length;",
  cookies: "const jar = document; jar.cookie = 'a=b'; return 'has ' + jar.cookie;",
  "cookie store": "return 'has ' + (await cookieStore.getAll()).length;",
  caches: "return 'has ' + (await caches.keys()).length;",
  "the app's web locks": "const { held } = await navigator.locks.query(); if (held.some(({ name }) => name.startsWith('cathode'))) return 'sees them'; throw new Error('sees none');",
  "stealing the notebook's lock": "const before = LOCK; await navigator.locks.request(before, { steal: true }, () => {}); throw new Error('took a lock of its own origin only');",
  "service worker": "await navigator.serviceWorker.register('./service-worker.js'); return 'registered';",
  "parent's document": "return 'read ' + parent.document.title;",
  "parent's address": "return 'read ' + parent.location.href;",
  "top navigation": "top.location = 'about:blank'; return 'navigated';",
  "opening a window": "const opened = open('about:blank'); if (opened === null) throw new Error('refused'); return 'opened';",
  "the app's files": "const response = await fetch(BASE + 'kernel/manifest.json'); return 'read ' + (await response.text()).length;",
  "the app's origin": "if (self.origin === 'null') throw new Error('opaque'); return self.origin;",
};

const REFUSED = /^refused/;

for (const [who, attempt] of [
  ["Python", fromPython],
  ["an output's script", fromOutput],
]) {
  test(`B4-31: ${who} reaches nothing of the app`, async ({ notebook }) => {
    await notebook.create();
    await notebook.execute(0, "'safe'");
    // What must not arrive anywhere: the tab of another notebook listens as well.
    await notebook.page.evaluate(listen, notebook.id());
    const answers = await attempt(notebook);
    console.log(`\n${who}:`);
    console.table(answers);
    for (const [what, answer] of Object.entries(answers)) expect.soft(answer, what).toMatch(REFUSED);
    expect(await notebook.page.evaluate(() => window.heard)).toEqual([]);
    // The app itself still has all of it, and its lock.
    await notebook.reload();
    await expect(notebook.outputs(0)).toHaveText("'safe'");
    await notebook.hasRole("leader");
    await expect(notebook.page).not.toHaveURL("about:blank");
  });
}

/** Runs every attempt in the kernel's worker, through Pyodide's `js` module. */
async function fromPython(notebook) {
  await notebook.append();
  const code = `
import js, json
from pyodide.code import run_js
script = json.loads(${JSON.stringify(JSON.stringify(script(notebook)))})
answers = await run_js(script)
print(answers)`;
  await notebook.execute(1, code);
  return JSON.parse(await notebook.outputs(1).innerText());
}

/** Runs every attempt in the frame of an HTML output. */
async function fromOutput(notebook) {
  await notebook.append();
  const code = `
import json
from IPython.display import HTML, display
script = json.loads(${JSON.stringify(JSON.stringify(script(notebook)))})
display(HTML('<pre id="answers"></pre><script>(' + 'async () => { document.getElementById("answers").textContent = await ' + script + ' })()</script>'))`;
  await notebook.execute(1, code);
  const answers = notebook.outputs(1).frameLocator("iframe").locator("#answers");
  await expect(answers).toContainText("}", { timeout: 30_000 });
  return JSON.parse(await answers.textContent());
}

/** A JavaScript expression: a promise of all answers as JSON. */
function script(notebook) {
  const lock = `cathode:${notebook.id()}`;
  const attempts = Object.entries({
    ...ATTEMPTS,
    "messages to the app's tabs": "new BroadcastChannel(LOCK).postMessage('from outside'); throw new Error('sent to nobody; see below');",
  }).map(([what, body]) => `[${JSON.stringify(what)}, async () => { ${body} }]`);
  return `(async () => {
    const LOCK = ${JSON.stringify(lock)}, BASE = ${JSON.stringify(notebook.site)}, answers = {};
    for (const [what, attempt] of [${attempts.join(",")}]) {
      let late;
      const patience = new Promise((resolve) => { late = setTimeout(resolve, 3000, 'refused: no answer'); });
      try {
        answers[what] = await Promise.race([attempt(), patience]);
      } catch (error) {
        answers[what] = 'refused: ' + error.name + ': ' + String(error.message).slice(0, 60);
      }
      clearTimeout(late);
    }
    return JSON.stringify(answers);
  })()`;
}

/** Notes, in the page, every foreign message on the notebook's channel. */
function listen(id) {
  window.heard = [];
  const channel = new BroadcastChannel(`cathode:${id}`);
  channel.onmessage = ({ data }) => {
    if (data === "from outside") window.heard.push(data);
  };
}
