// Fetches the pinned pure-Python wheels with pip, checks them, and joins them into one archive.
import { spawnSync } from 'node:child_process';
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';

import { readZip, writeZip } from './zip.mjs';

const PIP = ['-m', 'pip', 'download', '--quiet', '--disable-pip-version-check', '--no-deps', '--only-binary=:all:',
  '--platform', 'any', '--python-version', '3.14', '--implementation', 'py', '--abi', 'none'];

/** Parts of wheels that nothing reads here. */
const LEFT_OUT = [/^jedi\/third_party\/django-stubs\//, /\/tests?\//, /\.dist-info\/(RECORD|WHEEL|licenses\/.*|LICENSE.*|AUTHORS.*|top_level\.txt)$/, /\.data\//];

/** Returns the lock file's wheels as file paths in the cache, fetching what is missing. */
export function fetchWheels(lock, cache) {
  fs.mkdirSync(cache, { recursive: true });
  const missing = lock.filter((wheel) => !isIntact(path.join(cache, wheel.file), wheel.sha256));
  if (missing.length > 0) {
    download(missing.map((wheel) => `${wheel.name}==${wheel.version}`), cache);
    for (const wheel of missing) {
      if (!isIntact(path.join(cache, wheel.file), wheel.sha256)) {
        throw new Error(`${wheel.file} is missing or is not the pinned one. Check the package registry that pip uses.`);
      }
    }
  }
  return lock.map((wheel) => path.join(cache, wheel.file));
}

/** Returns one archive of all wheels and of the folder of our own package. */
export function joinWheels(wheels, python) {
  const files = new Map();
  for (const wheel of wheels) {
    for (const [name, bytes] of readZip(fs.readFileSync(wheel))) {
      if (!LEFT_OUT.some((pattern) => pattern.test(name))) files.set(name, bytes);
    }
  }
  for (const name of fs.readdirSync(path.join(python, 'cathode_kernel')).sort()) {
    if (name.endsWith('.py')) files.set(`cathode_kernel/${name}`, fs.readFileSync(path.join(python, 'cathode_kernel', name)));
  }
  return writeZip(files);
}

export function sha256(bytes) {
  return crypto.createHash('sha256').update(bytes).digest('hex');
}

function isIntact(file, expected) {
  return fs.existsSync(file) && sha256(fs.readFileSync(file)) === expected;
}

function download(requirements, cache) {
  let reason = 'no Python was found';
  for (const python of [process.env.PYTHON, 'python3', 'python'].filter(Boolean)) {
    const run = spawnSync(python, [...PIP, '--dest', cache, ...requirements], { encoding: 'utf8' });
    if (run.status === 0) return;
    if (run.stderr) reason = run.stderr.trim().split('\n').slice(-3).join('\n');
  }
  throw new Error(`The Python wheels could not be fetched with pip: ${reason}\nInstall Python 3 with pip, or check the network, and try again.`);
}
