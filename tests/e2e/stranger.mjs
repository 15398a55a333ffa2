/**
 * Somebody who speaks to a relay without the product: has a link and can make of it all that a link gives, and
 * says what no browser of ours would. Written from crates/protocol's `wire`, `access` and `seal`.
 */

import { createCipheriv, createDecipheriv, createHash, createPrivateKey, createPublicKey, hkdfSync, randomBytes, sign } from "node:crypto";
import { connect } from "node:net";
import { encode } from "../cbor.mjs";
import { BINARY, CLOSE, Reader, frame } from "./websocket.mjs";

export { encode };
export const PROTOCOL = 2;

/** What a link, as `room.links` has it, lets one do. */
export class Key {
  constructor(link) {
    const { searchParams, hash } = new URL(link, "http://localhost");
    this.notebook = searchParams.get("notebook");
    const views = hash.startsWith("#view.");
    const secret = Buffer.from(hash.slice(views ? 6 : 1), "base64url");
    const reading = views ? secret : derive(secret, "cathode 1 reading");
    this.#sealing = derive(reading, "cathode 1 sealing");
    this.#token = derive(reading, "cathode 1 read token");
    if (!views) this.#signing = derive(secret, "cathode 1 signing");
  }

  #sealing;
  #token;
  #signing;

  /** Answers a greeting: by default for this key's notebook. */
  prove({ relay, nonce }, notebook = this.notebook) {
    if (this.#signing === undefined) return { Reader: { token: this.#token } };
    const pkcs8 = Buffer.concat([Buffer.from("302e020100300506032b657004220420", "hex"), this.#signing]);
    const key = createPrivateKey({ key: pkcs8, format: "der", type: "pkcs8" });
    const signed = Buffer.concat([Buffer.from(`cathode 1 hello\0${notebook}\0`), numbers(relay), nonce]);
    return {
      Writer: {
        key: createPublicKey(key).export({ format: "der", type: "spki" }).subarray(-32),
        signature: sign(null, signed, key),
        reader: createHash("sha256").update(this.#token).digest(),
      },
    };
  }

  seal(bytes, purpose = " ephemeral ", about = [0, 0, 0]) {
    const nonce = randomBytes(24);
    const cipher = createCipheriv("chacha20-poly1305", ...this.#keyed(nonce));
    cipher.setAAD(this.#bind(purpose, about), { plaintextLength: bytes.length });
    return Buffer.concat([nonce, cipher.update(bytes), cipher.final(), cipher.getAuthTag()]);
  }

  open(sealed, purpose, about) {
    const decipher = createDecipheriv("chacha20-poly1305", ...this.#keyed(sealed.subarray(0, 24)));
    decipher.setAAD(this.#bind(purpose, about), { plaintextLength: sealed.length - 40 });
    decipher.setAuthTag(sealed.subarray(-16));
    return Buffer.concat([decipher.update(sealed.subarray(24, -16)), decipher.final()]);
  }

  /** Seals an event of a person, unless another actor is given. */
  event(replica, counter, event, { at = Date.now(), actor = { Person: "stranger" } } = {}) {
    return this.sealed(replica, counter, encode([actor, at, encode(event)]));
  }

  /** Seals any bytes as an event. */
  sealed(replica, counter, bytes) {
    return { id: { replica, counter }, sealed: this.seal(bytes, " event ", [replica, counter, 0]) };
  }

  /** Opens what `sealed` made, here or in a browser. */
  opened({ id: { replica, counter }, sealed }) {
    const [actor, at, event] = decode(this.open(sealed, " event ", [replica, counter, 0]));
    return { actor, at, event: decode(event) };
  }

  #bind(purpose, about) {
    return Buffer.concat([Buffer.from(`cathode 1 ${this.notebook}${purpose}`), numbers(...about)]);
  }

  #keyed(nonce) {
    const tail = Buffer.concat([Buffer.alloc(4), nonce.subarray(16)]);
    return [hchacha20(this.#sealing, nonce.subarray(0, 16)), tail, { authTagLength: 16 }];
  }
}

/** One connection to a relay. */
export class Stranger {
  #socket;
  #arrived = [];
  #wanted;

  /** Connects for a notebook and waits for the greeting. */
  static async come(relay, notebook) {
    const stranger = new Stranger();
    const socket = connect(relay.port, "127.0.0.1");
    stranger.#socket = socket;
    const reader = new Reader();
    socket.setNoDelay(true);
    socket.on("error", () => {});
    socket.on("close", () => stranger.#take({ ended: true }));
    socket.on("data", (bytes) => {
      for (const { head, opcode, payload } of reader.take(bytes)) {
        // Anything else is no socket; there may be a next attempt.
        if (head && !head.toString("latin1").startsWith("HTTP/1.1 101")) socket.destroy();
        if (opcode === BINARY) stranger.#take(decode(payload));
        if (opcode === CLOSE) stranger.#take({ closed: payload.readUInt16BE(0), reason: payload.toString("utf8", 2) });
      }
    });
    socket.write(
      `GET /sync/${notebook} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
        `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${randomBytes(16).toString("base64")}\r\n\r\n`,
    );
    stranger.greeting = (await stranger.until("Greeting")).Greeting;
    return stranger;
  }

  /** Comes as one who has this key, and waits until it is let in and has read all there is. */
  static async live(relay, key) {
    const stranger = await Stranger.come(relay, key.notebook);
    stranger.hello(key.prove(stranger.greeting));
    const { head, floor, connection } = (await stranger.until("Welcome")).Welcome;
    Object.assign(stranger, { connection, log: [] });
    stranger.send({ Pull: { after: floor } });
    for (let after = floor; ; stranger.send({ Pull: { after } })) {
      const { Events: page } = await stranger.until("Events");
      stranger.log.push(...page.events);
      after += page.events.length;
      stranger.head = Math.max(head, page.head);
      if (after >= stranger.head) return stranger;
    }
  }

  hello(proof) {
    this.send({ Hello: { protocol: PROTOCOL, proof, cursor: null } });
  }

  send(message) {
    this.sendBytes(encode(message));
  }

  sendBytes(bytes) {
    this.#socket.write(frame(BINARY, bytes, true));
  }

  /** Returns the next message, or `{closed}` with the code with which the relay ended the connection. */
  async next() {
    if (this.#arrived.length === 0) await new Promise((came) => (this.#wanted = came));
    return this.#arrived.shift();
  }

  /** Returns the next message of this kind; others are passed over. */
  async until(kind) {
    for (;;) {
      const message = await this.next();
      if (kind in message) return message;
      if ("closed" in message || "ended" in message) throw new Error(`no ${kind}: ${JSON.stringify(message)}`);
    }
  }

  /** Waits for the end and returns its code. */
  async code() {
    for (;;) {
      const message = await this.next();
      if ("closed" in message) return message.closed;
      if ("ended" in message) return undefined;
    }
  }

  leave() {
    this.#socket.destroy();
  }

  #take(message) {
    this.#arrived.push(message);
    this.#wanted?.();
    this.#wanted = undefined;
  }
}

function derive(key, purpose) {
  return Buffer.from(hkdfSync("sha256", key, Buffer.alloc(0), purpose, 32));
}

function numbers(...values) {
  const bytes = Buffer.alloc(8 * values.length);
  for (const [at, value] of values.entries()) bytes.writeBigUInt64BE(BigInt(value), 8 * at);
  return bytes;
}

function hchacha20(key, nonce) {
  const x = new Uint32Array(16);
  for (const [at, word] of [0x61707865, 0x3320646e, 0x79622d32, 0x6b206574].entries()) x[at] = word;
  for (let at = 0; at < 8; at += 1) x[4 + at] = key.readUInt32LE(4 * at);
  for (let at = 0; at < 4; at += 1) x[12 + at] = nonce.readUInt32LE(4 * at);
  const mix = (to, from, into, bits) => {
    x[to] += x[from];
    const mixed = x[into] ^ x[to];
    x[into] = (mixed << bits) | (mixed >>> (32 - bits));
  };
  const quarter = (a, b, c, d) => {
    mix(a, b, d, 16);
    mix(c, d, b, 12);
    mix(a, b, d, 8);
    mix(c, d, b, 7);
  };
  for (let round = 0; round < 10; round += 1) {
    for (let at = 0; at < 4; at += 1) quarter(at, 4 + at, 8 + at, 12 + at);
    for (let at = 0; at < 4; at += 1) quarter(at, 4 + ((at + 1) & 3), 8 + ((at + 2) & 3), 12 + ((at + 3) & 3));
  }
  const out = Buffer.alloc(32);
  for (const [at, word] of [0, 1, 2, 3, 12, 13, 14, 15].entries()) out.writeUInt32LE(x[word], 4 * at);
  return out;
}

/** Reads CBOR as tests/cbor.mjs does, but for numbers of 64 bits, which stay whole as BigInt. */
export function decode(bytes) {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  const take = (size) => (at += size) - size;
  const count = (low) => {
    if (low < 24) return low;
    const size = 2 ** (low - 24);
    if (size < 8) return view.readUIntBE(take(size), size);
    const long = view.readBigUInt64BE(take(8));
    return long > BigInt(Number.MAX_SAFE_INTEGER) ? long : Number(long);
  };
  const read = () => {
    const tag = view.readUInt8(take(1));
    const [major, low] = [tag >> 5, tag & 31];
    if (major === 7) return low === 27 ? view.readDoubleBE(take(8)) : { 20: false, 21: true }[low] ?? null;
    const length = count(low);
    const slice = () => Buffer.from(view.subarray(take(length), at));
    return [
      () => length,
      () => (typeof length === "bigint" ? -1n - length : -1 - length),
      slice,
      () => slice().toString("utf8"),
      () => Array.from({ length }, read),
      () => Object.fromEntries(Array.from({ length }, () => [read(), read()])),
    ][major]();
  };
  return read();
}
