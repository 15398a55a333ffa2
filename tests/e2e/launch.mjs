/** How the tests start the browser and serve the site. Knows nothing of notebooks. */

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "@playwright/test";
import { CHROMIUM, FLAGS } from "../chromium.mjs";
import { start } from "../server.mjs";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

export const SITE = resolve(ROOT, process.env.CATHODE_DIST ?? "dist");
/** Where `fetch-files.mjs` puts what is fetched for the tests. */
export const FILES = join(ROOT, "target/test-files");

/** Serves the built site on a free port. */
export function serve(options = {}) {
  return start({ root: SITE, port: 0, ...options });
}

/** Serves the built site at an address that stays while the server is stopped and started again. */
export async function host(options = {}) {
  let site = await serve(options);
  const { url, port } = site;
  return {
    url,
    port,
    stop: () => site.close(),
    async start() {
      site = await serve({ ...options, port });
    },
  };
}

/** Opens Chromium over a profile on disk, so that its private file system is the real one. */
export function launch(profile) {
  return chromium.launchPersistentContext(profile, {
    executablePath: CHROMIUM,
    args: FLAGS,
    acceptDownloads: true,
    viewport: { width: 1200, height: 900 },
  });
}

/** Makes an empty profile; `remove()` deletes it. */
export async function makeProfile() {
  const path = await mkdtemp(join(tmpdir(), "cathode-e2e-"));
  return { path, remove: () => rm(path, { recursive: true, force: true, maxRetries: 5 }) };
}
