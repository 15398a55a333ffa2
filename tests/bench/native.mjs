/** Native programs that measurements run: examples of the crates, built quick, each answering in JSON. */

import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
/** Optimised, and quick to build. */
const PROFILE = "relay";

/** Builds an example and returns where the program is. */
export async function buildExample(crate, example, profile = PROFILE) {
  const words = ["build", "--profile", profile, "--package", crate, "--example", example, "--message-format=json"];
  const { stdout } = await promisify(execFile)("cargo", words, { cwd: ROOT, maxBuffer: 1 << 26 });
  const built = stdout.split("\n").filter(Boolean).map((line) => JSON.parse(line));
  return built.findLast(({ executable, target }) => executable && target.name === example).executable;
}

/** Runs a program to its end and returns its answer. */
export async function run(program, words, input) {
  const child = spawn(program, words.map(String), { stdio: ["pipe", "pipe", "inherit"] });
  const closed = once(child, "close");
  // A program that fails may not have read all.
  child.stdin.on("error", () => {});
  child.stdin.end(input);
  let said = "";
  for await (const part of child.stdout.setEncoding("utf8")) said += part;
  const [code] = await closed;
  if (code !== 0) throw new Error(`${program} ${words.join(" ")} ended with ${code}`);
  return JSON.parse(said);
}
