/**
 * Drives the site's own store worker through its port, without the app: the messages are the
 * ones of crates/protocol/src/port.rs. A command is done when the worker says `Done`, and it says
 * that after the commit.
 */

import { decode, encode } from "../cbor.mjs";

const CELLS = 20;
/** Makes an event of about 300 bytes. */
const PAYLOAD = "x".repeat(200);

/** A writer's access as the ports carry it, that of a secret of 32 ones: every browser here is a fresh one. */
const ACCESS = ["c43d8b3ecc613d10fabab7921a25bcd1", "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE"];

class Store {
  static async open() {
    const store = new Store();
    store.worker = new Worker("../app/store-worker_loader.js", { type: "module" });
    store.request = 0;
    store.waiting = new Map();
    const listening = new Promise((resolve) => (store.onListening = resolve));
    const opened = new Promise((resolve, reject) => (store.onOpened = { resolve, reject }));
    store.worker.onmessage = ({ data }) => store.receive(data);
    store.worker.onerror = (event) => store.onOpened.reject(new Error(event.message || "the worker does not load"));
    const { build } = await listening;
    const began = performance.now();
    store.post({ Open: { build, access: ACCESS, person: "bench", title: "Bench", joined: false, relay: null, verbose: false } });
    const { storage } = await opened;
    store.openMillis = performance.now() - began;
    if (storage !== "Opfs") throw new Error(`the store is not on disk: ${JSON.stringify(storage)}`);
    return store;
  }

  post(message) {
    const bytes = encode(message);
    this.worker.postMessage(bytes, [bytes.buffer]);
  }

  receive(data) {
    const message = decode(data);
    const [[kind, value]] = Object.entries(typeof message === "string" ? { [message]: {} } : message);
    if (kind === "Listening") this.onListening(value);
    else if (kind === "Opened") this.onOpened.resolve(value);
    else if (kind === "OpenFailed") this.onOpened.reject(new Error(JSON.stringify(value)));
    else if (value?.request !== undefined) {
      const { resolve, reject } = this.waiting.get(value.request);
      this.waiting.delete(value.request);
      if (kind === "Rejected" || kind === "RequestFailed") reject(new Error(JSON.stringify(value)));
      else resolve(value);
    }
  }

  /** Makes a request ready to be posted, so that encoding it is not part of what is measured. */
  prepare(make) {
    this.request += 1;
    const request = this.request;
    return { request, bytes: encode(make(request)) };
  }

  give({ request, bytes }) {
    const answer = new Promise((resolve, reject) => this.waiting.set(request, { resolve, reject }));
    this.worker.postMessage(bytes, [bytes.buffer]);
    return answer;
  }

  async figures() {
    return (await this.give(this.prepare((request) => ({ Diagnose: { request } })))).figures;
  }
}

/** One event each: a cell's metadata is replaced. */
const edit = (store, at) =>
  store.prepare((request) => ({
    Command: { request, command: { SetCellMetadata: { cell: `cell-${at % CELLS}`, metadata: { note: `${at} ${PAYLOAD}` } } } },
  }));

/** Opens a new notebook with some cells. */
window.openStore = async () => {
  window.store = await Store.open();
  for (let at = 0; at < CELLS; at += 1) {
    const command = { InsertCell: { cell: `cell-${at}`, kind: "code", place: "Last", source: "1 + 1" } };
    await store.give(store.prepare((request) => ({ Command: { request, command } })));
  }
};

/** Commits events one after another; returns what each took and what the worker says about it. */
window.commitSingly = async (count) => {
  const before = await store.figures();
  const millis = [];
  for (let at = 0; at < count; at += 1) {
    const ready = edit(store, at);
    const began = performance.now();
    await store.give(ready);
    millis.push(performance.now() - began);
  }
  const after = await store.figures();
  const events = after.events - before.events;
  return { millis, inWorker: after.commit_millis, rowsPerEvent: (after.rows_written - before.rows_written) / events };
};

/** Commits groups of so many events; returns how many events a second that makes. */
window.commitInGroups = async (groups, size) => {
  const before = await store.figures();
  const ready = Array.from({ length: groups }, (_, group) => Array.from({ length: size }, (_, at) => edit(store, group * size + at)));
  const began = performance.now();
  for (const group of ready) await Promise.all(group.map((one) => store.give(one)));
  const seconds = (performance.now() - began) / 1000;
  const after = await store.figures();
  const [events, commits] = [after.events - before.events, after.commits - before.commits];
  if (events !== groups * size) throw new Error(`${events} events were written for ${groups * size} commands`);
  return { perSecond: events / seconds, eventsPerCommit: events / commits, inWorker: after.commit_millis, rowsPerEvent: (after.rows_written - before.rows_written) / events };
};

/** Ends the worker as a closing page does, and opens the notebook in another one; returns how long that took. */
window.openStoreAgain = async () => {
  store.worker.terminate();
  window.store = await Store.open();
  return store.openMillis;
};

/** How many events there are, and how large the database is. */
window.sizes = async () => {
  const { events, database_bytes: bytes } = await store.figures();
  return { events, bytes };
};

/** The floor: appends to a file, in a worker of its own. */
window.appendToFile = (count) =>
  new Promise((resolve, reject) => {
    const worker = new Worker("floor-worker.js", { type: "module" });
    worker.onmessage = ({ data }) => resolve(data) ?? worker.terminate();
    worker.onerror = (event) => reject(new Error(event.message));
    worker.postMessage({ count });
  });

window.isReady = true;
