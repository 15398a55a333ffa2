/**
 * Fetches the real notebooks that the browser tests open: source archives of Python packages,
 * named and hashed in files.lock.json, unpacked into target/test-files. They are other people's
 * work and stay out of this repository.
 *
 *   node tests/fetch-files.mjs
 */

import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve, sep } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { gunzipSync } from "node:zlib";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const LOCK = fileURLToPath(new URL("files.lock.json", import.meta.url));
const FOLDER = join(ROOT, "target/test-files");

/** Fetches and unpacks what is missing; quick when nothing is. */
export function fetchFiles() {
  const archives = join(FOLDER, "archives");
  mkdirSync(archives, { recursive: true });
  for (const entry of JSON.parse(readFileSync(LOCK, "utf8"))) {
    const archive = join(archives, entry.file);
    if (!isIntact(archive, entry.sha256)) download(entry, archives);
    if (!isIntact(archive, entry.sha256)) {
      throw new Error(`${entry.file} is missing or is not the pinned one. Check the package index that pip uses.`);
    }
    unpack(readFileSync(archive), entry.takes, join(FOLDER, entry.folder));
  }
}

function isIntact(file, expected) {
  return existsSync(file) && createHash("sha256").update(readFileSync(file)).digest("hex") === expected;
}

function download({ package: name, version }, archives) {
  const words = ["-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps", "--no-binary", name];
  let reason = "no Python was found";
  for (const python of [process.env.PYTHON, "python3", "python"].filter(Boolean)) {
    const run = spawnSync(python, [...words, "--dest", archives, `${name}==${version}`], { encoding: "utf8" });
    if (run.status === 0) return;
    if (run.stderr) reason = run.stderr.trim().split("\n").slice(-3).join("\n");
  }
  throw new Error(`${name} ${version} could not be fetched with pip: ${reason}`);
}

/** Writes the regular files of a tar archive whose names begin with `takes` into `folder`. */
function unpack(packed, takes, folder) {
  rmSync(folder, { recursive: true, force: true });
  const tar = gunzipSync(packed);
  for (let at = 0; at + 512 <= tar.length && tar[at] !== 0; ) {
    const text = (from, length) => tar.toString("utf8", at + from, at + from + length).replace(/\0.*$/s, "");
    const size = parseInt(text(124, 12), 8);
    const name = join(text(345, 155), text(0, 100));
    const kind = text(156, 1);
    if (name.startsWith(takes) && (kind === "0" || kind === "")) {
      const file = resolve(folder, name.slice(takes.length));
      if (!file.startsWith(folder + sep)) throw new Error(`${name} would be outside ${folder}`);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, tar.subarray(at + 512, at + 512 + size));
    }
    at += 512 + Math.ceil(size / 512) * 512;
  }
}

if (process.argv[1] && import.meta.url === pathToFileURL(resolve(process.argv[1])).href) {
  fetchFiles();
  console.log(`The test files are in ${FOLDER}`);
}
