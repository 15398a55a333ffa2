/**
 * The relay in workerd against the least that could do its work: a Durable Object in JavaScript that
 * stores and then broadcasts. The load comes from a native program, the same for both.
 */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { start } from "../../../sync-worker/workerd.mjs";
import { figure, ratio } from "../figure.mjs";
import { interleave, within } from "../harness.mjs";
import { buildExample, run } from "../native.mjs";

const PLAIN = fileURLToPath(new URL("../relay", import.meta.url));
const IDLE = 400;
const LOAD_MILLIS = 90_000;

export const about = "the relay in workerd, against one in JavaScript that stores and then broadcasts";

export async function measure({ rounds }) {
  const load = await buildExample("conformance", "load", "dev");
  const { ours, plain, crowd, idle, plainIdle } = await interleave(rounds, {
    ours: () => withWorkerd({}, (relay) => run(load, ["relay", relay.port, 50, 50, 20])),
    plain: () => withWorkerd({ built: PLAIN }, (relay) => run(load, ["plain", relay.port, 50, 50, 20])),
    crowd: () => withWorkerd({}, (relay) => run(load, ["relay", relay.port, 200, 100, 10])),
    idle: () => withWorkerd({}, (relay) => kilobytesPerIdleClient(load, "relay", relay)),
    plainIdle: () => withWorkerd({ built: PLAIN }, (relay) => kilobytesPerIdleClient(load, "plain", relay)),
  });
  const millis = (arm, key) => arm.map((round) => round[key] / 1000);
  const wrong = (arm) => arm.map(({ missing, doubled, disordered }) => missing + doubled + disordered);
  return [
    figure("50 clients, 50 messages per second: median", { unit: "ms", rounds: millis(ours, "p50") }),
    figure("  in JavaScript", { unit: "ms", rounds: millis(plain, "p50") }),
    ratio("  against that", millis(ours, "p50"), millis(plain, "p50"), { atMost: 1.2 }),
    figure("50 clients, 50 messages per second: p99", { unit: "ms", rounds: millis(ours, "p99") }),
    figure("  in JavaScript", { unit: "ms", rounds: millis(plain, "p99") }),
    ratio("  against that", millis(ours, "p99"), millis(plain, "p99"), { atMost: 1.2 }),
    figure("  in the ten seconds before that", { unit: "ms", rounds: millis(ours, "coldP99") }),
    figure("    in JavaScript", { unit: "ms", rounds: millis(plain, "coldP99") }),
    figure("  missing, doubled or out of order", { unit: "", rounds: wrong(ours), atMost: 0 }),
    figure("200 clients, 100 messages per second: p99", { unit: "ms", rounds: millis(crowd, "p99") }),
    figure("  missing, doubled or out of order", { unit: "", rounds: wrong(crowd), atMost: 0 }),
    figure("memory of an idle client, workerd's own included", { unit: "kB", rounds: idle }),
    figure("  in JavaScript", { unit: "kB", rounds: plainIdle }),
    figure("  more than that", { unit: "kB", rounds: idle.map((value, round) => value - plainIdle[round]), atMost: 20 }),
  ];
}

async function withWorkerd(options, use) {
  const storage = await mkdtemp(join(tmpdir(), "cathode-relay-"));
  const relay = await start({ storage, log: "ignore", ...options });
  try {
    return await within(LOAD_MILLIS, "the load", use(relay));
  } finally {
    await relay.kill();
    await rm(storage, { recursive: true, force: true });
  }
}

/**
 * What workerd takes more for so many clients than for a few, each let in and at the head. Most of it is
 * workerd's own, for a socket and for what the others were told when it came.
 */
async function kilobytesPerIdleClient(load, kind, relay) {
  const resident = async () => {
    const status = await readFile(`/proc/${relay.pid}/status`, "utf8");
    return Number(/VmRSS:\s+(\d+) kB/.exec(status)[1]);
  };
  const connected = async (count) => {
    const clients = spawn(load, [kind, relay.port, count, 0, 0].map(String), { stdio: ["pipe", "pipe", "inherit"] });
    await once(clients.stdout, "data");
    const kilobytes = await resident();
    clients.stdin.end();
    await once(clients, "exit");
    return kilobytes;
  };
  const few = await connected(20);
  return (await connected(IDLE)) / (IDLE - 20) - few / (IDLE - 20);
}
