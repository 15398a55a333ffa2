// The first script of the kernel's worker. Does what only JavaScript can do: makes modules from bytes,
// answers Pyodide's fetches from bytes, restores the heap. Everything after that is Rust's
// (kernel-worker/src/worker.rs), to which `host` is the interface (kernel-worker/src/host.rs).
const BASE = 'https://kernel.invalid/pyodide/';
const ARCHIVE = '/lib/cathode/wheels.zip';
const PYODIDE = 'pyodide.asm.wasm';
/** The frame compiles what runs here and hands it over, also to the next worker. */
const programs = { 'kernel-worker_bg.wasm': Promise.withResolvers(), [PYODIDE]: Promise.withResolvers() };

/** The files, each when it comes; nothing for one that never will. */
const files = Object.fromEntries(['manifest.json', 'python_stdlib.zip', 'pyodide-lock.json', 'wheels.zip', 'snapshot.head', 'snapshot.bin'].map((name) => [name, Promise.withResolvers()]));
const file = (name) => files[name].promise;

const tell = (message) => self.postMessage(message);
const progress = (step, percent) => tell({ type: 'progress', step, percent });

/** Resolves when this worker is wanted: until then it gets as far as it can without taking a heap's memory. */
const wanted = Promise.withResolvers();
let onInterrupt = null;

self.addEventListener('message', ({ data }) => {
  if (data?.type === 'prepare') main(data).catch((error) => tell({ type: 'failed', reason: reasonOf(error) }));
  else if (data?.type === 'boot') wanted.resolve(data);
  else if (data?.type === 'program') programs[data.name]?.resolve(data.program);
  else if (data?.type === 'file') files[data.name]?.resolve(data.bytes);
  else if (data?.type === 'all') for (const { resolve } of Object.values(files)) resolve(null);
  else if (data?.type === 'interrupt') onInterrupt?.();
});
self.addEventListener('messageerror', () => tell({ type: 'failed', reason: 'This browser cannot hand the kernel its program.' }));

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

async function main({ modules }) {
  const python = bootPython(modules);
  python.catch(() => {}); // It is told by whoever awaits it, who comes later.
  const runtime = await importBlob(modules['kernel-worker.js']);
  await runtime.default({ module_or_path: await programs['kernel-worker_bg.wasm'].promise });
  const { port, words } = await wanted.promise;
  progress('Preparing Python', 10);
  const host = {
    port,
    shared: words ?? undefined,
    boot: (sink) => attach(python, words, sink),
    tick: () => tell({ type: 'tick' }),
    later: (callback) => setTimeout(callback, 16),
    ready: () => tell({ type: 'ready' }),
    failed: (reason) => tell({ type: 'failed', reason }),
    died: (reason, outOfMemory) => tell({ type: 'died', reason, outOfMemory }),
    set onInterrupt(callback) { onInterrupt = callback; },
  };
  await runtime.start(host);
}

async function bootPython(modules) {
  let started;
  wanted.promise.then(() => { started = performance.now(); });
  const held = [];
  const output = { write: (isError, text) => held.push([isError, text]), held };
  const imported = Promise.all([importBlob(modules['pyodide.mjs']), importBlob(modules['pyodide.asm.mjs'])]);
  answerFetches();
  const [{ loadPyodide }, { default: create }] = await imported;
  const options = {
    indexURL: BASE,
    lockFileContents: textOf(await file('pyodide-lock.json')),
    enableRunUntilComplete: !!WebAssembly.Suspending,
    // What C code prints; Python's own streams do not come this way.
    stdout: (line) => output.write(false, `${line}\n`),
    stderr: (line) => output.write(true, `${line}\n`),
  };
  const head = await file('snapshot.head');
  let booted = head && await restore(loadPyodide, create, options, new Uint8Array(head));
  const fromSnapshot = Boolean(booted);
  if (!booted) {
    await wanted.promise;
    progress('Starting Python without its snapshot', 40);
    booted = await plain(loadPyodide, create, options);
  }
  return { ...booted, output, fromSnapshot, bootMillis: performance.now() - started };
}

/** Connects Python to Rust once both are there. */
async function attach(booting, words, sink) {
  const { pyodide, kernel, output, fromSnapshot, bootMillis } = await booting;
  output.write = (isError, text) => sink.stream(isError, text);
  for (const line of output.held) output.write(...line);
  if (words) pyodide.setInterruptBuffer(signalsOf(words));
  kernel.attach(sink, ARCHIVE);
  const { run, cancel, flush, inspect } = kernel;
  return {
    version: pyodide.runPython('import sys; sys.version.split()[0]', { globals: pyodide.toPy({}) }),
    fromSnapshot,
    bootMillis,
    run: WebAssembly.Suspending ? (source, count) => atOnce(pyodide._api, () => run.callPromising(source, count)) : async (source, count) => run(source, count),
    cancel: () => cancel(),
    inspect: (code, cursor) => inspect(code, cursor),
    flush: () => flush(),
  };
}

/**
 * Pyodide puts a call that may suspend off to a task of its own, in case JavaScript is on the stack, over which
 * nothing can suspend. Here it goes on in a microtask, below which there is nothing either.
 */
function atOnce(api, call) {
  const { scheduleCallback } = api;
  api.scheduleCallback = (callback) => callback();
  try {
    return call();
  } finally {
    api.scheduleCallback = scheduleCallback;
  }
}

/**
 * Has Pyodide use the program that is compiled already. Pyodide only warns when its program cannot be
 * made to run, and then waits for ever; this fails instead.
 */
async function withProgram(load) {
  const { instantiateStreaming } = WebAssembly;
  try {
    return await new Promise((resolve, reject) => {
      WebAssembly.instantiateStreaming = async (_response, imports) => {
        try {
          const module = await programs[PYODIDE].promise;
          return { module, instance: await WebAssembly.instantiate(module, imports) };
        } catch (error) {
          reject(new Error(`its program does not run: ${reasonOf(error)}`));
          throw error;
        }
      };
      load().then(resolve, reject);
    });
  } finally {
    WebAssembly.instantiateStreaming = instantiateStreaming;
  }
}

/**
 * The signal word as Pyodide reads it: `signals[0]`, then `signals[0] = 0`. A signal that came between the two
 * would be lost, so reading takes the signal in one step and writing does nothing.
 */
function signalsOf(words) {
  const SIGNAL = 0, MASK = 255;
  return {
    get 0() {
      for (;;) {
        const seen = Atomics.load(words, SIGNAL);
        if ((seen & MASK) === 0 || Atomics.compareExchange(words, SIGNAL, seen, seen & ~MASK) === seen) return seen & MASK;
      }
    },
    set 0(_nothing) {},
  };
}

async function restore(loadPyodide, create, options, head) {
  // Pyodide gets the head alone: all of the heap is copied once, straight to where it belongs, and
  // code in the notebook cannot reach the original, from which the next kernel starts.
  let module, trampoline, manifest;
  const createGrown = async (settings) => {
    module = await create(settings);
    trampoline = module.HEAP32[trampolineIndex(module)];
    manifest = readManifest(await file('manifest.json'));
    const body = (await heapOf(manifest)).subarray(head.length);
    await wanted.promise;
    progress('Restoring Python', 60);
    // A heap that is larger than the one that Pyodide starts with must find room.
    while (module.HEAP8.length < body.length) module._malloc(1 << 20);
    const { restoreSnapshot } = module.API;
    module.API.restoreSnapshot = (given) => {
      const config = restoreSnapshot(given);
      module.HEAPU8.set(body);
      return config;
    };
    return module;
  };
  try {
    const settings = { ...options, createPyodideModule: createGrown, _loadSnapshot: head, _snapshotDeserializer: () => ({}) };
    const pyodide = await withProgram(() => loadPyodide(settings));
    // The engine that made the snapshot calls C functions through JavaScript; this one has a quicker way,
    // and JavaScript on the stack would forbid suspending.
    module.HEAP32[trampolineIndex(module)] = trampoline;
    mount(pyodide, await file('wheels.zip'));
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

async function plain(loadPyodide, create, options) {
  const pyodide = await withProgram(() => loadPyodide({ ...options, createPyodideModule: create }));
  mount(pyodide, await file('wheels.zip'));
  pyodide.pyimport('sys').path.append(ARCHIVE);
  return { pyodide, kernel: pyodide.pyimport('cathode_kernel.resident').KERNEL };
}

function mount(pyodide, archive) {
  // A copy: Python may write to its files, and the next worker must not see it.
  const wheels = new Uint8Array(archive).slice();
  pyodide.FS.mkdirTree(ARCHIVE.slice(0, ARCHIVE.lastIndexOf('/')));
  pyodide.FS.writeFile(ARCHIVE, wheels, { canOwn: true });
}

function readManifest(bytes) {
  try {
    return JSON.parse(textOf(bytes));
  } catch {
    throw new Error('its list of files cannot be read');
  }
}

/** Returns the whole heap, if it and all that goes with it are what the manifest says. */
async function heapOf(manifest) {
  for (const { name, size } of manifest.files) {
    if (name in files && (await file(name))?.byteLength !== size) throw new Error(`${name} does not fit`);
  }
  const heap = await file('snapshot.bin');
  if (heap?.byteLength !== manifest.snapshot?.size) throw new Error('it is not whole');
  return new Uint8Array(heap);
}

function answerFetches() {
  const outside = self.fetch.bind(self);
  self.fetch = async (request, init) => {
    const url = String(request?.url ?? request);
    const name = url.startsWith(BASE) ? url.slice(BASE.length) : '';
    if (name === PYODIDE) return new Response();
    const bytes = name in files && await file(name);
    return bytes ? new Response(new Uint8Array(bytes).slice()) : outside(request, init);
  };
}

async function importBlob(blob) {
  const url = URL.createObjectURL(blob);
  try {
    return await import(url);
  } finally {
    URL.revokeObjectURL(url);
  }
}

/** A decoder refuses memory that is shared. */
function textOf(bytes) {
  return new TextDecoder().decode(new Uint8Array(bytes).slice());
}

function reasonOf(error) {
  return String(error?.message ?? error).split('\n')[0].slice(0, 500);
}
