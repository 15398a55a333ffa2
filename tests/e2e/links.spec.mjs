/** Links that lead nowhere: a clear message, and nothing is made. */

import { expect, test } from "./fixtures.mjs";

for (const [name, query, title] of [
  ["an id that is not in this browser", "?notebook=AAAAAAAAAAAAAAAAAAAAAAAAAA", "This notebook is not in this browser"],
  ["a malformed id", "?notebook=../../etc", "This is not a notebook's address"],
  ["markup for an id", "?notebook=%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E", "This is not a notebook's address"],
  ["an empty id", "?notebook=", "This is not a notebook's address"],
  ["an endless id", `?notebook=${"a".repeat(5000)}`, "This is not a notebook's address"],
  ["diagnostics of an id that is not in this browser", "?notebook=AAAAAAAA&view=diagnostics", "This notebook is not in this browser"],
]) {
  test(`${name} gets a message and makes nothing`, async ({ notebook, page, site }) => {
    await page.goto(site + query);
    await expect(page.getByRole("heading", { name: title })).toBeVisible();
    expect(await page.evaluate(holdings)).toEqual([]);
    await page.getByRole("link", { name: "All notebooks", exact: true }).click();
    await expect(notebook.button("New notebook")).toBeVisible();
    await expect(page.getByText("Nothing here yet.")).toBeVisible();
  });
}

test("rubbish in the fragment does not matter", async ({ notebook, page }) => {
  await notebook.create();
  await notebook.write(0, "x = 1");
  await notebook.isSaved();
  const id = notebook.id();
  for (const rubbish of ["#%", "#%E0%A4%A", "#<script>", `#${"z".repeat(10_000)}`]) {
    await page.goto("about:blank");
    await page.goto(`${notebook.site}?notebook=${id}${rubbish}`);
    await notebook.opened();
    expect(await notebook.source(0)).toBe("x = 1");
  }
  await page.goto(`${notebook.site}#${"y".repeat(1000)}`);
  await expect(notebook.button("New notebook")).toBeVisible();
});

test("following a link within the page keeps the page and Python", async ({ notebook, page }) => {
  await notebook.create();
  await notebook.execute(0, "x = 'kept'");
  await page.evaluate(() => {
    location.hash = "somewhere";
  });
  await expect(page).toHaveURL(/#somewhere$/);
  await notebook.execute(0, "x");
  await expect(notebook.count(0)).toHaveText("2");
});

/** Returns what lies in the private file system, a folder at a time. */
async function holdings() {
  const names = [];
  for await (const name of (await navigator.storage.getDirectory()).keys()) names.push(name);
  return names;
}
