/**
 * One tab, through the stable hooks of tests/README.md and accessible names only.
 * Cells are counted from 0. It waits for what it asks for, and never for a time to pass.
 */

import { expect } from "@playwright/test";

/** Python comes up within this on a loaded machine with two cores. */
export const KERNEL_TIMEOUT = 60_000;

export class NotebookPage {
  constructor(page, site) {
    this.page = page;
    this.site = site;
    this.cells = page.locator("[data-cell]");
    this.kernel = page.locator("[data-kernel]");
    this.saved = page.locator("[data-saved]");
    this.tab = page.locator("[data-tab]");
    this.title = page.getByRole("textbox", { name: "Notebook title" });
    this.banner = page.getByRole("alert");
  }

  async goHome() {
    await this.page.goto(this.site);
    await expect(this.button("New notebook")).toBeVisible();
  }

  /** Makes a notebook on the home page and waits until its one cell can be written in. */
  async create() {
    await this.goHome();
    await this.button("New notebook").click();
    await this.opened();
    await expect(this.editor(0)).toBeVisible();
    await this.isSaved();
  }

  async open(id) {
    await this.page.goto(`${this.site}?notebook=${id}`);
    await this.opened();
  }

  async reload() {
    await this.page.reload();
    await this.opened();
  }

  async opened() {
    await expect(this.page.locator("main[aria-busy=false]")).toBeVisible();
  }

  /** Opens another tab of the same browser on the same notebook. */
  async another() {
    const other = new NotebookPage(await this.page.context().newPage(), this.site);
    await other.open(this.id());
    return other;
  }

  id() {
    return new URL(this.page.url()).searchParams.get("notebook");
  }

  /** The thread that keeps the notebook. */
  storeWorker() {
    return this.page.workers().find((worker) => worker.url().includes("/store-worker"));
  }

  button(name) {
    return this.page.getByRole("button", { name, exact: true });
  }

  cell(at) {
    return this.cells.nth(at);
  }

  editor(at) {
    return this.cell(at).locator("[data-editor] .cm-content");
  }

  outputs(at) {
    return this.cell(at).locator("[data-outputs]");
  }

  count(at) {
    return this.cell(at).locator("[data-count]");
  }

  cellIds() {
    return this.cells.evaluateAll((cells) => cells.map((cell) => cell.dataset.cell));
  }

  /** Returns the text of a cell's source as it is shown. */
  async source(at) {
    const lines = this.cell(at).locator("[data-editor] .cm-line");
    if ((await lines.count()) === 0) return this.cell(at).locator("[data-editor]").textContent();
    // The names at other people's cursors are no part of the text.
    const read = (found) =>
      found.map((line) => {
        const copy = line.cloneNode(true);
        for (const cursor of copy.querySelectorAll(".peer-caret")) cursor.remove();
        return copy.textContent;
      });
    return (await lines.evaluateAll(read)).join("\n");
  }

  /** Clicks into a cell's text; a cell far from the view has no editor until it is scrolled to. */
  async click(at) {
    await this.cell(at).scrollIntoViewIfNeeded();
    await this.editor(at).click();
  }

  /** Replaces a cell's text. Pasted, so that the editor's own indenting does not add to it. */
  async write(at, text) {
    await this.paste(at, text);
    await expect.poll(() => this.source(at)).toBe(text);
  }

  /** Replaces a cell's text by pasting, and does not look at what the editor shows: of much text it is a part. */
  async paste(at, text) {
    await this.click(at);
    await this.page.keyboard.press("ControlOrMeta+a");
    await this.editor(at).evaluate((editor, pasted) => {
      const clipboardData = new DataTransfer();
      clipboardData.setData("text/plain", pasted);
      editor.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
    }, text);
  }

  /** Runs a cell that is written in or can be. */
  async run(at) {
    await this.click(at);
    await this.page.keyboard.press("ControlOrMeta+Enter");
  }

  /** Adds a code cell at the end, below the selected last one, and returns its place. */
  async append(text) {
    const at = await this.cells.count();
    await this.page.getByRole("button", { name: "Append code" }).click();
    await expect(this.cells).toHaveCount(at + 1);
    await expect(this.editor(at)).toBeFocused();
    if (text !== undefined) await this.write(at, text);
    return at;
  }

  /** Writes and runs a cell and waits for its end. */
  async execute(at, text, outcome = "ok", timeout = KERNEL_TIMEOUT) {
    await this.write(at, text);
    await this.run(at);
    await this.ends(at, outcome, timeout);
  }

  /** Waits for the end of the run that is under way, not for one that ended before. */
  async ends(at, outcome = "ok", timeout = KERNEL_TIMEOUT) {
    // The key that asked for the run was handled before this asks: a request takes one round
    // trip to the store, and until then the save state is not "saved".
    await expect(this.saved).not.toHaveAttribute("data-saved", "saving", { timeout });
    await this.hasStatus(at, "completed", timeout);
    await expect(this.cell(at)).toHaveAttribute("data-outcome", outcome);
  }

  async hasStatus(at, status, timeout = KERNEL_TIMEOUT) {
    await expect(this.cell(at)).toHaveAttribute("data-status", status, { timeout });
  }

  async isRunning(at) {
    await this.hasStatus(at, "executing");
  }

  async hasKernel(state, timeout = KERNEL_TIMEOUT) {
    await expect(this.kernel).toHaveAttribute("data-kernel", state, { timeout });
  }

  async isSaved(timeout = 15_000) {
    await expect(this.saved).toHaveAttribute("data-saved", "saved", { timeout });
  }

  /** Waits until so much of the site is kept for when there is no network: `site`, or `python` too. */
  async isKept(what) {
    await expect(this.page.locator("html")).toHaveAttribute("data-kept", what, { timeout: KERNEL_TIMEOUT });
  }

  async hasRole(role, timeout = 15_000) {
    await expect(this.tab).toHaveAttribute("data-tab", role, { timeout });
  }

  /** Drops a file onto the page, as a person does. */
  async drop(name, text) {
    const transfer = await this.page.evaluateHandle(
      ([fileName, contents]) => {
        const transfer = new DataTransfer();
        transfer.items.add(new File([contents], fileName, { type: "application/json" }));
        return transfer;
      },
      [name, text],
    );
    await this.page.dispatchEvent("body", "dragover", { dataTransfer: transfer });
    await this.page.dispatchEvent("body", "drop", { dataTransfer: transfer });
  }

  /** Downloads the notebook as a file and returns what it says. */
  async download() {
    await this.page.locator("summary[aria-label='Notebook menu']").click();
    const [download] = await Promise.all([
      this.page.waitForEvent("download"),
      this.button("Download .ipynb").click(),
    ]);
    const chunks = [];
    for await (const chunk of await download.createReadStream()) chunks.push(chunk);
    return { name: download.suggestedFilename(), notebook: JSON.parse(Buffer.concat(chunks).toString("utf8")) };
  }
}
