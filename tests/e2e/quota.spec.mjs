/** The disk is full. */

import { expect, test } from "./fixtures.mjs";

test("B4-6: with no space left what runs stays visible and is called unsaved, until there is space", async ({ notebook, page, context }) => {
  await notebook.create();
  await notebook.execute(0, "'before'");
  await notebook.isSaved();
  const browser = await context.newCDPSession(page);
  const { origin } = new URL(page.url());
  const quota = (quotaSize) => browser.send("Storage.overrideQuotaForOrigin", { origin, ...(quotaSize === undefined ? {} : { quotaSize }) });

  await quota(1);
  await notebook.append();
  await notebook.write(1, "import os\nprint(os.urandom(3 << 20).hex())");
  await notebook.run(1);
  await expect(notebook.saved).toHaveAttribute("data-saved", "failed", { timeout: 30_000 });
  const banner = notebook.banner.filter({ hasText: "could not be saved" });
  await expect(banner).toBeVisible();
  await expect(banner.getByRole("button", { name: "Download" })).toBeVisible();
  await expect(notebook.outputs(0)).toHaveText("'before'");
  expect(await notebook.source(1)).toContain("urandom");
  // Writing goes on meanwhile, and nothing of it is called saved.
  await notebook.append("typed = 'without space'");
  await expect(notebook.saved).toHaveAttribute("data-saved", "failed");
  const { notebook: file } = await notebook.download();
  expect(file.cells).toHaveLength(3);

  await quota();
  await notebook.isSaved(30_000);
  await expect(banner).toBeHidden();
  await notebook.hasStatus(1, "completed");
  await notebook.reload();
  await expect(notebook.cells).toHaveCount(3);
  expect(await notebook.source(2)).toBe("typed = 'without space'");
  await expect(notebook.outputs(0)).toHaveText("'before'");
});
