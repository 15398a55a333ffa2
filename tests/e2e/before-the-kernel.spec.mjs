/** What is typed and run before Python is up runs once, by itself. */

import { expect, test } from "./fixtures.mjs";

test("runs asked for before the kernel is up run once each, in order, by themselves", async ({ notebook }) => {
  const held = holdBack(notebook.page, "**/kernel/pyodide.asm.wasm");
  await held.installed;
  await notebook.create();
  await notebook.write(0, "runs = globals().get('runs', 0) + 1\nruns");
  await notebook.run(0);
  await notebook.hasStatus(0, "pending");
  await notebook.append("runs * 10");
  await notebook.run(1);
  await notebook.hasStatus(1, "pending");
  await notebook.hasKernel("starting");
  await expect(notebook.count(0)).toHaveText("*");
  held.release();
  await notebook.ends(0);
  await notebook.ends(1);
  await expect(notebook.outputs(0)).toHaveText("1");
  await expect(notebook.outputs(1)).toHaveText("10");
  await expect(notebook.count(1)).toHaveText("2");
});

test("a queued cell can be withdrawn and never runs", async ({ notebook }) => {
  const held = holdBack(notebook.page, "**/kernel/pyodide.asm.wasm");
  await held.installed;
  await notebook.create();
  await notebook.write(0, "print('withdrawn')");
  await notebook.append("print('kept')");
  await notebook.button("Run all").click();
  await notebook.hasStatus(0, "pending");
  await notebook.cell(0).getByRole("button", { name: "Withdraw from queue" }).click();
  await notebook.ends(0, "cancelled");
  held.release();
  await notebook.ends(1);
  await expect(notebook.outputs(1)).toHaveText("kept");
  await expect(notebook.outputs(0)).toBeEmpty();
});

/** Keeps one file from arriving until it is released. */
function holdBack(page, pattern) {
  let release;
  const released = new Promise((resolve) => {
    release = resolve;
  });
  const installed = page.route(pattern, async (route) => {
    await released;
    await route.continue();
  });
  return { installed, release };
}
