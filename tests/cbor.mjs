// CBOR as the ports use it: text keys, externally tagged enums. Written for tests and benchmarks alone,
// so that they need none of the product's code.

const MAJOR = { unsigned: 0, negative: 1, bytes: 2, text: 3, list: 4, map: 5, other: 7 };

/** @returns {Uint8Array} */
export function encode(value) {
  const out = [];
  write(out, value);
  return Uint8Array.from(out);
}

function write(out, value) {
  if (value === null || value === undefined) out.push(0xf6);
  else if (typeof value === 'boolean') out.push(value ? 0xf5 : 0xf4);
  else if (typeof value === 'number') writeNumber(out, value);
  else if (typeof value === 'string') writeBytes(out, MAJOR.text, new TextEncoder().encode(value));
  else if (value instanceof Uint8Array) writeBytes(out, MAJOR.bytes, value);
  else if (Array.isArray(value)) {
    writeHead(out, MAJOR.list, value.length);
    for (const item of value) write(out, item);
  } else {
    const entries = Object.entries(value);
    writeHead(out, MAJOR.map, entries.length);
    for (const entry of entries) for (const item of entry) write(out, item);
  }
}

function writeNumber(out, value) {
  if (Number.isInteger(value)) {
    writeHead(out, value < 0 ? MAJOR.negative : MAJOR.unsigned, value < 0 ? -1 - value : value);
    return;
  }
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  out.push(0xfb, ...new Uint8Array(view.buffer));
}

function writeBytes(out, major, bytes) {
  writeHead(out, major, bytes.length);
  for (const byte of bytes) out.push(byte);
}

function writeHead(out, major, count) {
  const tag = major << 5;
  if (count < 24) {
    out.push(tag | count);
    return;
  }
  const view = new DataView(new ArrayBuffer(8));
  view.setBigUint64(0, BigInt(count));
  // The shortest form: a decoder may refuse eight bytes where a number of four is wanted.
  const power = count < 2 ** 8 ? 0 : count < 2 ** 16 ? 1 : count < 2 ** 32 ? 2 : 3;
  out.push(tag | (24 + power), ...new Uint8Array(view.buffer, 8 - 2 ** power));
}

/** @param {Uint8Array} bytes */
export function decode(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  const take = (size) => (at += size) - size;
  const count = (low) => {
    if (low < 24) return low;
    if (low === 24) return view.getUint8(take(1));
    if (low === 25) return view.getUint16(take(2));
    if (low === 26) return view.getUint32(take(4));
    if (low === 27) return Number(view.getBigUint64(take(8)));
    throw new Error(`a length that no port writes: ${low}`);
  };
  const slice = (length) => bytes.subarray(take(length), at);
  const other = (low) => {
    if (low === 20 || low === 21) return low === 21;
    if (low === 22 || low === 23) return null;
    if (low === 26) return view.getFloat32(take(4));
    if (low === 27) return view.getFloat64(take(8));
    throw new Error(`a value that no port writes: ${low}`);
  };
  const read = () => {
    const tag = view.getUint8(take(1));
    const [major, low] = [tag >> 5, tag & 31];
    if (major === MAJOR.other) return other(low);
    const length = count(low);
    switch (major) {
      case MAJOR.unsigned: return length;
      case MAJOR.negative: return -1 - length;
      case MAJOR.bytes: return slice(length).slice();
      case MAJOR.text: return new TextDecoder().decode(slice(length));
      case MAJOR.list: return Array.from({ length }, read);
      case MAJOR.map: return Object.fromEntries(Array.from({ length }, () => [read(), read()]));
      default: throw new Error(`a byte that no port writes: ${tag}`);
    }
  };
  return read();
}
