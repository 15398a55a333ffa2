/**
 * The one server of a run: the built site below `/app/`, the bench pages below `/bench/`, so that
 * all arms have one origin, one host and the same headers. It keeps a list of what was asked for.
 */

import { subscribe } from "node:diagnostics_channel";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { start } from "../server.mjs";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
export const DIST = resolve(ROOT, process.env.CATHODE_DIST ?? "dist");

/** What Pyodide and its packages are; the rest of the site is Cathode. */
const PYODIDE = /\/kernel\/(pyodide|python_stdlib|snapshot|wheels)/;

/** Serves until `close()`. */
export async function serveSite() {
  if (!existsSync(join(DIST, "index.html"))) {
    throw new Error(`there is no built site in ${DIST}: run \`cargo xtask build\` or set CATHODE_DIST`);
  }
  const root = await mkdtemp(join(tmpdir(), "cathode-bench-site-"));
  await symlink(DIST, join(root, "app"));
  await symlink(fileURLToPath(new URL("pages", import.meta.url)), join(root, "bench"));
  await symlink(join(ROOT, "tests", "cbor.mjs"), join(root, "cbor.mjs"));
  const server = await start({ root, port: 0 });
  const asked = [];
  subscribe("http.server.request.start", ({ request, socket }) => {
    if (socket.localPort === server.port) asked.push(new URL(request.url, server.url).pathname);
  });
  return {
    app: `${server.url}app/`,
    bench: `${server.url}bench/`,
    /** Forgets what was asked for so far. */
    forgetRequests: () => asked.splice(0),
    /** What was asked for since, workers' requests included. */
    requests: () => asked.map((path) => ({ path, pyodide: PYODIDE.test(path) })),
    async close() {
      await server.close();
      await rm(root, { recursive: true, force: true });
    },
  };
}

/** What a file of the site weighs on the wire when the host compresses it. */
export async function gzippedSize(path) {
  const relative = path.replace(/^\/app\//, "") || "index.html";
  const file = join(DIST, relative);
  return existsSync(file) ? gzipSync(await readFile(file), { level: 9, memLevel: 9 }).length : 0;
}
