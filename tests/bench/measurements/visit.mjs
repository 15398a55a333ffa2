/**
 * The first visit of somebody who has nothing cached: from the address to the first key that
 * lands in a cell of a new notebook, and what that costs on the wire.
 */

import { figure } from "../figure.mjs";
import { interleave, withBrowser, within } from "../harness.mjs";
import { kernelIs } from "../notebook.mjs";
import { gzippedSize } from "../site.mjs";
import { sum } from "../statistics.mjs";

const VISIT_MILLIS = 60_000;

export const about = "first visit: editable, bytes, requests, other hosts";

export async function measure({ site, rounds }) {
  const { visits } = await interleave(rounds, { visits: () => withBrowser((context) => visit(context, site)) });
  const values = (name) => visits.map((visit) => visit[name]);
  return [
    figure("a typed key in a new notebook", { unit: "ms", rounds: values("typed"), atMost: 800 }),
    figure("  home page usable", { unit: "ms", rounds: values("home") }),
    figure("  new notebook's cell focused", { unit: "ms", rounds: values("focused") }),
    figure("gzip bytes without Pyodide", { unit: "B", rounds: values("bytes"), atMost: 1.2e6, note: "every file asked for until the kernel is idle, but Pyodide, its packages and the snapshot" }),
    figure("requests without Pyodide", { unit: "", rounds: values("requests"), atMost: 20, note: visits[0].files.join(" ") }),
    figure("requests until the key landed", { unit: "", rounds: values("requestsAtKey") }),
    figure("gzip bytes until the key landed", { unit: "B", rounds: values("bytesAtKey") }),
    figure("requests with Pyodide", { unit: "", rounds: values("allRequests") }),
    figure("gzip bytes with Pyodide", { unit: "B", rounds: values("allBytes") }),
    figure("requests to other hosts", { unit: "", rounds: values("external"), atMost: 0 }),
    ...(await largest(visits[0].files)),
  ];
}

async function visit(context, site) {
  const hosts = new Set(["localhost", ""]);
  let external = 0;
  context.on("request", (request) => {
    if (!hosts.has(new URL(request.url()).hostname)) external += 1;
  });
  const page = context.pages()[0];
  site.forgetRequests();
  await page.goto(site.app, { waitUntil: "commit" });
  const { home, focused } = await within(VISIT_MILLIS, "a new notebook", page.evaluate(async () => {
    const home = await probe.when(() => probe.button("New notebook"));
    probe.button("New notebook").click();
    // Focus alone changes nothing in the document that an observer sees, but the editor marks it.
    const focused = await probe.when(() => document.querySelector("[data-cell] .cm-editor.cm-focused"));
    window.typed = probe.when(() => document.querySelector("[data-cell] .cm-content").textContent.includes("x"));
    return { home, focused };
  }));
  await page.keyboard.press("x");
  const typed = await page.evaluate(() => window.typed);
  const atKey = site.requests();
  await kernelIs(page, "idle");
  const all = site.requests();
  const own = all.filter(({ pyodide }) => !pyodide);
  const bytes = async (list) => sum(await Promise.all([...new Set(list.map(({ path }) => path))].map(gzippedSize)));
  return {
    home,
    focused,
    typed,
    external,
    bytes: await bytes(own),
    requests: own.length,
    bytesAtKey: await bytes(atKey),
    requestsAtKey: atKey.length,
    allBytes: await bytes(all),
    allRequests: all.length,
    files: own.map(({ path }) => path),
  };
}

/** The files that weigh most, so that a reader sees where bytes can be saved. */
async function largest(paths) {
  const sizes = await Promise.all([...new Set(paths)].map(async (path) => [path, await gzippedSize(path)]));
  sizes.sort((a, b) => b[1] - a[1]);
  return sizes.slice(0, 6).map(([path, size]) => figure(`  ${path.replace("/app/", "").replace(/-[0-9a-f]{8,}/, "")}`, { unit: "B", rounds: [size] }));
}
