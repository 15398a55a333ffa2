/** A line to a relay: what goes through it can be listened to, meddled with and held back, and it can be cut. */

import { connect, createServer } from "node:net";
import { BINARY, CLOSE, Reader, frame } from "./websocket.mjs";

export class Line {
  #server;
  #sockets = new Set();
  #held = false;
  /** Whether all that goes into it is lost, both ways, while both ends hold it for whole. */
  swallows = false;
  #far = new Set();
  /** Everything that went through it, both ways, as it was before the browser masked it. */
  heard = [];
  /** How many connections were made through it. */
  connections = 0;
  /** The codes with which the relay closed connections. */
  closed = [];
  /**
   * Is given each binary message, its direction and `pass`, by which this or another one goes on its way, now or
   * later. `number` counts a connection's messages of that direction from 0.
   * @type {undefined | ((message: {up: boolean, number: number, payload: Buffer}, pass: (payload: Buffer) => void) => void)}
   */
  meddle;

  static async to(relay) {
    const line = new Line();
    line.#server = createServer((near) => line.#join(near, relay));
    await new Promise((listening) => line.#server.listen(0, "127.0.0.1", listening));
    line.bound = line.#server.address().port;
    line.whole = true;
    return line;
  }

  get port() {
    return this.whole ? this.bound : undefined;
  }

  #join(near, relay) {
    if (relay.port === undefined) return near.destroy();
    this.connections += 1;
    const far = connect(relay.port, "127.0.0.1");
    this.#far.add(far);
    if (this.#held) far.pause();
    this.#lead(near, far, true);
    this.#lead(far, near, false);
  }

  #lead(from, to, up) {
    const reader = new Reader();
    let number = 0;
    let refused;
    this.#sockets.add(from);
    from.setNoDelay(true);
    from.on("data", (bytes) => {
      refused ??= !up && !bytes.toString("latin1").startsWith("HTTP/1.1 101");
      if (refused) return to.write(bytes);
      for (const { head, opcode, payload } of reader.take(bytes)) {
        this.heard.push(head ?? payload);
        if (head) {
          // Compressed frames could not be listened to.
          to.write(head.toString("latin1").replace(/Sec-WebSocket-Extensions:.*\r\n/i, ""), "latin1");
          continue;
        }
        if (opcode === CLOSE && !up && payload.length >= 2) this.closed.push(payload.readUInt16BE(0));
        if (this.swallows) continue;
        const pass = (passed) => to.writable && to.write(frame(opcode, passed, up));
        if (opcode !== BINARY || !this.meddle) pass(payload);
        else this.meddle({ up, number: number++, payload }, pass);
      }
    });
    from.on("error", () => {});
    from.on("close", () => {
      this.#sockets.delete(from);
      this.#far.delete(from);
      if (!this.swallows) to.end();
    });
  }

  /** Reads nothing from the relay any more, as a browser that does not keep up. */
  hold() {
    this.#held = true;
    for (const far of this.#far) far.pause();
  }

  release() {
    this.#held = false;
    for (const far of this.#far) far.resume();
  }

  /** Breaks the connections that there are; new ones may be made. */
  snap() {
    for (const socket of this.#sockets) socket.destroy();
  }

  cut() {
    this.whole = false;
    this.snap();
  }

  mend() {
    this.whole = true;
  }

  async close() {
    this.cut();
    await new Promise((closed) => this.#server.close(closed));
  }
}
