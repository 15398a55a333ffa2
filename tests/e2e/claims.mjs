/**
 * A page that is written in without a pause and notes, each time it is told "saved", what it
 * shows at that moment. Whatever happens to the page next, all of that must be there again.
 */

import { expect } from "@playwright/test";

const PREFIX = "claim ";

/** Begins to write, and returns the claims so far as they come: cell id → its text. */
export async function write(page) {
  const claims = { cells: new Map(), reports: 0 };
  page.on("console", (message) => {
    const text = message.text();
    if (!text.startsWith(PREFIX)) return;
    claims.reports += 1;
    claims.cells = new Map(JSON.parse(text.slice(PREFIX.length)));
  });
  await page.evaluate(busy, PREFIX);
  return claims;
}

/** Fails unless everything that was reported saved is there. Text may have grown since. */
export async function verify(notebook, claims, what) {
  await expect.poll(() => notebook.cells.count()).toBeGreaterThanOrEqual(claims.cells.size);
  const found = new Map(await notebook.page.evaluate(shown));
  for (const [cell, text] of claims.cells) {
    expect(found.has(cell), `${what}: cell ${cell} was reported saved`).toBe(true);
    expect(found.get(cell), `${what}: the text of cell ${cell} was reported saved`).toContain(text);
  }
}

function shown() {
  return [...document.querySelectorAll("[data-cell]")].map((cell) => {
    const lines = [...cell.querySelectorAll(".cm-line")].map((line) => line.textContent);
    return [cell.dataset.cell, lines.length > 0 ? lines.join("\n") : cell.querySelector("[data-editor]").textContent];
  });
}

/** Runs in the page: appends cells and types into each, for ever; reports what is saved. */
function busy(prefix) {
  const saved = document.querySelector("[data-saved]");
  const isSaved = () => saved.dataset.saved === "saved";
  const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
  const report = () => {
    if (!isSaved()) return;
    const cells = [...document.querySelectorAll("[data-cell]")].map((cell) => {
      const text = [...cell.querySelectorAll(".cm-line")].map((line) => line.textContent).join("\n");
      return [cell.dataset.cell, text];
    });
    console.log(prefix + JSON.stringify(cells));
  };
  new MutationObserver(report).observe(saved, { attributes: true, attributeFilter: ["data-saved"] });
  const settled = async () => {
    while (!isSaved()) await frame();
  };
  (async () => {
    for (let count = 0; ; count += 1) {
      const before = document.querySelectorAll("[data-cell]").length;
      document.querySelector("button[aria-label='Append code']").click();
      while (document.querySelectorAll("[data-cell]").length === before || !document.activeElement?.matches(".cm-content")) await frame();
      document.execCommand("insertText", false, `value_${count} = ${count}`);
      // Leaving the editor sends what was typed at once instead of within a second.
      document.activeElement.blur();
      if (count % 3 === 2) await settled();
    }
  })();
}
