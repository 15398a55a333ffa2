/** The site's data is cleared while the notebook is open: the files go, and the browser lets who has them open write on. */

import { expect, test } from "./fixtures.mjs";
import { launch, makeProfile } from "./launch.mjs";
import { NotebookPage } from "./notebook-page.mjs";

/** What a person clears with the browser's own buttons, and the files alone. */
const EVERYTHING = "all";
const FILES = "file_systems,bucket_file_systems";

async function clear(context, page, storageTypes) {
  const browser = await context.newCDPSession(page);
  await browser.send("Storage.clearDataForOrigin", { origin: new URL(page.url()).origin, storageTypes });
}

function clearedBanner(notebook) {
  return notebook.banner.filter({ hasText: "deleted from this browser while it was open" });
}

test("B4-5: site data cleared while open: it is said at once, all is kept and can be downloaded", async ({ site }) => {
  const profile = await makeProfile();
  const context = await launch(profile.path);
  const page = context.pages()[0];
  const notebook = new NotebookPage(page, site);
  await notebook.create();
  await notebook.execute(0, "x = 41\nprint('before')");
  await notebook.isSaved();
  await clear(context, page, EVERYTHING);
  // Nobody touches the page: the browser itself says that the list is gone.
  await expect(clearedBanner(notebook)).toBeVisible();
  await expect(notebook.saved).toHaveAttribute("data-saved", "memory");

  // It stays a notebook: text, runs and Python's variables.
  await expect(notebook.outputs(0)).toHaveText("before");
  await notebook.append();
  await notebook.execute(1, "x + 1");
  await expect(notebook.outputs(1)).toHaveText("42");
  await expect(notebook.saved).toHaveAttribute("data-saved", "memory");
  const [download] = await Promise.all([page.waitForEvent("download"), clearedBanner(notebook).getByRole("button", { name: "Download" }).click()]);
  expect(download.suggestedFilename()).toMatch(/\.ipynb$/);
  await context.close();
  await profile.remove();
});

test("B4-5: after the data is gone nothing looks like an empty notebook of one's own", async ({ notebook, page, context, site }) => {
  await notebook.create();
  await notebook.execute(0, "'before'");
  await notebook.isSaved();
  const id = notebook.id();
  await notebook.goHome();
  await clear(context, page, FILES);
  await notebook.open(id);
  const lost = notebook.banner.filter({ hasText: "Nothing of this notebook is in this browser any more" });
  await expect(lost).toBeVisible();
  // It is said for as long as it is so.
  await notebook.reload();
  await expect(lost).toBeVisible();
  await notebook.append("begun = 'anew'");
  await expect(lost).toBeHidden();
  await notebook.isSaved();
  await notebook.reload();
  expect(await notebook.source(0)).toBe("begun = 'anew'");
  await expect(notebook.banner).toHaveCount(0);

  await clear(context, page, EVERYTHING);
  await page.goto(`${site}?notebook=${id}`);
  await expect(page.getByRole("heading", { name: "This notebook is not in this browser" })).toBeVisible();
});

test("B4-5: files that are open cannot be removed by another page", async ({ notebook, page }) => {
  await notebook.create();
  const refused = await page.evaluate(async () => {
    const root = await navigator.storage.getDirectory();
    const names = [];
    for await (const entry of root.values()) {
      await root.removeEntry(entry.name, { recursive: true }).catch((error) => names.push(error.name));
    }
    return names;
  });
  expect(refused).toEqual(["NoModificationAllowedError"]);
  await notebook.execute(0, "'still saved'");
  await notebook.isSaved();
  await notebook.reload();
  await expect(notebook.outputs(0)).toHaveText("'still saved'");
});
