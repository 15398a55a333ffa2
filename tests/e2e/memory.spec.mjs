/** A browser without a private file system, as some private windows are. */

import { expect, test } from "./fixtures.mjs";

const DENY = `Object.defineProperty(StorageManager.prototype, "getDirectory", {
  value: () => Promise.reject(new DOMException("Security error when calling GetDirectory", "SecurityError")),
});`;

/** Makes a notebook where there are no files. */
async function createInMemory(notebook) {
  await notebook.page.addInitScript(DENY);
  await notebook.page.route("**/store-worker_loader.js", async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, body: `${DENY}\n${await response.text()}` });
  });
  await notebook.goHome();
  await notebook.button("New notebook").click();
  await notebook.opened();
}

test("B4-7: without OPFS the notebook works in memory, says so for good, and offers a download", async ({ notebook }) => {
  await createInMemory(notebook);
  const banner = notebook.banner.filter({ hasText: "in memory only" });
  await expect(banner).toBeVisible();
  await expect(notebook.saved).toHaveAttribute("data-saved", "memory");
  await notebook.write(0, "40 + 2");
  await notebook.run(0);
  await notebook.hasStatus(0, "completed");
  await expect(notebook.outputs(0)).toHaveText("42");
  await expect(notebook.saved).toHaveAttribute("data-saved", "memory");
  await expect(banner).toBeVisible();
  const [download] = await Promise.all([notebook.page.waitForEvent("download"), banner.getByRole("button", { name: "Download" }).click()]);
  expect(download.suggestedFilename()).toMatch(/\.ipynb$/);
  // A second tab sees the same notebook, not an empty one of its own.
  const other = await notebook.page.context().newPage();
  await other.addInitScript(DENY);
  await other.goto(notebook.page.url());
  await expect(other.locator("[data-cell] [data-outputs]").first()).toHaveText("42");
  await expect(other.locator("[data-saved]")).toHaveAttribute("data-saved", "memory");
});

test("without OPFS no copy takes the notebook's place: nothing is left or delisted, and it can be downloaded", async ({ notebook }) => {
  await createInMemory(notebook);
  await notebook.write(0, "precious = True");
  const id = notebook.id();
  await notebook.button("Share").click();
  await notebook.button("Start sharing").click();
  await notebook.button("Stop sharing…").click();
  await notebook.page.getByRole("dialog", { name: "Stop sharing?" }).getByRole("button", { name: "Stop sharing" }).click();
  const toast = notebook.page.locator(".toast");
  await expect(toast).toContainText("A copy would be gone at once");
  expect(notebook.id()).toBe(id);
  expect(await notebook.source(0)).toBe("precious = True");
  const [download] = await Promise.all([notebook.page.waitForEvent("download"), toast.getByRole("button", { name: "Download" }).click()]);
  expect(download.suggestedFilename()).toMatch(/\.ipynb$/);
  const home = await notebook.page.context().newPage();
  await home.goto(notebook.site);
  await expect(home.locator("[data-notebook]")).toHaveCount(1);
  await expect(home.locator("[data-notebook]")).toHaveAttribute("data-notebook", id);
});
