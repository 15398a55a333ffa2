/** Before the first test: is there a site and a browser, and if not, how to get them; and the test files. */

import { access } from "node:fs/promises";
import { join } from "node:path";
import { fetchFiles } from "../fetch-files.mjs";
import { CHROMIUM } from "../chromium.mjs";
import { SITE } from "./launch.mjs";

export default async function setup() {
  await required(join(SITE, "index.html"), "there is no built site; run `cargo xtask build`, or set CATHODE_DIST");
  await required(CHROMIUM, "there is no Chromium; set the variable CHROMIUM to one");
  fetchFiles();
}

async function required(path, advice) {
  await access(path).catch(() => {
    throw new Error(`${path} is missing: ${advice}`);
  });
}
