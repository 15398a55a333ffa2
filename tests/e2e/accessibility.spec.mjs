/** What people meet who use a screen reader or need contrast, as far as rules can tell: WCAG 2.2 A and AA by axe. */

import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { expect, test } from "./fixtures.mjs";

const AXE = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
// Chromium and Firefox let the keyboard into whatever scrolls.
const EXCEPT = { "scrollable-region-focusable": { enabled: false } };
const LOOKS = [
  { colorScheme: "light", width: 1280 },
  { colorScheme: "dark", width: 1280 },
  { colorScheme: "light", width: 390 },
];

/** Returns what is wrong on the page as it is, one line for each element. */
async function findings(page) {
  await page.evaluate(AXE);
  // Colours that change to those of another look are looked at once they have.
  await page.evaluate(async () => {
    await new Promise(requestAnimationFrame);
    await Promise.allSettled(document.getAnimations().map(({ finished }) => finished));
  });
  const { violations } = await page.evaluate((options) => axe.run(options), { runOnly: RULES, rules: EXCEPT, iframes: false });
  const lines = ({ id, help, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id}: ${help}\n  ${target.join(" ")}\n  ${failureSummary.replaceAll("\n", "\n  ")}`);
  return violations.flatMap(lines).join("\n");
}

async function inEveryLook(page) {
  for (const { colorScheme, width } of LOOKS) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await page.setViewportSize({ width, height: 800 });
    expect(await findings(page), `${colorScheme}, ${width} wide`).toBe("");
  }
}

test("the list of notebooks, empty and not, has nothing that axe objects to", async ({ notebook, page }) => {
  await notebook.goHome();
  await inEveryLook(page);
  await notebook.create();
  await notebook.goHome();
  await expect(page.getByRole("link", { name: /Untitled/ })).toBeVisible();
  await inEveryLook(page);
});

test("a notebook with text, outputs, an error and documentation has nothing that axe objects to", async ({ notebook, page }) => {
  await notebook.create();
  await notebook.execute(0, "import sys; print('out'); print('err', file=sys.stderr); {'a': [1, 2]}");
  await notebook.append("1 / 0");
  await notebook.run(1);
  await notebook.ends(1, "error");
  await notebook.append("from IPython.display import HTML, Latex, display\ndisplay(HTML('<table><tr><th>x</th></tr><tr><td>1</td></tr></table>'), Latex('$x^2$'))");
  await notebook.run(2);
  await notebook.ends(2);
  await notebook.append("print");
  await page.keyboard.press("Shift+Tab");
  await expect(page.getByRole("region", { name: "Documentation" })).toContainText("Signature");
  await notebook.button("Add Markdown cell").click();
  await page.keyboard.type("# Title\n\nA [link](https://example.org/) and `code`.");
  await page.keyboard.press("Shift+Enter");
  await inEveryLook(page);
});

test("the dialog for sharing and the diagnostics have nothing that axe objects to", async ({ notebook, page }) => {
  await notebook.create();
  await notebook.button("Share").click();
  await expect(page.getByRole("dialog", { name: "Share this notebook" })).toBeVisible();
  await inEveryLook(page);
  await page.goto(`${notebook.site}?notebook=${notebook.id()}&view=diagnostics`);
  await expect(page.getByRole("heading", { name: "Diagnostics" })).toBeVisible();
  await expect(page.getByRole("table").first()).toBeVisible();
  await inEveryLook(page);
});
