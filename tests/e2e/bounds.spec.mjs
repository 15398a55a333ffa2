/** Too much of everything: the page stays alive, and nothing is lost. */

import { readFile } from "node:fs/promises";
import { expect, test } from "./fixtures.mjs";

test.beforeEach(async ({ notebook }) => {
  await notebook.create();
});

test("a print of 50 MB leaves the page alive and its whole text to be had", async ({ notebook, page }) => {
  test.setTimeout(240_000);
  await notebook.write(0, "line = 'x' * 99\nfor i in range(500_000):\n    print(line)\nprint('the very end')");
  await notebook.run(0);
  await notebook.isRunning(0);
  await page.evaluate(watchFrames);
  await notebook.hasStatus(0, "completed", 180_000);
  await expect(notebook.cell(0)).toHaveAttribute("data-outcome", "ok");
  await expect(notebook.outputs(0)).toContainText("the very end", { timeout: 60_000 });
  const shown = await notebook.outputs(0).evaluate((outputs) => outputs.textContent.length);
  expect(shown).toBeLessThan(5_000_000);
  const gap = await page.evaluate(() => window.worstGap);
  expect(gap).toBeLessThan(5_000);
  const whole = await downloadAll(page, notebook);
  expect(whole.length).toBe(50_000_013);
  expect(whole.subarray(-13).toString()).toBe("the very end\n");
  await notebook.reload();
  await expect(notebook.outputs(0)).toContainText("the very end", { timeout: 60_000 });
});

test("a picture of 20 MB is shown and survives a reload", async ({ notebook }) => {
  test.setTimeout(240_000);
  // An uncompressed bitmap: 2600 × 2600 × 3 bytes.
  const code = `
from IPython.display import display
import base64, struct
side = 2600
row = side * 3 + (-side * 3) % 4
head = b'BM' + struct.pack('<IHHI', 54 + row * side, 0, 0, 54) + struct.pack('<IiiHHIIiiII', 40, side, side, 1, 24, 0, row * side, 0, 0, 0, 0)
data = head + bytes(range(256)) * (row * side // 256) + bytes(row * side % 256)
display({'image/bmp': base64.b64encode(data).decode()}, raw=True)`;
  await notebook.execute(0, code, "ok", 120_000);
  const picture = notebook.outputs(0).locator("img");
  const width = () => picture.evaluate((image) => image.naturalWidth);
  await expect(picture).toBeVisible({ timeout: 60_000 });
  await expect.poll(width, { timeout: 60_000 }).toBe(2600);
  await notebook.reload();
  await expect(picture).toBeVisible({ timeout: 60_000 });
  await expect.poll(width, { timeout: 60_000 }).toBe(2600);
});

test("B4-18: one line of a million characters, and what follows it", async ({ notebook }) => {
  await notebook.execute(0, "print('y' * 1_000_000)\nprint('after')");
  await expect(notebook.outputs(0)).toContainText("after");
  await notebook.append("1");
  await notebook.execute(1, "1+1");
  await expect(notebook.outputs(1)).toHaveText("2");
});

test("B4-18: progress by carriage returns stays one line, however often it is printed", async ({ notebook }) => {
  await notebook.execute(0, "for i in range(20_001):\n    print(f'\\r{i:6d} of 20000', end='')");
  await expect(notebook.outputs(0)).toHaveText(/^\s*20000 of 20000$/);
});

test("B4-18: terminal bombs, NUL, lone surrogates and direction marks are shown and round-trip", async ({ notebook, page }) => {
  await notebook.execute(0, `
import sys
print('\\x1b[31m' * 50_000 + 'red' + '\\x1b[0m')
print('\\x1b]0;title\\x07\\x1b]8;;javascript:alert(1)\\x07link\\x1b]8;;\\x07')
print('\\x1b[999999999C' + '\\x1b[999999999B' + 'far')
print('nul:\\x00:nul')
print('lone:\\ud800:lone')
print('rtl:\\u202etxt.exe\\u202c')
'\\x00\\ud800\\u202e'`);
  const outputs = notebook.outputs(0);
  for (const text of ["red", "link", "far", "nul:", ":lone", "txt.exe"]) await expect(outputs).toContainText(text);
  await expect(outputs.locator("a[href^=javascript]")).toHaveCount(0);
  expect(await page.title()).not.toBe("title");
  const before = await outputs.innerText();
  await notebook.reload();
  await expect.poll(() => outputs.innerText()).toBe(before);
});

test("B4-18: an endless print keeps the page usable and stops when told to", async ({ notebook, page }) => {
  await notebook.write(0, "while True: print('z' * 50)");
  await notebook.append("# written meanwhile");
  await notebook.run(0);
  await notebook.isRunning(0);
  await page.evaluate(watchFrames);
  await notebook.write(1, "'written while it prints'");
  await notebook.button("Interrupt").click();
  await notebook.ends(0, "interrupted", 20_000);
  await expect(notebook.outputs(0)).toContainText("KeyboardInterrupt");
  expect(await page.evaluate(() => window.worstGap)).toBeLessThan(3_000);
  await notebook.run(1);
  await notebook.ends(1);
  await expect(notebook.outputs(1)).toHaveText("'written while it prints'");
});

/** Notes the longest time between two frames from now on. */
function watchFrames() {
  window.worstGap = 0;
  let last = performance.now();
  const step = (now) => {
    window.worstGap = Math.max(window.worstGap, now - last);
    last = now;
    requestAnimationFrame(step);
  };
  requestAnimationFrame(step);
}

async function downloadAll(page, notebook) {
  const all = notebook.outputs(0).getByRole("button", { name: /^Show all/ });
  const [download] = await Promise.all([page.waitForEvent("download", { timeout: 60_000 }), all.click()]);
  return readFile(await download.path());
}
