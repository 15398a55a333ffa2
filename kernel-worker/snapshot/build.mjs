// Makes assets/kernel: Pyodide's core, the wheels in one archive, the sandbox's pages, and a snapshot
// of a heap in which everything is imported and used once.
//
//   node kernel-worker/snapshot/build.mjs --out assets/kernel --cache target/kernel-cache [--pyodide node_modules/pyodide]
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import zlib from 'node:zlib';

import { fetchWheels, joinWheels, sha256 } from './wheels.mjs';

const HERE = path.dirname(fileURLToPath(import.meta.url));
const CORE = ['pyodide.mjs', 'pyodide.asm.mjs', 'pyodide.asm.wasm', 'python_stdlib.zip', 'pyodide-lock.json'];
const SANDBOX = ['frame.html', 'boot.js'];
const ARCHIVE = '/lib/cathode/wheels.zip';

const { values: options } = parseArgs({ options: { out: { type: 'string' }, cache: { type: 'string' }, pyodide: { type: 'string' } } });
if (!options.out || !options.cache) {
  console.error('usage: build.mjs --out FOLDER --cache FOLDER [--pyodide FOLDER]');
  process.exit(2);
}
const pyodideFolder = path.resolve(options.pyodide ?? path.join(HERE, '../../node_modules/pyodide'));
const started = performance.now();
const say = (text) => console.log(`kernel assets: ${text} (${((performance.now() - started) / 1000).toFixed(1)} s)`);

// Pyodide looks once, while it starts, whether the engine can suspend WebAssembly, and the answer is part
// of the heap. Browsers can and this Node may not, so it is told yes; nothing suspends until the snapshot is made.
// Where a browser cannot, `can_run_sync()` still says so, since that is asked anew.
function pretendSuspension() {
  WebAssembly.Suspending ??= class { constructor(imported) { return imported; } };
  WebAssembly.promising ??= (exported) => async (...values) => exported(...values);
}

async function makeSnapshot(wheels, build) {
  pretendSuspension();
  const { loadPyodide } = await import(pathToFileURL(path.join(pyodideFolder, 'pyodide.mjs')));
  // A hash seed of the build's own: the same input gives the same heap. Every kernel of this snapshot hashes
  // text alike, since tables in the heap depend on the seed (docs/decisions/0005).
  const PYTHONHASHSEED = String(Number.parseInt(build.slice(0, 8), 16));
  const pyodide = await loadPyodide({ _makeSnapshot: true, env: { PYTHONHASHSEED } });
  pyodide.FS.mkdirTree(path.dirname(ARCHIVE));
  pyodide.FS.writeFile(ARCHIVE, wheels);
  pyodide.globals.set('archive', ARCHIVE);
  pyodide.globals.set('build', build);
  await pyodide.runPythonAsync(fs.readFileSync(path.join(HERE, 'snapshot.py'), 'utf8'), { filename: 'snapshot.py' });
  pyodide.globals.delete('archive');
  pyodide.globals.delete('build');
  return Buffer.from(pyodide.makeMemorySnapshot({ serializer: () => ({}) }));
}

process.on('uncaughtException', (error) => {
  // The message alone: Node would print Pyodide's whole source line along with it.
  console.error(`kernel assets: ${error.message}`);
  process.exit(1);
});
if (!fs.existsSync(path.join(pyodideFolder, 'pyodide.asm.wasm'))) {
  throw new Error(`Pyodide is not in ${pyodideFolder}. Run “npm ci” first.`);
}
say('wheels');
const lock = JSON.parse(fs.readFileSync(path.join(HERE, 'wheels.lock.json'), 'utf8'));
const wheels = joinWheels(fetchWheels(lock, path.join(options.cache, 'wheels')), path.join(HERE, '../python'));

const inputs = [wheels, ...CORE.map((name) => fs.readFileSync(path.join(pyodideFolder, name))), fs.readFileSync(path.join(HERE, 'snapshot.py'))];
const build = sha256(inputs.map(sha256).join()).slice(0, 16);
const kept = path.join(options.cache, `snapshot-${build}.bin.gz`);
let packed, size;
if (fs.existsSync(kept)) {
  packed = fs.readFileSync(kept);
  size = zlib.gunzipSync(packed).length;
  say('snapshot taken from the cache');
} else {
  say('starting Python and using everything once');
  const snapshot = await makeSnapshot(wheels, build);
  size = snapshot.length;
  say(`compressing ${(size / 1e6).toFixed(0)} MB`);
  packed = zlib.gzipSync(snapshot, { level: 6 });
  fs.mkdirSync(options.cache, { recursive: true });
  fs.writeFileSync(kept, packed);
}

fs.mkdirSync(options.out, { recursive: true });
const written = [];
const write = (name, bytes) => {
  const file = path.join(options.out, name);
  if (!fs.existsSync(file) || !fs.readFileSync(file).equals(bytes)) fs.writeFileSync(file, bytes);
  written.push({ name, size: bytes.length, sha256: sha256(bytes) });
};
for (const name of CORE) write(name, fs.readFileSync(path.join(pyodideFolder, name)));
for (const name of SANDBOX) write(name, fs.readFileSync(path.join(HERE, '../frame', name)));
write('wheels.zip', wheels);
write('snapshot.bin.gz', packed);
const manifest = { build, files: [...written], snapshot: { size } };
write('manifest.json', Buffer.from(`${JSON.stringify(manifest, null, 1)}\n`));
say(`done: ${written.map(({ name, size: bytes }) => `${name} ${(bytes / 1e6).toFixed(1)} MB`).join(', ')}`);
process.exit(0);
