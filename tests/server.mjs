/**
 * A static file server for tests and benchmarks: one folder, below one path, with or without
 * the headers that isolate the page. It adds nothing a plain static host would not do, but that it
 * passes WebSockets at `sync/` below its path on to a relay, where there is one.
 *
 *   node tests/server.mjs [--root dist] [--prefix /cathode/] [--port 8080] [--relay 8081] [--not-isolated]
 */

import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { createServer } from "node:http";
import { connect } from "node:net";
import { extname, join, normalize, resolve, sep } from "node:path";
import { pathToFileURL } from "node:url";

const TYPES = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".ico": "image/x-icon",
  ".ipynb": "application/json; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json; charset=utf-8",
  ".mjs": "text/javascript; charset=utf-8",
  ".png": "image/png",
  ".svg": "image/svg+xml",
  ".ttf": "font/ttf",
  ".txt": "text/plain; charset=utf-8",
  ".wasm": "application/wasm",
  ".webmanifest": "application/manifest+json; charset=utf-8",
  ".woff": "font/woff",
  ".woff2": "font/woff2",
  ".zip": "application/zip",
};

const ISOLATION = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "credentialless",
};

/**
 * Serves `root` below `prefix` until `close()` is called.
 *
 * @param {{root?: string, prefix?: string, isolated?: boolean, port?: number, relay?: Relay, asked?: (request: import("node:http").IncomingMessage) => void}} [options]
 *   Port 0 takes any free one. The relay's port is asked for at each connection. `asked` is told of each request.
 * @typedef {{port?: number, used?: () => void, said?: (bytes: number) => void}} Relay
 *   `used` is told of each connection, `said` of what comes from the relay.
 * @returns {Promise<{url: string, port: number, close: () => Promise<void>}>}
 */
export async function start({ root = "dist", prefix = "/", isolated = true, port = 0, relay, asked } = {}) {
  const folder = resolve(root);
  const base = withSlashes(prefix);
  const server = createServer((request, response) => {
    asked?.(request);
    answer(request, response, { folder, base, isolated }).catch((error) => {
      if (!response.headersSent) response.writeHead(500, { "Content-Type": "text/plain" });
      response.end(`${error}\n`);
    });
  });
  server.on("upgrade", (request, socket, head) => passOn(request, socket, head, `${base}sync/`, relay ?? {}));
  await new Promise((listening, failed) => {
    server.once("error", failed);
    server.listen(port, "127.0.0.1", listening);
  });
  const bound = server.address().port;
  return {
    url: `http://localhost:${bound}${base}`,
    port: bound,
    close: () =>
      new Promise((closed) => {
        server.close(() => closed());
        server.closeAllConnections();
      }),
  };
}

async function answer(request, response, { folder, base, isolated }) {
  const headers = { "Cache-Control": "no-cache", ...(isolated ? ISOLATION : {}) };
  if (request.method !== "GET" && request.method !== "HEAD") {
    return refuse(response, 405, { ...headers, Allow: "GET, HEAD" });
  }
  const path = requestedPath(request.url);
  if (path !== undefined && `${path}/` === base) {
    return refuse(response, 301, { ...headers, Location: base + new URL(request.url, "http://localhost").search });
  }
  const file = path?.startsWith(base) ? inFolder(folder, path.slice(base.length)) : undefined;
  const found = file && (await fileAt(file));
  if (!found) return refuse(response, 404, headers);

  const { size, mtime } = found.status;
  const tag = `"${size.toString(16)}-${Math.trunc(found.status.mtimeMs).toString(16)}"`;
  Object.assign(headers, { ETag: tag, "Last-Modified": mtime.toUTCString() });
  if (isUnchanged(request.headers, tag, mtime)) return refuse(response, 304, headers);

  headers["Content-Type"] = TYPES[extname(found.path)] ?? "application/octet-stream";
  headers["Content-Length"] = size;
  response.writeHead(200, headers);
  if (request.method === "HEAD") return response.end();
  const stream = createReadStream(found.path);
  stream.once("error", () => response.destroy());
  stream.pipe(response);
}

/** Joins a WebSocket to the relay's, byte for byte. Without a relay it is refused. */
function passOn(request, socket, head, path, { port, used, said }) {
  socket.on("error", () => socket.destroy());
  if (port === undefined || !request.url.startsWith(path)) {
    socket.end("HTTP/1.1 502 Bad Gateway\r\nConnection: close\r\n\r\n");
    return;
  }
  used?.();
  const relay = connect(port, "127.0.0.1", () => {
    const lines = [`GET /sync/${request.url.slice(path.length)} HTTP/1.1`];
    for (let at = 0; at < request.rawHeaders.length; at += 2) {
      lines.push(`${request.rawHeaders[at]}: ${request.rawHeaders[at + 1]}`);
    }
    relay.write(`${lines.join("\r\n")}\r\n\r\n`);
    relay.write(head);
    relay.pipe(socket).pipe(relay);
  });
  if (said) relay.on("data", (part) => said(part.length));
  relay.setNoDelay(true);
  socket.setNoDelay(true);
  relay.on("error", () => socket.destroy());
  relay.on("close", () => socket.destroy());
  socket.on("close", () => relay.destroy());
}

/** The decoded path without query, or undefined when it is not valid. */
function requestedPath(url) {
  try {
    return decodeURIComponent(new URL(url, "http://localhost").pathname);
  } catch {
    return undefined;
  }
}

/** The file's path, or undefined when it would be outside the folder. */
function inFolder(folder, relative) {
  const file = normalize(join(folder, relative));
  const isInside = file === folder || file.startsWith(folder + sep);
  return isInside && !relative.includes("\0") ? file : undefined;
}

async function fileAt(path) {
  const status = await stat(path).catch(() => undefined);
  if (status?.isFile()) return { path, status };
  return status?.isDirectory() ? fileAt(join(path, "index.html")) : undefined;
}

function isUnchanged(headers, tag, mtime) {
  if (headers["if-none-match"] !== undefined) {
    return headers["if-none-match"].split(",").some((known) => known.trim() === tag);
  }
  const since = Date.parse(headers["if-modified-since"] ?? "");
  return Math.trunc(mtime.getTime() / 1000) * 1000 <= since;
}

function refuse(response, status, headers) {
  const body = status === 404 ? "Not found\n" : "";
  response.writeHead(status, status === 404 ? { ...headers, "Content-Type": "text/plain" } : headers);
  response.end(body);
}

function withSlashes(prefix) {
  const inner = prefix.replace(/^\/+|\/+$/g, "");
  return inner === "" ? "/" : `/${inner}/`;
}

function parseArguments(words) {
  const options = { port: 8080 };
  while (words.length > 0) {
    const option = words.shift();
    if (option === "--root") options.root = words.shift();
    else if (option === "--prefix") options.prefix = words.shift();
    else if (option === "--port") options.port = Number(words.shift());
    else if (option === "--relay") options.relay = { port: Number(words.shift()) };
    else if (option === "--not-isolated") options.isolated = false;
    else throw new Error(`unknown option ${option}`);
  }
  return options;
}

if (process.argv[1] && import.meta.url === pathToFileURL(resolve(process.argv[1])).href) {
  const server = await start(parseArguments(process.argv.slice(2)));
  console.log(server.url);
}
