// Serves what the kernel's tests need, with the headers that the app is served with.
//   node kernel-worker/tests/serve.mjs PORT
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const HERE = path.dirname(fileURLToPath(import.meta.url));
const ROOT = path.join(HERE, '../..');
const ASSETS = process.env.KERNEL_ASSETS ?? path.join(ROOT, 'assets/kernel');
const WORKER = process.env.KERNEL_WORKER ?? path.join(ROOT, 'target/kernel-worker');
const TYPES = { '.html': 'text/html', '.js': 'text/javascript', '.mjs': 'text/javascript', '.wasm': 'application/wasm', '.json': 'application/json' };
const version = /\[workspace\.package\]\s*version = "([^"]+)"/.exec(fs.readFileSync(path.join(ROOT, 'Cargo.toml'), 'utf8'))[1];

function fileOf(url) {
  if (url === '/') return path.join(HERE, 'host.html');
  if (url.startsWith('/kernel/')) return path.join(ASSETS, path.basename(url));
  if (url.startsWith('/kernel-worker')) return path.join(WORKER, path.basename(url));
  if (url === '/cbor.mjs') return path.join(ROOT, 'tests/cbor.mjs');
  return path.join(HERE, path.basename(url));
}

http.createServer((request, response) => {
  const url = new URL(request.url, 'http://localhost').pathname;
  const headers = { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'credentialless', 'Cache-Control': 'no-cache' };
  if (url === '/build') {
    response.writeHead(200, { ...headers, 'Content-Type': 'text/plain' }).end(version);
    return;
  }
  fs.readFile(fileOf(url), (error, bytes) => {
    if (error) response.writeHead(404, headers).end();
    else response.writeHead(200, { ...headers, 'Content-Type': TYPES[path.extname(fileOf(url))] ?? 'application/octet-stream' }).end(bytes);
  });
}).listen(Number(process.argv[2] ?? 8461), '127.0.0.1');
