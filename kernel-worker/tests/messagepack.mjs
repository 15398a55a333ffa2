// MessagePack as the ports use it: enough to play the store worker in a test. Independent of the product's code.
export function encode(value) {
  const out = [];
  const number = (tag, size, n) => { out.push(tag); for (let shift = size - 1; shift >= 0; shift -= 1) out.push(Math.floor(n / 256 ** shift) % 256); };
  const write = (item) => {
    if (item === null) out.push(0xc0);
    else if (typeof item === 'boolean') out.push(item ? 0xc3 : 0xc2);
    else if (typeof item === 'number') { if (item < 128) out.push(item); else number(0xcf, 8, item); }
    else if (typeof item === 'string') {
      const utf8 = new TextEncoder().encode(item);
      if (utf8.length < 32) out.push(0xa0 | utf8.length); else number(0xdb, 4, utf8.length);
      for (const byte of utf8) out.push(byte);
    } else {
      const entries = Object.entries(item);
      out.push(0x80 | entries.length);
      for (const [key, inner] of entries) { write(key); write(inner); }
    }
  };
  write(value);
  return new Uint8Array(out);
}

export function decode(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  const take = (size, method) => { const value = view[method](at); at += size; return Number(value); };
  const text = (length) => new TextDecoder().decode(bytes.subarray(at, (at += length)));
  const list = (length) => Array.from({ length }, read);
  const map = (length) => Object.fromEntries(Array.from({ length }, () => [read(), read()]));
  function read() {
    const tag = take(1, 'getUint8');
    if (tag < 0x80) return tag;
    if (tag < 0x90) return map(tag & 15);
    if (tag < 0xa0) return list(tag & 15);
    if (tag < 0xc0) return text(tag & 31);
    if (tag >= 0xe0) return tag - 256;
    switch (tag) {
      case 0xc0: return null;
      case 0xc2: return false;
      case 0xc3: return true;
      case 0xca: return take(4, 'getFloat32');
      case 0xcb: return take(8, 'getFloat64');
      case 0xcc: return take(1, 'getUint8');
      case 0xcd: return take(2, 'getUint16');
      case 0xce: return take(4, 'getUint32');
      case 0xcf: return take(8, 'getBigUint64');
      case 0xd0: return take(1, 'getInt8');
      case 0xd1: return take(2, 'getInt16');
      case 0xd2: return take(4, 'getInt32');
      case 0xd3: return take(8, 'getBigInt64');
      case 0xd9: return text(take(1, 'getUint8'));
      case 0xda: return text(take(2, 'getUint16'));
      case 0xdb: return text(take(4, 'getUint32'));
      case 0xdc: return list(take(2, 'getUint16'));
      case 0xdd: return list(take(4, 'getUint32'));
      case 0xde: return map(take(2, 'getUint16'));
      case 0xdf: return map(take(4, 'getUint32'));
      default: throw new Error(`unexpected MessagePack tag ${tag}`);
    }
  }
  return read();
}
