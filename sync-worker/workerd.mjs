/**
 * Runs the built relay in the workerd that npm brings. A process of its own: whoever starts it says
 * where the storage is, and ends it or kills it.
 *
 *   node sync-worker/workerd.mjs [--port 8081] [--storage target/relay-storage]
 *
 * As a command it ends with its parent.
 */

import { spawn } from "node:child_process";
import { mkdir } from "node:fs/promises";
import { createRequire } from "node:module";
import { resolve } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath, pathToFileURL } from "node:url";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** Where `cargo xtask build-relay` puts the relay. */
const BUILT = process.env.CATHODE_RELAY_BUILD ?? resolve(ROOT, "target/sync-worker");

/**
 * Starts a workerd and waits until it listens.
 *
 * @param {{storage: string, port?: number, limits?: object, log?: "inherit" | "ignore" | number, built?: string}} options
 *   Port 0 takes any free one. `limits` are those that differ from the usual ones. `log` may be an open file.
 *   `built` is the folder of the relay's configuration.
 * @returns {Promise<{port: number, pid: number, ended: Promise<void>, stop: () => Promise<void>, kill: () => Promise<void>}>}
 */
export async function start({ storage, port = 0, limits, log = "inherit", built = BUILT }) {
  await mkdir(storage, { recursive: true });
  const program = createRequire(import.meta.url)("workerd").default;
  const options = [
    "serve",
    "config.capnp",
    "--control-fd=3",
    `--socket-addr=http=127.0.0.1:${port}`,
    `--directory-path=storage=${resolve(storage)}`,
  ];
  const env = { ...process.env, CATHODE_RELAY_LIMITS: limits === undefined ? "" : JSON.stringify(limits) };
  const child = spawn(program, options, { cwd: built, env, stdio: ["ignore", log, log, "pipe"] });
  const ended = new Promise((end) => child.once("exit", () => end()));
  const end = (signal) => {
    child.kill(signal);
    return ended;
  };
  const bound = await new Promise((listens, fails) => {
    child.once("error", fails);
    child.once("exit", (code) => fails(new Error(`workerd ended (${code}) before it listened`)));
    createInterface({ input: child.stdio[3] }).on("line", (line) => {
      const said = JSON.parse(line);
      if (said.event === "listen") listens(said.port);
    });
  });
  return { port: bound, pid: child.pid, ended, stop: () => end("SIGTERM"), kill: () => end("SIGKILL") };
}

function parseArguments(words) {
  const options = { port: 8081, storage: resolve(ROOT, "target/relay-storage") };
  while (words.length > 0) {
    const option = words.shift();
    if (option === "--port") options.port = Number(words.shift());
    else if (option === "--storage") options.storage = words.shift();
    else throw new Error(`unknown option ${option}`);
  }
  return options;
}

if (process.argv[1] && import.meta.url === pathToFileURL(resolve(process.argv[1])).href) {
  const parent = process.ppid;
  try {
    const relay = await start(parseArguments(process.argv.slice(2)));
    console.log(`relay on port ${relay.port}`);
    // A parent that is killed tells nobody.
    setInterval(() => process.ppid !== parent && relay.stop(), 500).unref();
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.once(signal, () => relay.stop());
    await relay.ended;
  } catch (error) {
    console.error(`The relay does not run, so notebooks cannot be shared from here: ${error.message}`);
    process.exitCode = 1;
  }
}
