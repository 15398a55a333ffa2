/** The files were damaged, or written by a newer version, while nobody looked. */

import { expect, test } from "./fixtures.mjs";
import { alterDatabase, databaseHead, list } from "./pool.mjs";

/** Makes a notebook with some cells and a run, and leaves it with its files at rest. */
async function leave(notebook, context) {
  await notebook.create();
  await notebook.execute(0, "6 * 7");
  for (let at = 1; at < 6; at += 1) await notebook.append(`text_${at} = "${"x".repeat(500)}"`);
  await notebook.isSaved();
  const id = notebook.id();
  // At rest everything lies in the database itself, which is what gets damaged.
  await expect
    .poll(async () => (await list(context, notebook.site, id)).find(({ name }) => name.endsWith("-wal"))?.size ?? 0, { timeout: 30_000 })
    .toBe(0);
  await notebook.page.goto("about:blank");
  return id;
}

/** Each runs in the page and returns the new bytes of the database. */
const DAMAGES = {
  "a foreign header": (body) => {
    body.fill(0x41, 0, 100);
    return body;
  },
  "an empty first page": (body) => {
    body.fill(0, 0, 4096);
    return body;
  },
  "empty pages where a cell was": (body) => {
    const sought = new TextEncoder().encode("text_3");
    for (let page = 4096; page < body.length; page += 4096) {
      const holds = body.subarray(page, page + 4096).some((_, at) => sought.every((byte, offset) => body[page + at + offset] === byte));
      if (holds) body.fill(0, page, page + 4096);
    }
    return body;
  },
  "half of it cut off": (body) => body.slice(0, Math.floor(body.length / 2 / 4096) * 4096 + 1234),
  "noise all over": (body) => {
    for (let at = 0, seed = 1; at < body.length; at += 97) {
      seed = (seed * 48271) % 2147483647;
      body[at] ^= seed & 255;
    }
    return body;
  },
};

for (const [name, damage] of Object.entries(DAMAGES)) {
  test(`B4-9: ${name}: it is said, a copy is kept aside, and the notebook is not silently empty`, async ({ notebook, context, site }) => {
    const id = await leave(notebook, context);
    await alterDatabase(context, site, id, damage);
    await notebook.page.goto(`${site}?notebook=${id}`);
    await notebook.opened();
    const banner = notebook.banner.filter({ hasText: "damaged" });
    await expect(banner).toContainText(/kept as \S+/);
    const aside = (await banner.innerText()).match(/kept as (\S+?)\.?(\s|$)/)[1];
    const files = await list(context, site, id);
    const copy = files.find(({ path }) => path.endsWith(aside));
    expect(copy, JSON.stringify(files)).toBeDefined();
    expect(copy.size).toBeGreaterThan(0);
    // It is a working notebook: what is written now is kept.
    await notebook.button("Add code cell").click();
    const at = (await notebook.cells.count()) - 1;
    await expect(notebook.editor(at)).toBeVisible();
    await notebook.isSaved();
    const cells = await notebook.cellIds();
    await notebook.reload();
    expect(await notebook.cellIds()).toEqual(cells);
  });
}

test("B4-9: one flipped bit is never a notebook that looks whole and is not", async ({ notebook, context, site }) => {
  const id = await leave(notebook, context);
  const before = await read(notebook, id);
  for (const part of [0.15, 0.4, 0.65, 0.9]) {
    await alterDatabase(
      context,
      site,
      id,
      (body, where) => {
        body[Math.floor(body.length * where)] ^= 0x10;
        return body;
      },
      part,
    );
    const after = await read(notebook, id);
    // Free space may be hit, and then nothing shows; what is different must be announced.
    if (JSON.stringify(after.sources) !== JSON.stringify(before.sources)) expect(after.damaged, `at ${part}`).toBe(true);
  }
});

test("B4-10: a database of a newer version is shown, not changed, and its bytes stay", async ({ notebook, context, site }) => {
  const id = await leave(notebook, context);
  const USER_VERSION = 60;
  await alterDatabase(
    context,
    site,
    id,
    (body, offset) => {
      new DataView(body.buffer).setUint32(offset, 999);
      return body;
    },
    USER_VERSION,
  );
  const head = await databaseHead(context, site, id, 4096);
  await notebook.page.goto(`${site}?notebook=${id}`);
  await notebook.opened();
  await expect(notebook.banner.filter({ hasText: "newer version" })).toContainText("999");
  await expect(notebook.outputs(0)).toHaveText("42");
  await expect(notebook.button("Run all")).toBeDisabled();
  await expect(notebook.button("Add code cell")).toBeDisabled();
  await notebook.editor(0).click();
  await notebook.page.keyboard.type("changed");
  expect(await notebook.source(0)).toBe("6 * 7");
  await notebook.page.goto("about:blank");
  expect(await databaseHead(context, site, id, 4096)).toEqual(head);
});

async function read(notebook, id) {
  await notebook.page.goto(`${notebook.site}?notebook=${id}`);
  await notebook.opened();
  const sources = [];
  for (let at = 0; at < (await notebook.cells.count()); at += 1) sources.push(await notebook.source(at));
  const damaged = (await notebook.banner.filter({ hasText: "damaged" }).count()) > 0;
  await notebook.page.goto("about:blank");
  return { sources, damaged };
}
