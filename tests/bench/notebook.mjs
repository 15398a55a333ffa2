/**
 * Drives the app through its stable hooks and accessible names: what every measurement does
 * before and after the part that is measured.
 */

/** Python comes up within this on a loaded machine. */
const KERNEL_MILLIS = 120_000;

/** Opens a page on a new notebook with these code cells. */
export async function openNotebook(context, app, sources) {
  const page = context.pages()[0] ?? (await context.newPage());
  await page.goto(app);
  const choosing = page.waitForEvent("filechooser");
  await page.getByRole("button", { name: "Open .ipynb…" }).click();
  const file = { name: "bench.ipynb", mimeType: "application/x-ipynb+json", buffer: Buffer.from(JSON.stringify(ipynb(sources))) };
  await (await choosing).setFiles(file);
  await page.locator("[data-cell]").nth(sources.length - 1).waitFor();
  await saved(page);
  const cells = await page.locator("[data-cell]").evaluateAll((all) => all.map((cell) => cell.dataset.cell));
  return { page, cells, id: new URL(page.url()).searchParams.get("notebook") };
}

function ipynb(sources) {
  const cell = (source, at) => ({ cell_type: "code", id: `bench-${at}`, metadata: {}, execution_count: null, outputs: [], source });
  return { nbformat: 4, nbformat_minor: 5, metadata: {}, cells: sources.map(cell) };
}

/** Waits until all that is visible is committed. */
export const saved = (page) => page.locator("[data-saved=saved]").waitFor({ timeout: KERNEL_MILLIS });

/** Waits until the kernel is in this state. */
export const kernelIs = (page, state) => page.locator(`[data-kernel=${state}]`).waitFor({ timeout: KERNEL_MILLIS });

/** Runs a cell by its button and waits for the end of the run. */
export async function run(page, cell, outcome = "ok") {
  await page.evaluate((id) => {
    probe.button("Run cell", probe.cell(id)).click();
    // The end of an earlier run must not be taken for this one's.
    return probe.when(() => probe.cell(id).dataset.status !== "completed");
  }, cell);
  await page.locator(`[data-cell="${cell}"][data-status=completed]`).waitFor({ timeout: KERNEL_MILLIS });
  const found = await page.locator(`[data-cell="${cell}"]`).getAttribute("data-outcome");
  if (found !== outcome) throw new Error(`the cell ended with ${found}, not with ${outcome}`);
}

/** Puts a source into a cell in place of what is there. */
export async function write(page, cell, source) {
  const editor = page.locator(`[data-cell="${cell}"] [data-editor] .cm-content`);
  await editor.click();
  await page.keyboard.press("ControlOrMeta+a");
  await page.keyboard.insertText(source);
}

/** Reads the figures of the diagnostics page, in a tab of its own that is closed again. */
export async function diagnostics(context, app, id) {
  const page = await context.newPage();
  try {
    await page.goto(`${app}?notebook=${id}&view=diagnostics`);
    await page.locator("table[data-log] tbody tr").first().waitFor();
    // The figures come in an answer of their own.
    await page.locator("dl div", { has: page.locator("dt", { hasText: /^Events$/ }) }).locator("dd", { hasText: /\d/ }).waitFor();
    const grid = await page.locator("dl div").evaluateAll((figures) =>
      figures.map((figure) => [figure.querySelector("dt").textContent, figure.querySelector("dd").textContent]),
    );
    const commits = await page.locator(".bars span[title]").evaluateAll((bars) => bars.map((bar) => parseFloat(bar.title)));
    const texts = Object.fromEntries(grid);
    const [commitCount, rows] = numbers(texts.Commits);
    return { texts, events: numbers(texts.Events)[0], commitCount, rows, blobs: numbers(texts.Blobs)[0], commits };
  } finally {
    await page.close();
  }
}

const numbers = (text = "") => (text.match(/\d+/g) ?? []).map(Number);

/** Downloads the notebook as a file and returns what it holds. */
export async function download(page) {
  await page.locator("summary[aria-label='Notebook menu']").click();
  const [offered] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("button", { name: "Download .ipynb", exact: true }).click(),
  ]);
  const parts = [];
  for await (const part of await offered.createReadStream()) parts.push(part);
  return JSON.parse(Buffer.concat(parts).toString("utf8"));
}
