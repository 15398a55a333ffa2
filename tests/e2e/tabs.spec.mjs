/** One notebook in several tabs of one browser. */

import { once } from "node:events";
import { createServer } from "node:http";
import { expect, test } from "./fixtures.mjs";
import { NotebookPage } from "./notebook-page.mjs";

test("B4-11: text, runs and outputs of either tab appear in the other", async ({ notebook }) => {
  await notebook.create();
  await notebook.hasRole("leader");
  const other = await notebook.another();
  await other.hasRole("follower");

  await notebook.write(0, "x = 6");
  await expect.poll(() => other.source(0)).toBe("x = 6");
  await other.write(0, "x = 7");
  await expect.poll(() => notebook.source(0)).toBe("x = 7");

  await other.execute(0, "x = 7\nx * 6");
  await expect(other.outputs(0)).toHaveText("42");
  await notebook.ends(0);
  await expect(notebook.outputs(0)).toHaveText("42");
  await expect(notebook.count(0)).toHaveText("1");

  await notebook.append("print('from the leader')");
  await notebook.run(1);
  await other.ends(1);
  await expect(other.outputs(1)).toHaveText("from the leader");
  expect(await other.cellIds()).toEqual(await notebook.cellIds());
});

test("B4-11: eight tabs that type into one cell at once end with the same text and lose no key", async ({ notebook }) => {
  await notebook.create();
  await notebook.write(0, "0");
  await notebook.isSaved();
  const letters = "abcdefgh";
  const tabs = [notebook];
  while (tabs.length < letters.length) tabs.push(await notebook.another());
  for (const tab of tabs) await expect.poll(() => tab.source(0)).toBe("0");
  // Keys go to whatever has the focus of their own page, so all tabs take them at once.
  await Promise.all(tabs.map((tab) => tab.editor(0).focus()));
  await Promise.all(tabs.map((tab, index) => tab.page.keyboard.type(letters[index].repeat(30))));
  for (const tab of tabs) await tab.isSaved();
  const roles = await Promise.all(tabs.map((tab) => tab.tab.getAttribute("data-tab")));
  expect(roles.filter((role) => role === "leader")).toHaveLength(1);
  await expect.poll(async () => new Set(await Promise.all(tabs.map((tab) => tab.source(0)))).size).toBe(1);
  const text = await notebook.source(0);
  expect(text).toHaveLength(1 + letters.length * 30);
  for (const letter of letters) expect(text.split(letter)).toHaveLength(31);
});

test("B4-13: both tabs run the same cell at once, and each request is run once", async ({ notebook }) => {
  await notebook.create();
  await notebook.write(0, "n = globals().get('n', 0) + 1\nprint(n)");
  const other = await notebook.another();
  await expect(other.editor(0)).toBeVisible();
  await Promise.all([notebook.run(0), other.run(0)]);
  for (const tab of [notebook, other]) await tab.ends(0);
  await notebook.append();
  await notebook.execute(1, "n");
  const runs = Number(await notebook.outputs(1).textContent());
  expect([1, 2]).toContain(runs);
  for (const tab of [notebook, other]) {
    await expect(tab.count(0)).toHaveText(String(runs));
    await expect(tab.outputs(0)).toHaveText(String(runs));
  }
});

test("who writes while their tab takes over keeps the place they write at", async ({ notebook }) => {
  await notebook.create();
  await notebook.write(0, "first");
  await notebook.append("before and after");
  const other = await notebook.another();
  await expect.poll(() => other.source(1)).toBe("before and after");
  await notebook.hasKernel("idle");
  await other.click(1);
  const { keyboard } = other.page;
  await keyboard.press("Home");
  for (const _ of "before ") await keyboard.press("ArrowRight");
  const letters = "abcdefghijklmnopqrstuvwxyz".repeat(4);
  await Promise.all([notebook.page.close(), keyboard.type(letters, { delay: 10 })]);
  await other.hasRole("leader");
  await keyboard.type("!");
  await expect.poll(() => other.source(1)).toBe(`before ${letters}!and after`);
  expect(await other.source(0)).toBe("first");
  await other.isSaved();
  // Its Python went with the other tab; this one starts its own before anybody asks.
  await other.hasKernel("idle");
  await other.reload();
  await expect.poll(() => other.source(1)).toBe(`before ${letters}!and after`);
});

test("who writes in a new cell while their tab takes over keeps the cell and the place", async ({ notebook }) => {
  await notebook.create();
  await notebook.write(0, "first");
  const other = await notebook.another();
  await expect.poll(() => other.source(0)).toBe("first");
  await other.click(0);
  const letters = "abcdefghijklmnopqrstuvwxyz".repeat(4);
  const write = async () => {
    await other.page.keyboard.press("Alt+Enter");
    await other.page.keyboard.type(letters, { delay: 10 });
  };
  await Promise.all([notebook.page.close(), write()]);
  await other.hasRole("leader");
  await other.page.keyboard.type("!");
  await expect.poll(() => other.source(1)).toBe(`${letters}!`);
  await expect(other.cells).toHaveCount(2);
  await other.isSaved();
  await other.reload();
  await expect.poll(() => other.source(1)).toBe(`${letters}!`);
});

test("B4-14: when the leader's tab is closed a follower takes over, the running cell is lost, nothing else", async ({ notebook }) => {
  await notebook.create();
  await notebook.execute(0, "print('before')");
  const other = await notebook.another();
  await notebook.append("import time\nprint('partial', flush=True)\ntime.sleep(600)");
  await notebook.append("print('queued')");
  await notebook.run(1);
  await notebook.isRunning(1);
  await notebook.run(2);
  await other.isRunning(1);
  await other.hasStatus(2, "pending");
  await expect(other.outputs(1)).toHaveText("partial");

  await notebook.page.close();
  await other.hasRole("leader", 5_000);
  await expect(other.cell(1)).toHaveAttribute("data-outcome", "lost", { timeout: 5_000 });
  await expect(other.outputs(1)).toContainText("partial");
  await expect(other.outputs(0)).toHaveText("before");
  await other.ends(2);
  await expect(other.outputs(2)).toHaveText("queued");
  await expect(other.count(2)).toHaveText("1");
  await other.execute(1, "print('after')");
  await other.reload();
  await other.hasRole("leader");
  await expect(other.outputs(1)).toHaveText("after");
  await expect(other.outputs(2)).toHaveText("queued");
});

test("what a follower asked for while the leader went away is done by the next leader, once", async ({ notebook }) => {
  await notebook.create();
  const other = await notebook.another();
  await other.hasRole("follower");
  await Promise.all([
    notebook.page.close(),
    other.page.evaluate(() => {
      for (let click = 0; click < 3; click += 1) document.querySelector("button[aria-label='Append code']").click();
    }),
  ]);
  await other.hasRole("leader");
  await expect(other.cells).toHaveCount(4);
  await other.isSaved();
  const ids = await other.cellIds();
  expect(new Set(ids).size).toBe(4);
  await other.reload();
  expect(await other.cellIds()).toEqual(ids);
});

test("a follower can interrupt and restart the leader's kernel", async ({ notebook }) => {
  await notebook.create();
  const other = await notebook.another();
  await other.write(0, "while True: pass");
  await other.run(0);
  await notebook.isRunning(0);
  await other.hasKernel("busy");
  await other.button("Interrupt").click();
  await other.ends(0, "interrupted");
  await other.button("Restart").click();
  await other.hasKernel("idle");
  await other.execute(0, "1+1");
  await expect(notebook.count(0)).toHaveText("1");
});

test("B4-12: a leader that sleeps serves the others; one that does not answer is named within 5 s, and nothing is lost", async ({ notebook, page }) => {
  await notebook.create();
  await notebook.write(0, "'awake'");
  await notebook.isSaved();
  const other = await notebook.another();
  await other.hasRole("follower");
  const leader = await page.context().newCDPSession(page);
  await leader.send("Page.setWebLifecycleState", { state: "frozen" });
  await other.write(0, "'its page sleeps'");
  await other.isSaved(5_000);

  await leader.send("Page.setWebLifecycleState", { state: "active" });
  const wake = await stall(notebook.storeWorker());
  await leader.send("Page.setWebLifecycleState", { state: "frozen" });
  await other.write(0, "'all of it sleeps'");
  const third = new NotebookPage(await page.context().newPage(), notebook.site);
  await third.page.goto(`${notebook.site}?notebook=${notebook.id()}`);
  await expect(other.saved).toHaveAttribute("data-saved", "failed");
  await expect(other.banner).toContainText("The tab that saves this notebook does not answer. Show that tab, or close it.");
  await expect(third.page.getByRole("heading", { name: "This notebook is held by another tab" })).toBeVisible();

  wake();
  await leader.send("Page.setWebLifecycleState", { state: "active" });
  await other.isSaved();
  await expect(other.banner).toHaveCount(0);
  await third.opened();
  for (const tab of [notebook, other, third]) await expect.poll(() => tab.source(0)).toBe("'all of it sleeps'");
});

test("a tab that the browser duplicates, with all that its session keeps, is a tab of its own", async ({ notebook, page }) => {
  await notebook.create();
  await page.evaluate(() => sessionStorage.setItem("duplicated", "yes"));
  const [opened] = await Promise.all([page.waitForEvent("popup"), page.evaluate(() => void window.open(location.href))]);
  const other = new NotebookPage(opened, notebook.site);
  await other.opened();
  expect(await opened.evaluate(() => sessionStorage.getItem("duplicated"))).toBe("yes");
  await notebook.hasRole("leader");
  await other.hasRole("follower");
  await Promise.all([notebook, other].map((tab) => tab.editor(0).focus()));
  await Promise.all([page.keyboard.type("a".repeat(40)), opened.keyboard.type("b".repeat(40))]);
  for (const tab of [notebook, other]) await tab.isSaved();
  await expect.poll(() => other.source(0)).toHaveLength(80);
  expect(await notebook.source(0)).toBe(await other.source(0));
  await notebook.append("'one'");
  await expect(other.cells).toHaveCount(2);
  await other.append("'two'");
  for (const tab of [notebook, other]) await expect(tab.cells).toHaveCount(3);
  await notebook.execute(1, "'one'");
  await other.ends(1);
  await other.reload();
  expect(await other.cellIds()).toEqual(await notebook.cellIds());
});

/** Has a worker wait for an answer until the function that is returned is called. */
async function stall(worker) {
  let waiting;
  const server = createServer((_, response) => (waiting = response));
  await once(server.listen(0, "127.0.0.1"), "listening");
  // The thread waits itself, so this has no answer either.
  const wait = (url) => {
    const request = new XMLHttpRequest();
    request.open("GET", url, false);
    request.send();
  };
  worker.evaluate(wait, `http://localhost:${server.address().port}/`).catch(() => {});
  await once(server, "request");
  return () => {
    waiting.destroy();
    server.close();
  };
}
