/** Two browsers and more in one notebook, over real workerd. */

import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "./room.mjs";
import { Key, Stranger, decode } from "./stranger.mjs";

test.slow();

/** Types at the end of the first cell, for less than a second: it is not in the log yet when the other sees it. */
async function typesSeen(guest, other, text, whole) {
  await guest.click(0);
  await guest.page.keyboard.press("ControlOrMeta+End");
  await guest.page.keyboard.type(text);
  await expect.poll(() => other.source(0), { intervals: [20] }).toBe(whole);
}

test("two browsers that type at once in one cell end with one text and lose no key", async ({ room }) => {
  const [ada, bob] = await room.begin("#");
  await Promise.all([ada, bob].map((guest) => guest.editor(0).focus()));
  for (const guest of [ada, bob]) await guest.page.keyboard.press("ControlOrMeta+End");
  await Promise.all([ada.page.keyboard.type("a".repeat(60)), bob.page.keyboard.type("b".repeat(60))]);
  await room.agrees();
  const text = await ada.source(0);
  expect(text).toHaveLength(121);
  expect(text.split("a")).toHaveLength(61);
  expect(text.split("b")).toHaveLength(61);
  for (const guest of [ada, bob]) {
    await guest.reload();
    await expect.poll(() => guest.source(0)).toBe(text);
  }
});

test("what is run is what is seen, also what another types at that moment", async ({ room }) => {
  const [ada, bob] = await room.begin("1 +");
  await typesSeen(ada, bob, " 41", "1 + 41");
  await bob.run(0);
  await bob.ends(0);
  await expect(bob.outputs(0)).toHaveText("42");
  await room.agrees();
});

test("what somebody typed who is gone before it is logged is kept by who saw it, and not doubled", async ({ room }) => {
  const [ada, bob] = await room.begin("#");
  await typesSeen(ada, bob, "seen", "#seen");
  ada.cut();
  // Another tab shows what is logged, which is after half a minute at most.
  const tab = await bob.another();
  await expect.poll(() => tab.source(0), { timeout: 60_000 }).toBe("#seen");
  await ada.mend();
  await room.agrees();
  expect(await ada.source(0)).toBe("#seen");
});

test("what one types the other sees while it is typed, before it is in the log", async ({ room }) => {
  const [ada, bob] = await room.begin("#");
  await typesSeen(ada, bob, "seen", "#seen");
  await room.agrees();
});

test("a cell is run from either browser by the one kernel that there is", async ({ room }) => {
  const [ada, bob] = await room.begin("x = 6");
  await ada.run(0);
  await ada.ends(0);
  await bob.hasKernel("idle");
  await bob.append("x * 7");
  await bob.run(1);
  await bob.ends(1);
  await expect(bob.outputs(1)).toHaveText("42");
  await expect(ada.outputs(1)).toHaveText("42");
  await expect(ada.count(1)).toHaveText("2");
  await bob.append("import time\nwhile True: time.sleep(0.05)");
  await bob.run(2);
  await ada.isRunning(2);
  await bob.isRunning(2);
  await bob.button("Interrupt").click();
  await ada.ends(2, "interrupted");
  await bob.ends(2, "interrupted");
  await room.agrees();
});

test("B4-13: both run the same cell at once, and each request is run once", async ({ room }) => {
  const [ada, bob] = await room.begin("n = globals().get('n', 0) + 1\nprint(n)");
  await Promise.all([ada.run(0), bob.run(0)]);
  for (const guest of [ada, bob]) await guest.hasStatus(0, "completed");
  await room.agrees();
  // Two requests at most, in one kernel: a second one would have counted from 1 again.
  const runs = Number(await ada.outputs(0).textContent());
  expect([1, 2]).toContain(runs);
  expect(await ada.count(0).textContent()).toBe(String(runs));
});

test("B4-14: when the browser with the kernel leaves, its run is lost, and the next run starts a kernel elsewhere", async ({ room }) => {
  const [ada, bob] = await room.begin("import time\nprint('partial', flush=True)\ntime.sleep(600)");
  await ada.run(0);
  await bob.isRunning(0);
  await expect(bob.outputs(0)).toHaveText("partial");
  await ada.page.close();
  // Six seconds of grace, in which it may come back.
  await bob.ends(0, "lost");
  await expect(bob.outputs(0)).toHaveText("partial");
  await bob.append("6 * 7");
  await bob.run(1);
  await bob.ends(1);
  await expect(bob.outputs(1)).toHaveText("42");
});

test("B4-14: a browser that falls silent is given up within ten seconds, and notices it", async ({ room }) => {
  const [ada, bob] = await room.begin("import time\nprint('partial', flush=True)\ntime.sleep(600)");
  await ada.run(0);
  await bob.isRunning(0);
  await expect(bob.outputs(0)).toHaveText("partial");
  ada.line.swallows = true;
  await expect(bob.cell(0)).toHaveAttribute("data-outcome", "lost", { timeout: 12_000 });
  await bob.append("6 * 7");
  await bob.run(1);
  await bob.ends(1);
  await expect(bob.outputs(1)).toHaveText("42");
  // It has nothing to send, and hears from its line only that nothing comes.
  await ada.isSync("offline", 60_000);
  ada.line.swallows = false;
  ada.line.snap();
  await ada.mend();
  await room.agrees();
});

test("what no frame holds arrives: text, its run, and an attachment", async ({ room }) => {
  const [ada, bob] = await room.begin("#");
  const text = "# long\n".repeat(200_000);
  await ada.paste(0, `${text}print('ran')`);
  await ada.run(0);
  await ada.ends(0);
  await bob.ends(0);
  await expect(bob.outputs(0)).toHaveText("ran");
  const picture = { "image/png": "iVBORw0KGgo=".padStart(1_200_000, "A") };
  const cell = { id: "pictured", cell_type: "markdown", metadata: {}, source: "seen", attachments: { "a.png": picture } };
  await ada.drop("pictured.ipynb", JSON.stringify({ nbformat: 4, nbformat_minor: 5, metadata: {}, cells: [cell] }));
  await expect(bob.cells).toHaveCount(2, { timeout: 60_000 });
  await bob.isLive();
  const eve = await room.join();
  for (const guest of [bob, eve]) {
    const { notebook } = await guest.download();
    expect(notebook.cells[0].source.join("")).toBe(`${text}print('ran')`);
    expect(notebook.cells[1].attachments["a.png"]).toEqual(picture);
  }
});

test("B4-15: a run that was claimed when its browser died, and of whose beginning nobody heard, is run once, elsewhere", async ({ room }) => {
  const [ada, bob] = await room.begin("'first'");
  await ada.execute(0, "'first'");
  await bob.hasKernel("idle");
  await bob.append("runs = globals().get('runs', 0) + 1\nruns");
  await room.agrees();
  const key = new Key(room.links.edit);
  const kinds = ({ Push }) => (Push?.events ?? []).flatMap((event) => Object.keys(key.opened(event).event));
  let claimed = false;
  ada.line.meddle = ({ up, payload }, pass) => {
    // The claim is the last that gets out.
    if (up && claimed) return;
    claimed ||= up && kinds(decode(payload)).includes("ExecutionAssigned");
    pass(payload);
  };
  await bob.run(1);
  await bob.hasStatus(1, "assigned");
  await ada.page.close();
  // Six seconds of grace, in which it may come back.
  await bob.ends(1);
  await expect(bob.outputs(1)).toHaveText("1");
  await expect(bob.count(1)).toHaveText("1");
  await bob.isLive();
  const { log } = await Stranger.live(room.relay, key);
  const of = (kind) => log.flatMap((event) => key.opened(event).event[kind]?.execution ?? []);
  const [, execution] = of("ExecutionRequested");
  const count = (kind) => of(kind).filter((other) => other === execution).length;
  expect([count("ExecutionAssigned"), count("ExecutionStarted"), count("ExecutionCompleted")]).toEqual([2, 1, 1]);
});

test("offline both ways: edits and runs of both are there when they meet again, also after a reload in between", async ({ room }) => {
  const [ada, bob] = await room.begin("'both'");
  bob.cut();
  await bob.isSync("offline");
  await bob.append("'bob ' + 'offline'");
  await bob.run(1);
  await bob.ends(1);
  await expect(bob.outputs(1)).toHaveText("'bob offline'");
  await bob.reload();
  await bob.shows(["'both'", "'bob ' + 'offline'"]);
  await bob.isSync("offline");
  await bob.write(0, "'both, says bob'");
  await bob.isSaved();

  await ada.append("'ada'");
  await ada.run(1);
  await ada.ends(1);
  await bob.mend();
  await room.agrees();
  const sources = (await ada.all()).map(([, source]) => source);
  expect(sources).toHaveLength(3);
  expect(sources).toEqual(expect.arrayContaining(["'both, says bob'", "'bob ' + 'offline'", "'ada'"]));
  await expect(ada.page.getByText("'bob offline'")).toBeVisible();
});

test("a browser that is opened again with no network at all: what is written there arrives when server and relay are back", async ({ room }) => {
  let [ada, ben] = await room.begin("'both'");
  await ada.isKept("site");
  const id = ada.id();
  ada.cut();
  await ada.host.stop();

  ada = await ada.anotherTab();
  await ada.open(id);
  await ada.append("'of ada, offline'");
  await ada.isSaved();
  await ada.isSync("offline");
  await ben.write(0, "'of ben'");
  await ben.isLive();
  ada = await ada.anotherTab();
  await ada.open(id);
  await ada.shows(["'both'", "'of ada, offline'"]);

  await ada.host.start();
  await ada.mend();
  for (const guest of [ada, ben]) await guest.shows(["'of ben'", "'of ada, offline'"]);
  await room.agrees([ada, ben]);
});

test("B4-21: both were offline and come back in the same moment", async ({ room }) => {
  const [ada, bob] = await room.begin("0");
  for (let round = 1; round <= 10; round += 1) {
    for (const guest of [ada, bob]) guest.cut();
    for (const guest of [ada, bob]) await guest.isSync("offline");
    await ada.write(0, `${round} from ada`);
    await bob.append(`${round} from bob`);
    for (const guest of [ada, bob]) await guest.isSaved();
    await Promise.all([ada.mend(), bob.mend()]);
    await room.agrees();
    await expect(ada.cells).toHaveCount(1 + round);
  }
});

test("a third browser that joins late has everything, outputs and large ones too", async ({ room }) => {
  const [ada, bob] = await room.begin("print('x' * 200_000)");
  await ada.run(0);
  await ada.ends(0);
  await bob.append("from IPython.display import HTML\nHTML('<b>bold</b>')");
  await bob.run(1);
  await bob.ends(1);
  await room.agrees();
  const carol = await room.join();
  await carol.shows(["print('x' * 200_000)", "from IPython.display import HTML\nHTML('<b>bold</b>')"]);
  await expect(carol.outputs(1).locator("b")).toHaveText("bold");
  await expect.poll(async () => (await carol.outputs(0).textContent()).replaceAll(/[^x]/g, "").length).toBeGreaterThan(10_000);
});

test("large outputs whose way was cut off come once the connection is back", async ({ room }) => {
  const [ada, bob] = await room.begin("from IPython.display import HTML\nprint('x' * 200_000 + 'end')\nHTML('<b>bold</b>' + 'y' * 200_000)");
  bob.line.meddle = ({ up, payload }, pass) => {
    if (!up || !payload.includes("PullBlob")) pass(payload);
  };
  await ada.run(0);
  await ada.ends(0);
  // By now both outputs are here, and what they hold was asked for.
  await bob.ends(0);
  bob.cut();
  await bob.isSync("offline");
  await expect(bob.outputs(0).getByText("This value comes when the connection is back.")).toHaveCount(2);
  bob.line.meddle = undefined;
  await bob.mend();
  await expect(bob.outputs(0).locator("b")).toHaveText("bold");
  await expect(bob.outputs(0).locator("[data-stream]")).toContainText("x".repeat(1000));
  await expect(bob.outputs(0)).not.toContainText("This value");
});

test("cells that are moved, deleted and added at once converge without doubles or losses", async ({ room }) => {
  const [ada, bob] = await room.begin("0");
  for (let number = 1; number < 5; number += 1) await ada.append(String(number));
  await room.agrees();
  for (const guest of [ada, bob]) guest.cut();
  for (const guest of [ada, bob]) await guest.isSync("offline");
  const ids = await ada.cellIds();
  await ada.click(4);
  await ada.page.keyboard.press("Escape");
  for (let step = 0; step < 3; step += 1) await ada.page.keyboard.press("ControlOrMeta+Shift+ArrowUp");
  await bob.click(4);
  await bob.page.keyboard.press("Escape");
  await bob.page.keyboard.press("d");
  await bob.page.keyboard.press("d");
  await expect(bob.cells).toHaveCount(4);
  await bob.append("bob's");
  await Promise.all([ada.mend(), bob.mend()]);
  await room.agrees();
  const after = await ada.cellIds();
  expect(new Set(after).size).toBe(after.length);
  expect(after).toHaveLength(5);
  expect(after.filter((id) => ids.includes(id))).toHaveLength(4);
});

test("B4-23: the relay is killed and started again while both type; nothing is lost or doubled", async ({ room }) => {
  const [ada, bob] = await room.begin("#");
  for (const guest of [ada, bob]) {
    await guest.click(0);
    await guest.page.keyboard.press("ControlOrMeta+End");
  }
  const typing = [ada.page.keyboard.type("a".repeat(80), { delay: 15 }), bob.page.keyboard.type("b".repeat(80), { delay: 15 })];
  await expect.poll(() => ada.source(0)).toContain("b");
  await room.relay.restart();
  await Promise.all(typing);
  await room.agrees();
  const text = await ada.source(0);
  expect(text.split("a")).toHaveLength(81);
  expect(text.split("b")).toHaveLength(81);
});

test("B4-22: a relay that lost its storage is filled again by those who have the notebook", async ({ room }) => {
  const [ada, bob] = await room.begin("'kept'");
  await ada.run(0);
  await ada.ends(0);
  await room.agrees();
  await room.relay.kill();
  for (const guest of [ada, bob]) await guest.isSync("offline");
  await bob.append("'written meanwhile'");
  await bob.isSaved();
  await room.relay.wipe();
  for (const guest of [ada, bob]) await guest.mend();
  await room.agrees();
  await ada.shows(["'kept'", "'written meanwhile'"]);
  const carol = await room.join();
  await carol.shows(["'kept'", "'written meanwhile'"]);
  await expect(carol.outputs(0)).toHaveText("'kept'");
});

test("B4-22: a relay that was filled again by a browser that was behind has all again from one that knows more", async ({ room }) => {
  const [ada, bob] = await room.begin("'first'");
  bob.cut();
  await bob.isSync("offline");
  await ada.append("'second'");
  await ada.isLive();
  await room.relay.wipe();
  await ada.mend();
  await ada.isLive();
  // Carol has nothing of it event by event.
  const carol = await room.join();
  await carol.shows(["'first'", "'second'"]);
  for (const guest of [ada, carol]) {
    guest.cut();
    await guest.isSync("offline");
  }

  await room.relay.wipe();
  await bob.mend();
  await bob.isLive();
  await bob.shows(["'first'"]);
  await carol.mend();
  await room.agrees([bob, carol]);
  await bob.shows(["'first'", "'second'"]);
  await bob.append("'third'");
  await ada.mend();
  await room.agrees();
  await ada.shows(["'first'", "'second'", "'third'"]);
});

test("B4-8: a browser that lost the notebook's files has it again from the relay", async ({ room }) => {
  const [ada, bob] = await room.begin("'kept'");
  await ada.run(0);
  await ada.ends(0);
  await bob.append("'from bob'");
  await room.agrees();
  const id = ada.id();
  await ada.page.goto(`${ada.site}icon.svg`);
  await ada.page.evaluate(async () => {
    const root = await navigator.storage.getDirectory();
    for await (const name of root.keys()) await root.removeEntry(name, { recursive: true });
  });
  await ada.open(id);
  await ada.shows(["'kept'", "'from bob'"]);
  await expect(ada.outputs(0)).toHaveText("'kept'");
  await room.agrees();
});

test("B4-33: nothing of a notebook is readable on its way or at the relay, and no key is in any request", async ({ room }) => {
  const marker = "Zitronenfalter";
  // What it prints is more than stays in an event.
  const [ada, bob] = await room.begin(`print('${marker}'.upper() * 8000)`);
  await ada.title.fill(`${marker}titel`);
  await ada.title.press("Enter");
  await ada.run(0);
  await ada.ends(0);
  await bob.click(0);
  await bob.page.keyboard.press("ControlOrMeta+End");
  await bob.page.keyboard.type(`  # ${marker}`);
  await room.agrees();
  await expect(bob.title).toHaveValue(`${marker}titel`);

  const keys = [room.links.edit, room.links.view].map((link) => link.slice(link.indexOf("#") + 1).replace("view.", ""));
  const inBytes = keys.map((key) => Buffer.from(key, "base64url"));
  for (const bytes of inBytes) expect(bytes.length).toBeGreaterThanOrEqual(32);
  const plain = [marker, marker.toUpperCase(), ...keys, ...inBytes];
  const asked = [ada, bob].flatMap((guest) => guest.asked);
  expect(asked.some((text) => /referer/i.test(text)), "the site is told of pages").toBe(true);
  expect(asked.filter((text) => keys.some((key) => text.includes(key)))).toEqual([]);
  const traffic = Buffer.concat([ada, bob].flatMap((guest) => guest.line.heard));
  expect(traffic.length).toBeGreaterThan(2_000);
  for (const text of plain) expect(traffic.includes(text), `${text} on the wire`).toBe(false);
  const id = ada.id();
  let stored = 0;
  for (const file of await readdir(room.relay.folder, { recursive: true, withFileTypes: true })) {
    if (!file.isFile()) continue;
    const bytes = await readFile(join(file.parentPath ?? file.path, file.name));
    stored += bytes.length;
    for (const text of plain) expect(bytes.includes(text), `${text} in ${file.name}`).toBe(false);
  }
  expect(stored).toBeGreaterThan(2_000);
  expect(traffic.includes(id), "the relay does know the id").toBe(true);
});

test("twenty browsers in one notebook", async ({ room }) => {
  const [ada] = await room.begin("0", 0);
  const others = [];
  while (others.length < 19) others.push(await room.join());
  await Promise.all(others.map((guest) => guest.editor(0).focus()));
  for (const guest of others) await guest.page.keyboard.press("ControlOrMeta+End");
  await Promise.all(others.map((guest, at) => guest.page.keyboard.type(String.fromCharCode(97 + at).repeat(5))));
  await room.agrees();
  const text = await ada.source(0);
  expect(text).toHaveLength(1 + 19 * 5);
});
