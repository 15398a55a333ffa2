// Fetches the kernel's files and hands them to its frame through a port. A worker of the page's origin, so that the
// page's caches serve the files; a thread of its own, so that 54 MB to unpack keep nobody waiting who draws or types.
//
// It sets out as soon as it is started, and tells `{type: "page", text}`, the frame's document, and some
// `{type: "progress", percent}`. `{type: "give", port}` names the port whose other end the frame has
// (kernel-worker/README.md says what goes through it). `{type: "given"}` is the last word, or `{type: "failed", reason}`.

const FOLDER = './kernel/';
const PAGE = 'frame.html';
const MANIFEST = 'manifest.json';
/** The heap to restore comes packed, and is unpacked while it arrives. */
const PACKED_HEAP = 'snapshot.bin.gz';
const HEAP = 'snapshot.bin';
/** What Trunk builds lies beside the page. The first ones are what a kernel's worker begins with. */
const BUILT = ['kernel-worker.js', 'kernel-worker_bg.wasm'];
const FILES = ['boot.js', ...BUILT, 'pyodide.mjs', 'pyodide.asm.mjs', 'pyodide-lock.json', 'pyodide.asm.wasm', 'python_stdlib.zip', 'wheels.zip'];
/** Where in the private file system unpacked heaps are kept, each under the name of its build. */
const HEAPS = 'cathode-kernel';
/** A heap is kept where there is room for so many: notebooks need it more. */
const ROOM = 20;
/** The heap goes to the frame in pieces of this size. */
const PIECE = 1 << 20;
/** How often at most it is told how far it is. */
const TELLING_MILLIS = 100;

const port = Promise.withResolvers();
addEventListener('message', ({ data }) => {
  if (data?.type === 'give') port.resolve(data.port);
});

const tell = (message) => postMessage(message);
const give = async (message) => (await port.promise).postMessage(message, message.bytes ? [message.bytes] : []);

const progress = {
  total: 0,
  received: 0,
  percent: 0,
  toldAt: performance.now(),
  add(bytes) {
    this.received += bytes;
    const percent = this.total && Math.min(100, Math.floor((this.received * 100) / this.total));
    if (percent <= this.percent || performance.now() - this.toldAt < TELLING_MILLIS) return;
    [this.percent, this.toldAt] = [percent, performance.now()];
    tell({ type: 'progress', percent });
  },
};

/** Asks for a file. What comes back may still be on its way. */
async function open(name) {
  const address = `${BUILT.includes(name) ? './' : FOLDER}${name}`;
  let response;
  try {
    response = await fetch(address);
  } catch (error) {
    throw new Error(`${address} could not be loaded: ${error.message}`);
  }
  if (!response.ok) throw new Error(`${address} could not be loaded: the server answered ${response.status}`);
  // Some hosts answer with their start page for what they do not have.
  if (response.headers.get('Content-Type')?.startsWith('text/html') && name !== PAGE) {
    throw new Error(`${address} could not be loaded: the server sent a page instead of the file`);
  }
  return response;
}

async function bytesOf(name) {
  const bytes = await (await open(name)).arrayBuffer();
  progress.add(bytes.byteLength);
  return bytes;
}

async function bring(name) {
  give({ type: 'asset', name, bytes: await bytesOf(name) });
}

async function bringManifest() {
  const bytes = await bytesOf(MANIFEST);
  let manifest;
  try {
    manifest = JSON.parse(new TextDecoder().decode(bytes));
    progress.total = manifest.files.reduce((sum, { size }) => sum + size, 0);
  } catch (error) {
    throw new Error(`${FOLDER}${MANIFEST} is not the list of files it should be (${error.message}): this copy of the site is damaged`);
  }
  give({ type: 'asset', name: MANIFEST, bytes });
  return manifest;
}

/** Brings the heap to restore. Without it Python starts all the same, only slower. */
async function bringHeap(manifest) {
  const { build, snapshot, files } = await manifest;
  const packed = files.find(({ name }) => name === PACKED_HEAP)?.size ?? 0;
  try {
    if (!snapshot) return;
    const { size } = snapshot;
    const count = (bytes) => progress.add((bytes * packed) / size);
    const kept = await openKept(build, size);
    if (kept) await giveKept(kept, size, count);
    else await unpack(build, size, count);
  } catch (error) {
    console.warn(`starting without the snapshot: ${error.message}`);
  }
}

/** Gives the heap while it arrives and is unpacked, and keeps it for the next time where there is room. */
async function unpack(build, size, count) {
  const [response, keeper] = await Promise.all([open(PACKED_HEAP), makeKeeper(build, size)]);
  // A host that declares the packing as an encoding has the browser unpack it.
  const isUnpacked = response.headers.has('Content-Encoding');
  const reader = (isUnpacked ? response.body : response.body.pipeThrough(new DecompressionStream('gzip'))).getReader();
  let [at, filled, piece] = [0, 0, new Uint8Array(PIECE)];
  const send = () => {
    if (at + filled > size) throw new Error(`${HEAP} is damaged`);
    const bytes = piece.slice(0, filled);
    keeper?.write(bytes, at);
    give({ type: 'part', name: HEAP, size, at, bytes: bytes.buffer });
    count(filled);
    at += filled;
    filled = 0;
  };
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      for (let read = 0; read < value.length; ) {
        const part = value.subarray(read, read + PIECE - filled);
        piece.set(part, filled);
        filled += part.length;
        read += part.length;
        if (filled === PIECE) send();
      }
    }
    if (filled > 0) send();
    if (at !== size) throw new Error(`${HEAP} is damaged`);
  } catch (error) {
    keeper?.abandon();
    throw error;
  }
  if (keeper) afterwards.push(() => keeper.finish());
}

/** What is done when the frame has everything. */
const afterwards = [];

const heaps = async () => (await navigator.storage.getDirectory()).getDirectoryHandle(HEAPS, { create: true });

/** Returns the heap of this build that an earlier page unpacked, or null. */
async function openKept(build, size) {
  try {
    const file = await (await heaps()).getFileHandle(build);
    const handle = await file.createSyncAccessHandle({ mode: 'read-only' });
    if (handle.getSize() === size) return handle;
    handle.close();
  } catch {
    // There is none, or another tab is just writing it.
  }
  return null;
}

async function giveKept(kept, size, count) {
  try {
    for (let at = 0; at < size; at += PIECE) {
      const bytes = new Uint8Array(Math.min(PIECE, size - at));
      if (kept.read(bytes, { at }) !== bytes.length) throw new Error(`${HEAP} is cut off`);
      give({ type: 'part', name: HEAP, size, at, bytes: bytes.buffer });
      count(bytes.length);
      // What came for this thread meanwhile goes first.
      if (at % (8 * PIECE) === 0) await new Promise((next) => setTimeout(next));
    }
  } finally {
    kept.close();
  }
}

/**
 * Prepares to keep the heap of this build, in place of those of others. Returns null where there is too little room,
 * or no private file system: then every page unpacks it anew.
 */
async function makeKeeper(build, size) {
  try {
    const { quota, usage } = await navigator.storage.estimate();
    if (quota - usage < size * ROOM) return null;
    const folder = await heaps();
    for await (const name of folder.keys()) await folder.removeEntry(name).catch(() => {});
    // It gets its name when it is whole.
    const file = await folder.getFileHandle(`${build}.part`, { create: true });
    const handle = await file.createSyncAccessHandle();
    handle.truncate(size);
    let isSound = true;
    const abandon = async () => {
      isSound = false;
      handle.close();
      await folder.removeEntry(`${build}.part`).catch(() => {});
    };
    return {
      abandon,
      write(bytes, at) {
        try {
          isSound &&= handle.write(bytes, { at }) === bytes.length;
        } catch {
          isSound = false;
        }
      },
      async finish() {
        if (!isSound) return abandon();
        handle.flush();
        handle.close();
        await file.move(build);
      },
    };
  } catch {
    return null;
  }
}

async function bringAll() {
  const page = open(PAGE).then((response) => response.text()).then((text) => tell({ type: 'page', text }));
  await Promise.all([page, bringHeap(bringManifest()), ...FILES.map(bring)]);
  await give({ type: 'all' });
  // What is on its way there would be lost with this thread.
  const frame = await port.promise;
  await new Promise((taken) => { frame.onmessage = taken; });
}

bringAll().then(
  async () => {
    tell({ type: 'given' });
    // Keeping it may fail, as where there is no room; it is brought again the next time.
    for (const step of afterwards) await step().catch((error) => console.warn(`not kept: ${error.message}`));
    close();
  },
  (error) => tell({ type: 'failed', reason: `Python cannot start: ${error.message}. The notebook can still be read and edited.` }),
);
