/**
 * What one person typed, key by key, through the text path and through yrs alone, in a native program: both in one
 * run, in turns. The trace that is here is of 18,335 keys; `EDITING_TRACES` names a folder with more of them, such as
 * automerge-paper's 259,778, which is too large to be kept here.
 */

import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { figure, ratio } from "../figure.mjs";
import { interleave } from "../harness.mjs";
import { buildExample, run } from "../native.mjs";

/** The trace that the goal for bytes is about: keys, where others also hold pasted text, all of which stays. */
const PAPER = "automerge-paper";
const HERE = fileURLToPath(new URL("../../fixtures/editing-traces", import.meta.url));
const ELSEWHERE = process.env.EDITING_TRACES;

export const about = "recorded typing through the text path, against yrs alone";

export async function measure({ rounds }) {
  const program = await buildExample("notebook", "trace");
  const traces = { sveltecomponent: join(HERE, "sveltecomponent.json.gz") };
  const paper = ELSEWHERE && join(ELSEWHERE, `${PAPER}.json.gz`);
  if (paper && existsSync(paper)) traces[PAPER] = paper;
  else console.error(`trace: EDITING_TRACES names no folder with ${PAPER}.json.gz, so it is not played`);
  const arms = Object.entries(traces).map(([name, path]) => [name, (round) => play(program, path, round)]);
  const played = await interleave(rounds, Object.fromEntries(arms));
  return Object.entries(played).flatMap(([name, rounds]) => figures(name, rounds));
}

const play = async (program, path, round) => run(program, [round], gunzipSync(await readFile(path)));

function figures(name, rounds) {
  const { edits, characters } = rounds[0];
  const goal = name === PAPER ? { atMost: 1 } : {};
  const millis = (arm) => rounds.map((round) => round[arm].millis);
  const wrong = rounds.map((round) => ["page", "yrs", "path"].filter((arm) => !round[arm].equal).length);
  return [
    figure(`${name}: the page's text, all keys`, { unit: "ms", rounds: millis("page"), note: `${edits} keys` }),
    figure("  yrs alone", { unit: "ms", rounds: millis("yrs") }),
    ratio("  against that", millis("page"), millis("yrs"), { atMost: 1.5 }),
    figure(`${name}: key to the store's notebook, all keys`, { unit: "ms", rounds: millis("path") }),
    ratio("  against yrs alone", millis("path"), millis("yrs"), { atMost: 1.5 }),
    figure(`${name}: texts that end otherwise`, { unit: "", rounds: wrong, atMost: 0 }),
    figure(`${name}: compacted, for each edit`, { unit: "B", rounds: rounds.map(({ path }) => path.stateBytes / edits), ...goal, note: `the ${characters} characters at the end included` }),
    figure("  edits as the log has them, for each", { unit: "B", rounds: rounds.map(({ path }) => path.updateBytes / edits) }),
  ];
}
