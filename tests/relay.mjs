/**
 * A real relay for a test: workerd on a folder of its own, which the test may kill, start again and
 * wipe. Its port changes when it starts again; `tests/server.mjs` asks for it at each connection.
 */

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { start } from "../sync-worker/workerd.mjs";

/** Starts a relay on an empty storage. */
export async function startRelay({ limits, log = "ignore" } = {}) {
  const relay = new Relay(await mkdtemp(join(tmpdir(), "cathode-relay-")), { limits, log });
  await relay.start();
  return relay;
}

/** One relay. `port` is undefined while it does not run. */
export class Relay {
  #storage;
  #options;
  #process;

  constructor(storage, options) {
    this.#storage = storage;
    this.#options = options;
  }

  get port() {
    return this.#process?.port;
  }

  /** The folder with all that the relay has stored: what somebody who takes its disk can read. */
  get storage() {
    return this.#storage;
  }

  /** Starts it on what it has stored. */
  async start() {
    this.#process = await start({ storage: this.#storage, ...this.#options });
  }

  /** Ends it at once, as a power cut does. Its sockets break. */
  async kill() {
    const running = this.#process;
    this.#process = undefined;
    await running?.kill();
  }

  /** Kills it and starts it again on what it has stored. */
  async restart() {
    await this.kill();
    await this.start();
  }

  /** Kills it, forgets all that it has stored, and starts it again. */
  async wipe() {
    await this.kill();
    await rm(this.#storage, { recursive: true, force: true });
    await this.start();
  }

  /** Ends it for good. */
  async stop() {
    await this.kill();
    await rm(this.#storage, { recursive: true, force: true });
  }
}
