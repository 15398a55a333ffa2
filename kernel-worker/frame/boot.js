// The first script of the kernel's worker. Does what only JavaScript can do: makes modules from bytes,
// answers Pyodide's fetches from bytes, restores the heap. Everything after that is Rust's
// (kernel-worker/src/worker.rs), to which `host` is the interface (kernel-worker/src/host.rs).
const BASE = 'https://kernel.invalid/pyodide/';
const ARCHIVE = '/lib/cathode/wheels.zip';
const NAMES = ['kernel-worker.js', 'kernel-worker_bg.wasm', 'pyodide.mjs', 'pyodide.asm.mjs', 'pyodide.asm.wasm',
  'python_stdlib.zip', 'pyodide-lock.json', 'wheels.zip'];

const tell = (message) => self.postMessage(message);
const progress = (step, percent) => tell({ type: 'progress', step, percent });

let onInterrupt = null;

self.addEventListener('message', ({ data }) => {
  if (data?.type === 'boot') main(data).catch((error) => tell({ type: 'failed', reason: reasonOf(error) }));
  else if (data?.type === 'interrupt') onInterrupt?.();
});

// A broken Rust half could say nothing for itself. Errors of the notebook's own scripts pass.
const isFatal = (error) => error instanceof WebAssembly.RuntimeError || error?.pyodide_fatal_error === true;
const watch = (error) => isFatal(error) && tell({ type: 'died', reason: `The kernel broke down (${reasonOf(error)}). Restart it to go on.`, outOfMemory: false });
self.addEventListener('error', ({ error }) => watch(error));
self.addEventListener('unhandledrejection', ({ reason }) => watch(reason));

const close = self.close.bind(self);
self.close = () => {
  tell({ type: 'died', reason: 'Code in the notebook closed the kernel. Restart it to go on.', outOfMemory: false });
  close();
};

async function main({ assets, port, words }) {
  for (const name of NAMES) {
    if (!(assets[name] instanceof ArrayBuffer)) throw new Error(`The page did not bring ${name}. Reload it.`);
  }
  progress('Starting the kernel', 10);
  const runtime = await importBytes(assets['kernel-worker.js']);
  const host = {
    port,
    shared: words ?? undefined,
    boot: (sink) => bootPython(assets, words, sink),
    tick: () => tell({ type: 'tick' }),
    later: (callback) => setTimeout(callback, 16),
    ready: () => tell({ type: 'ready' }),
    failed: (reason) => tell({ type: 'failed', reason }),
    died: (reason, outOfMemory) => tell({ type: 'died', reason, outOfMemory }),
    set onInterrupt(callback) { onInterrupt = callback; },
  };
  await runtime.default({ module_or_path: assets['kernel-worker_bg.wasm'] });
  await runtime.start(host);
}

async function bootPython(assets, words, sink) {
  const started = performance.now();
  answerFetches(assets);
  const manifest = readManifest(assets);
  const snapshot = heapOf(assets, manifest?.snapshot?.size);
  const [{ loadPyodide }, { default: create }, heap] = await Promise.all([
    importBytes(assets['pyodide.mjs']), importBytes(assets['pyodide.asm.mjs']), snapshot,
  ]);
  const options = {
    indexURL: BASE,
    lockFileContents: new TextDecoder().decode(assets['pyodide-lock.json']),
    enableRunUntilComplete: !!WebAssembly.Suspending,
    // What C code prints; Python's own streams do not come this way.
    stdout: (line) => sink.stream(false, `${line}\n`),
    stderr: (line) => sink.stream(true, `${line}\n`),
  };
  let booted = heap && await restore(loadPyodide, create, options, heap, assets, manifest);
  const fromSnapshot = Boolean(booted);
  if (!booted) {
    progress('Starting Python without its snapshot', 40);
    booted = await plain(loadPyodide, create, options, assets);
  }
  const { pyodide, kernel } = booted;
  if (words) pyodide.setInterruptBuffer(new Uint8Array(words.buffer, 0, 1));
  kernel.attach(sink, ARCHIVE);
  const { run, cancel, flush } = kernel;
  return {
    version: pyodide.runPython('import sys; sys.version.split()[0]', { globals: pyodide.toPy({}) }),
    fromSnapshot,
    bootMillis: performance.now() - started,
    run: WebAssembly.Suspending ? (source, count) => run.callPromising(source, count) : async (source, count) => run(source, count),
    cancel: () => cancel(),
    flush: () => flush(),
  };
}

/** Pyodide only warns when its program does not compile, and then waits for ever. This fails instead. */
async function unlessBroken(load) {
  const { instantiateStreaming } = WebAssembly;
  try {
    return await new Promise((resolve, reject) => {
      WebAssembly.instantiateStreaming = (...given) => instantiateStreaming(...given).catch((error) => {
        reject(new Error(`Python's program is damaged (${reasonOf(error)}).`));
        throw error;
      });
      load().then(resolve, reject);
    });
  } finally {
    WebAssembly.instantiateStreaming = instantiateStreaming;
  }
}

async function restore(loadPyodide, create, options, heap, assets, manifest) {
  progress('Restoring Python', 50);
  // A heap that is larger than the one that Pyodide starts with must find room.
  const need = heap.length - new Uint32Array(heap.buffer, 0, 2)[1];
  let module, trampoline;
  const createGrown = async (settings) => {
    module = await create(settings);
    trampoline = module.HEAP32[trampolineIndex(module)];
    while (module.HEAP8.length < need) module._malloc(1 << 20);
    return module;
  };
  try {
    const settings = { ...options, createPyodideModule: createGrown, _loadSnapshot: heap, _snapshotDeserializer: () => ({}) };
    const pyodide = await unlessBroken(() => loadPyodide(settings));
    // The engine that made the snapshot calls C functions through JavaScript; this one has a quicker way,
    // and JavaScript on the stack would forbid suspending.
    module.HEAP32[trampolineIndex(module)] = trampoline;
    mount(pyodide, assets);
    const kernel = pyodide.pyimport('cathode_kernel.resident').KERNEL;
    if (kernel.build !== manifest.build) throw new Error('the snapshot is of another build');
    return { pyodide, kernel };
  } catch (error) {
    console.warn('cathode: starting without the snapshot:', reasonOf(error));
    return null;
  }
}

/** Where Python keeps the pointer to the function that it calls C functions through. */
function trampolineIndex(module) {
  return (module.__PyRuntime + module.HEAP32[module.__PyEM_EMSCRIPTEN_TRAMPOLINE_OFFSET >>> 2]) >>> 2;
}

async function plain(loadPyodide, create, options, assets) {
  const pyodide = await unlessBroken(() => loadPyodide({ ...options, createPyodideModule: create }));
  mount(pyodide, assets);
  pyodide.pyimport('sys').path.append(ARCHIVE);
  return { pyodide, kernel: pyodide.pyimport('cathode_kernel.resident').KERNEL };
}

function mount(pyodide, assets) {
  pyodide.FS.mkdirTree(ARCHIVE.slice(0, ARCHIVE.lastIndexOf('/')));
  pyodide.FS.writeFile(ARCHIVE, new Uint8Array(assets['wheels.zip']), { canOwn: true });
}

function readManifest(assets) {
  try {
    const manifest = JSON.parse(new TextDecoder().decode(assets['manifest.json']));
    const fits = manifest.files.every(({ name, size }) => !(name in assets) || assets[name].byteLength === size);
    return fits ? manifest : null;
  } catch {
    return null;
  }
}

/** Returns the snapshot's heap: as the page brought it, or unpacked. Null if there is none that fits. */
async function heapOf(assets, size) {
  const heap = assets['snapshot.bin'];
  return heap && heap.byteLength === size ? new Uint8Array(heap) : gunzip(assets['snapshot.bin.gz'], size);
}

async function gunzip(packed, size) {
  if (!packed || !size) return null;
  try {
    const heap = new Uint8Array(size);
    let at = 0;
    const reader = new Blob([packed]).stream().pipeThrough(new DecompressionStream('gzip')).getReader();
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      heap.set(part.value, at);
      at += part.value.length;
    }
    return at === size ? heap : null;
  } catch (error) {
    console.warn('cathode: the snapshot cannot be read:', reasonOf(error));
    return null;
  }
}

function answerFetches(assets) {
  const outside = self.fetch.bind(self);
  self.fetch = async (request, init) => {
    const url = String(request?.url ?? request);
    const bytes = url.startsWith(BASE) ? assets[url.slice(BASE.length)] : undefined;
    if (!bytes) return outside(request, init);
    return new Response(bytes, { headers: { 'Content-Type': url.endsWith('.wasm') ? 'application/wasm' : 'application/octet-stream' } });
  };
}

async function importBytes(bytes) {
  const url = URL.createObjectURL(new Blob([bytes], { type: 'text/javascript' }));
  try {
    return await import(url);
  } finally {
    URL.revokeObjectURL(url);
  }
}

function reasonOf(error) {
  return String(error?.message ?? error).split('\n')[0].slice(0, 500);
}
