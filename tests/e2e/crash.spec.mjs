/** Python dies, or never gets up: the notebook does not mind. */

import { expect, test } from "./fixtures.mjs";

test("B4-19: os._exit ends the kernel, marks the run as lost, and a restart works", async ({ notebook }) => {
  await notebook.create();
  await notebook.execute(0, "print('safe')");
  await notebook.append("print('last words')\nimport os; os._exit(1)");
  await notebook.run(1);
  await notebook.hasKernel("dead");
  await notebook.ends(1, "lost");
  await expect(notebook.outputs(1)).toContainText("last words");
  await expect(notebook.outputs(0)).toHaveText("safe");
  await notebook.button("Restart").click();
  await notebook.hasKernel("idle");
  await notebook.execute(1, "print('back')");
  await expect(notebook.outputs(1)).toHaveText("back");
  await expect(notebook.count(1)).toHaveText("1");
  await notebook.reload();
  await expect(notebook.outputs(0)).toHaveText("safe");
});

for (const [name, code] of [
  ["infinite recursion", "def f(): return f()\nf()"],
  ["infinite recursion through C", "class A:\n    def __repr__(self): return repr(self)\nrepr(A())"],
  ["more memory than there is", "kept = []\nwhile True: kept.append(bytearray(1 << 28))"],
]) {
  test(`B4-19: ${name} is an error or the end of the kernel, never of the page`, async ({ notebook }) => {
    await notebook.create();
    await notebook.write(0, code);
    await notebook.run(0);
    await notebook.hasStatus(0, "completed", 90_000);
    await expect(notebook.cell(0)).toHaveAttribute("data-outcome", /^(error|lost)$/);
    const outcome = await notebook.cell(0).getAttribute("data-outcome");
    if (outcome === "lost") {
      await notebook.hasKernel("dead");
      await notebook.button("Restart").click();
      await notebook.hasKernel("idle");
    } else {
      await expect(notebook.outputs(0)).toContainText(/RecursionError|MemoryError/);
    }
    await notebook.append();
    await notebook.execute(1, "'alive'");
    await expect(notebook.outputs(1)).toHaveText("'alive'");
  });
}

test("B4-19: after a crash the queue is kept and runs once Python is started again", async ({ notebook }) => {
  await notebook.create();
  await notebook.write(0, "import os; os._exit(1)");
  await notebook.append("print('queued')");
  // Asked for one by one, and both before Python can be up: the second is not given up with the first.
  await notebook.page.evaluate(() => {
    for (const run of document.querySelectorAll("button[aria-label='Run cell']")) run.click();
  });
  await notebook.hasKernel("dead");
  await notebook.ends(0, "lost");
  await notebook.hasStatus(1, "pending");
  await notebook.button("Start Python again").click();
  await notebook.ends(1);
  await expect(notebook.outputs(1)).toHaveText("queued");
});

test("B4-19: a Run all ends where Python died: what followed is not run by a Python that lacks what came before", async ({ notebook }) => {
  await notebook.create();
  await notebook.write(0, "x = 1");
  await notebook.append("import os; os._exit(1)");
  await notebook.append("print(x)");
  await notebook.append("print('asked for by itself')");
  await notebook.append("2 + 2");
  await notebook.button("Run all").click();
  await notebook.hasKernel("dead");
  await notebook.ends(0);
  await notebook.ends(1, "lost");
  for (const at of [2, 3, 4]) await notebook.ends(at, "cancelled");
  await notebook.run(3);
  await notebook.hasKernel("idle");
  await notebook.ends(3);
  await expect(notebook.outputs(3)).toHaveText("asked for by itself");
  for (const at of [2, 4]) await expect(notebook.cell(at)).toHaveAttribute("data-outcome", "cancelled");
});

for (const [name, answer, reason] of [
  ["missing", { status: 404, body: "Not found" }, /pyodide\.asm\.wasm could not be loaded: the server answered 404/],
  ["damaged", { status: 200, body: "\0asm and then nonsense" }, /damaged/],
]) {
  test(`B4-17: a part of Python that is ${name}: the page edits, says why, and tries again`, async ({ notebook }) => {
    await notebook.page.route("**/kernel/pyodide.asm.wasm", (route) => route.fulfill(answer));
    await notebook.create();
    await notebook.write(0, "print('ran')");
    await notebook.run(0);
    await notebook.hasKernel("dead");
    const banner = notebook.banner.filter({ has: notebook.button("Start Python again") });
    await expect(banner).toContainText(reason);
    await notebook.hasStatus(0, "pending");
    await notebook.append("still = 'editable'");
    await notebook.isSaved();
    await notebook.page.unroute("**/kernel/pyodide.asm.wasm");
    await notebook.button("Start Python again").click();
    await notebook.ends(0);
    await expect(notebook.outputs(0)).toHaveText("ran");
  });
}
