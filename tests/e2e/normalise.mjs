/**
 * Makes outputs comparable the way nbclient's own tests do: metadata, addresses of objects, the
 * spelling of base64 and XML, colours and the place of the input in a traceback do not count.
 */

const ADDRESS = /0x[0-9a-f]{7,9}/g;
const ANSI = /\x1b\[[0-9;]*m/g;
const INPUT = /(<ipython-input-\d+-[0-9a-f]+>|(Cell|Input) In\s?\[\d+\]|<IPY-INPUT>)(,| in) (in )?(line \d|<module>|<cell line: \d>\(\))/g;

/** Returns an output of a notebook file without what may differ from run to run. */
export function normalise({ metadata: _metadata, ...output }) {
  const normal = structuredClone(output);
  if (normal.text !== undefined) normal.text = text(normal.text).replace(ADDRESS, "<HEXADDR>");
  for (const [mime, value] of Object.entries(normal.data ?? {})) {
    const whole = text(value);
    if (mime === "text/plain") normal.data[mime] = whole.replace(ADDRESS, "<HEXADDR>");
    else if (mime === "image/svg+xml") normal.data[mime] = xml(whole);
    else if (mime.startsWith("image/")) normal.data[mime] = Buffer.from(whole, "base64").toString("base64");
    else normal.data[mime] = whole;
  }
  normal.traceback = normal.traceback?.map((line) => line.replace(ANSI, "").replace(INPUT, "<IPY-INPUT>"));
  return normal;
}

/** nbformat writes a text as lines or as a whole. */
function text(value) {
  return Array.isArray(value) ? value.join("") : value;
}

/** Writes every tag with its attributes in order, and drops the space between tags. */
function xml(source) {
  return source.replace(/>\s+</g, "><").replace(/<([\w:]+)((?:\s+[\w:-]+="[^"]*")*)\s*(\/?)>/g, (_tag, name, attributes, end) => {
    const sorted = (attributes.match(/[\w:-]+="[^"]*"/g) ?? []).sort();
    return `<${[name, ...sorted].join(" ")}${end}>`;
  });
}
