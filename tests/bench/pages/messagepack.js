/**
 * MessagePack as the ports use it: named maps, externally tagged enums. Written for the
 * benchmarks alone, so that they need none of the product's code.
 */

const utf8 = new TextEncoder();
const text = new TextDecoder();

/** @returns {Uint8Array} */
export function encode(value) {
  const out = [];
  write(out, value);
  return Uint8Array.from(out);
}

function write(out, value) {
  if (value === null || value === undefined) out.push(0xc0);
  else if (value === true || value === false) out.push(value ? 0xc3 : 0xc2);
  else if (typeof value === "number") writeNumber(out, value);
  else if (typeof value === "string") writeText(out, value);
  else if (value instanceof Uint8Array) sized(out, 0xc6, value.length, value);
  else if (Array.isArray(value)) {
    sized(out, 0xdd, value.length);
    for (const item of value) write(out, item);
  } else {
    const entries = Object.entries(value);
    sized(out, 0xdf, entries.length);
    for (const [key, item] of entries) {
      writeText(out, key);
      write(out, item);
    }
  }
}

function writeNumber(out, value) {
  if (Number.isInteger(value) && value >= 0 && value < 128) return out.push(value);
  const view = new DataView(new ArrayBuffer(9));
  if (Number.isInteger(value)) {
    view.setUint8(0, 0xd3);
    view.setBigInt64(1, BigInt(value));
  } else {
    view.setUint8(0, 0xcb);
    view.setFloat64(1, value);
  }
  return out.push(...new Uint8Array(view.buffer));
}

function writeText(out, value) {
  const bytes = utf8.encode(value);
  sized(out, 0xdb, bytes.length, bytes);
}

function sized(out, tag, length, bytes = []) {
  out.push(tag, (length >>> 24) & 255, (length >>> 16) & 255, (length >>> 8) & 255, length & 255);
  for (const byte of bytes) out.push(byte);
}

/** @param {Uint8Array} bytes */
export function decode(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  const number = (method, size) => {
    const value = Number(view[method](at));
    at += size;
    return value;
  };
  const slice = (length) => bytes.subarray(at, (at += length));
  const list = (length) => Array.from({ length }, read);
  const map = (length) => Object.fromEntries(Array.from({ length }, () => [read(), read()]));
  const length = (tag, first) => [() => number("getUint8", 1), () => number("getUint16", 2), () => number("getUint32", 4)][tag - first]();
  function read() {
    const tag = number("getUint8", 1);
    if (tag < 0x80) return tag;
    if (tag < 0x90) return map(tag & 15);
    if (tag < 0xa0) return list(tag & 15);
    if (tag < 0xc0) return text.decode(slice(tag & 31));
    if (tag >= 0xe0) return tag - 256;
    if (tag === 0xc0) return null;
    if (tag === 0xc2 || tag === 0xc3) return tag === 0xc3;
    if (tag >= 0xc4 && tag <= 0xc6) return slice(length(tag, 0xc4)).slice();
    if (tag === 0xca) return number("getFloat32", 4);
    if (tag === 0xcb) return number("getFloat64", 8);
    if (tag >= 0xcc && tag <= 0xcf) return number(["getUint8", "getUint16", "getUint32", "getBigUint64"][tag - 0xcc], 1 << (tag - 0xcc));
    if (tag >= 0xd0 && tag <= 0xd3) return number(["getInt8", "getInt16", "getInt32", "getBigInt64"][tag - 0xd0], 1 << (tag - 0xd0));
    if (tag >= 0xd9 && tag <= 0xdb) return text.decode(slice(length(tag, 0xd9)));
    if (tag === 0xdc || tag === 0xdd) return list(length(tag, 0xdc - 1));
    if (tag === 0xde || tag === 0xdf) return map(length(tag, 0xde - 1));
    throw new Error(`a byte that no port writes: ${tag}`);
  }
  return read();
}
