/**
 * WebSockets byte by byte, as far as tests need them: to read and to change what goes over a line, and to speak
 * to a relay without a browser.
 */

export const CONTINUATION = 0;
export const TEXT = 1;
export const BINARY = 2;
export const CLOSE = 8;

/** One direction of a connection: puts together what comes in pieces. */
export class Reader {
  #rest = Buffer.alloc(0);
  #upgraded = false;
  #fragments = [];
  #opcode;

  /** Returns all that these bytes complete: first `{head}`, then messages `{opcode, payload}`. */
  take(bytes) {
    this.#rest = Buffer.concat([this.#rest, bytes]);
    const taken = [];
    for (let next = this.#next(); next; next = this.#next()) taken.push(next);
    return taken;
  }

  #next() {
    return this.#upgraded ? this.#message() : this.#head();
  }

  #head() {
    const end = this.#rest.indexOf("\r\n\r\n");
    if (end < 0) return undefined;
    this.#upgraded = true;
    return { head: this.#cut(end + 4) };
  }

  #message() {
    for (let frame = this.#frame(); frame; frame = this.#frame()) {
      if (frame.opcode >= CLOSE) return frame;
      if (frame.opcode !== CONTINUATION) this.#opcode = frame.opcode;
      this.#fragments.push(frame.payload);
      if (frame.last) return { opcode: this.#opcode, payload: Buffer.concat(this.#fragments.splice(0)) };
    }
    return undefined;
  }

  #frame() {
    const rest = this.#rest;
    if (rest.length < 2) return undefined;
    const short = rest[1] & 127;
    const at = short === 126 ? 4 : short === 127 ? 10 : 2;
    const start = at + (rest[1] & 128 ? 4 : 0);
    if (rest.length < start) return undefined;
    const length = short === 126 ? rest.readUInt16BE(2) : short === 127 ? Number(rest.readBigUInt64BE(2)) : short;
    if (rest.length < start + length) return undefined;
    const payload = Buffer.from(this.#cut(start + length).subarray(start));
    if (start > at) for (let byte = 0; byte < length; byte += 1) payload[byte] ^= rest[at + (byte & 3)];
    return { opcode: rest[0] & 15, last: (rest[0] & 128) > 0, payload };
  }

  #cut(length) {
    const bytes = this.#rest.subarray(0, length);
    this.#rest = this.#rest.subarray(length);
    return bytes;
  }
}

/** Returns a message in one frame. What a client sends is masked; a mask of zeros leaves it readable. */
export function frame(opcode, payload, masked) {
  const { length } = payload;
  const power = length < 126 ? 0 : length < 2 ** 16 ? 2 : 8;
  const head = Buffer.alloc(2 + power + (masked ? 4 : 0));
  head[0] = 128 | opcode;
  head[1] = (masked ? 128 : 0) | (power === 0 ? length : power === 2 ? 126 : 127);
  if (power === 2) head.writeUInt16BE(length, 2);
  if (power === 8) head.writeBigUInt64BE(BigInt(length), 2);
  return Buffer.concat([head, payload]);
}
