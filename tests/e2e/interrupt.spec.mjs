/** Stopping what runs, and starting afresh. */

import { expect, test } from "./fixtures.mjs";

test.beforeEach(async ({ notebook }) => {
  await notebook.create();
});

for (const [name, code] of [
  ["a busy loop", "while True: pass"],
  ["a long sleep", "import time\ntime.sleep(600)"],
  ["an endless print", "while True: print(1)"],
  ["a coroutine that waits", "import asyncio\nawait asyncio.sleep(600)"],
]) {
  test(`an interrupt stops ${name}, and the kernel goes on`, async ({ notebook }) => {
    await notebook.execute(0, "kept = 'kept'");
    await notebook.append(code);
    await notebook.run(1);
    await notebook.isRunning(1);
    await notebook.hasKernel("busy");
    await notebook.button("Interrupt").click();
    await notebook.ends(1, "interrupted", 10_000);
    await expect(notebook.outputs(1)).toContainText("KeyboardInterrupt");
    await notebook.append();
    await notebook.execute(2, "kept");
    await expect(notebook.outputs(2)).toHaveText("'kept'");
    await expect(notebook.count(2)).toHaveText("3");
  });
}

test("a program that catches KeyboardInterrupt decides for itself", async ({ notebook }) => {
  await notebook.write(0, "import time\ntry:\n    time.sleep(600)\nexcept KeyboardInterrupt:\n    print('caught')");
  await notebook.run(0);
  await notebook.isRunning(0);
  await notebook.button("Interrupt").click();
  await notebook.ends(0, "ok");
  await expect(notebook.outputs(0)).toHaveText("caught");
});

test("B4-16: an interrupt and a new run in the same tick: the old run stops, the new one runs", async ({ notebook }) => {
  await notebook.write(0, "while True: pass");
  await notebook.append("print('new')");
  await notebook.run(0);
  await notebook.isRunning(0);
  await notebook.page.evaluate(() => {
    // The keys are heard at once; the button waits until something has run for a moment.
    for (const key of "ii") document.body.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
    document.querySelectorAll("[data-cell]")[1].querySelector("button[aria-label='Run cell']").click();
  });
  await notebook.ends(0, "interrupted");
  await notebook.ends(1, "ok");
  await expect(notebook.outputs(1)).toHaveText("new");
});

test("an interrupt that comes too late hits nothing", async ({ notebook }) => {
  for (let round = 0; round < 10; round += 1) {
    await notebook.write(0, `round = ${round}`);
    await notebook.run(0);
    await notebook.page.evaluate(() => {
      for (const key of "ii") document.body.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
    });
    await expect(notebook.cell(0)).toHaveAttribute("data-status", "completed", { timeout: 60_000 });
  }
  await notebook.execute(0, "print('alive')");
  await expect(notebook.outputs(0)).toHaveText("alive");
});

test("B4-16: a restart during a queue stops the run and leaves no cell stuck", async ({ notebook }) => {
  await notebook.write(0, "while True: pass");
  await notebook.append("print('second')");
  await notebook.append("print('third')");
  await notebook.button("Run all").click();
  await notebook.isRunning(0);
  await notebook.hasStatus(2, "pending");
  await notebook.button("Restart").click();
  await notebook.button("Stop and start afresh").click();
  await expect(notebook.cell(0)).toHaveAttribute("data-outcome", /lost|interrupted|cancelled/);
  for (const at of [1, 2]) await notebook.hasStatus(at, "completed");
  await notebook.hasKernel("idle");
  await notebook.execute(2, "print('again')");
  await expect(notebook.outputs(2)).toHaveText("again");
});

test("a restart forgets the variables, keeps code and outputs, and counts from one", async ({ notebook }) => {
  await notebook.execute(0, "x = 1\nx");
  await notebook.button("Restart").click();
  await notebook.hasKernel("idle");
  await expect(notebook.outputs(0)).toHaveText("1");
  await notebook.append();
  await notebook.execute(1, "x", "error");
  await expect(notebook.outputs(1)).toContainText("NameError");
  await expect(notebook.count(1)).toHaveText("1");
});
