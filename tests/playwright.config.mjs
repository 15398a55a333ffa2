/**
 * The browser tests: real Chromium, real files, real Python. `cargo xtask test` runs them over a
 * fresh release build; README.md says how to run one of them.
 */

import { defineConfig } from "@playwright/test";

export default defineConfig({
  testDir: "e2e",
  testMatch: "*.spec.mjs",
  outputDir: "../target/e2e/results",
  globalSetup: "./e2e/setup.mjs",
  // A test that fails shows a race or a bug: it is never run again to see whether it passes.
  retries: 0,
  workers: 1,
  forbidOnly: true,
  timeout: 120_000,
  expect: { timeout: 15_000 },
  reporter: [["list"]],
  use: { acceptDownloads: true },
});
