/**
 * A real relay for a test: workerd on a folder of its own, which the test may kill, start again and
 * wipe. Its port changes when it starts again; `tests/server.mjs` asks for it at each connection.
 */

import { mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { start } from "../sync-worker/workerd.mjs";

/** Starts a relay on an empty storage. */
export async function startRelay({ limits } = {}) {
  const folder = await mkdtemp(join(tmpdir(), "cathode-relay-"));
  const relay = new Relay(folder, limits, await open(join(folder, "log"), "a"));
  await relay.start();
  return relay;
}

/** One relay. `port` is undefined while it does not run. */
export class Relay {
  #folder;
  #limits;
  #log;
  #process;

  constructor(folder, limits, log) {
    this.#folder = folder;
    this.#limits = limits;
    this.#log = log;
  }

  get port() {
    return this.#process?.port;
  }

  /** The folder with all that the relay has stored: what somebody who takes its disk can read. */
  get storage() {
    return join(this.#folder, "storage");
  }

  /** The folder with what it has stored, and with all that it and its workerd said. */
  get folder() {
    return this.#folder;
  }

  /** Starts it on what it has stored. */
  async start() {
    this.#process = await start({ storage: this.storage, limits: this.#limits, log: this.#log.fd });
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
    await rm(this.storage, { recursive: true, force: true });
    await this.start();
  }

  /** Ends it for good. */
  async stop() {
    await this.kill();
    await this.#log.close();
    await rm(this.#folder, { recursive: true, force: true });
  }
}
