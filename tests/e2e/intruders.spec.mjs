/** What comes over the relay from those who are not our browsers, with a key and without. */

import { randomBytes } from "node:crypto";
import { expect, test } from "./room.mjs";
import { Key, Stranger, encode } from "./stranger.mjs";

/** Sends these frames, each over a connection of its own that was let in with `key`, and returns how each ended. */
async function endings(relay, key, frames) {
  const codes = {};
  for (const [what, bytes] of Object.entries(frames)) {
    const stranger = await Stranger.live(relay, key);
    stranger.sendBytes(bytes);
    codes[what] = await stranger.code();
    stranger.leave();
  }
  return codes;
}

test("B4-24: frames that are malformed, cut off, too large, too many or replayed end their own connection; the browsers do not notice", async ({ room }) => {
  const [ada, bob] = await room.begin("0");
  const writer = new Key(room.links.edit);
  const push = encode({ Push: { events: [1, 2, 3].map((counter) => writer.event(7, counter, { NotebookTitled: { title: "cut off" } })) } });
  const nested = Buffer.alloc(10_000, 0x81);
  expect(
    await endings(room.relay, writer, {
      nothing: Buffer.alloc(0),
      noise: Buffer.from(Array.from({ length: 256 }, (_, byte) => 255 - byte)),
      "cut off": push.subarray(0, -1),
      "two in one": Buffer.concat([push, push]),
      "a length of 4 GiB": Buffer.from([0xa1, 0x64, ...Buffer.from("Push"), 0xa1, 0x66, ...Buffer.from("events"), 0x9a, 0xff, 0xff, 0xff, 0xff]),
      "10,000 arrays in one another": nested,
      "a second Hello": encode({ Hello: { protocol: 2, proof: { Reader: { token: Buffer.alloc(32) } }, cursor: null } }),
      "a frame of the other side": encode({ SnapshotStored: { seq: 1 } }),
      "another room's order": encode({ Pull: { after: 1_000_000 } }),
      "more than a frame may hold": Buffer.alloc(900_001),
    }),
  ).toEqual({
    nothing: 4400,
    noise: 4400,
    "cut off": 4400,
    "two in one": 4400,
    "a length of 4 GiB": 4400,
    "10,000 arrays in one another": 4400,
    "a second Hello": 4400,
    "a frame of the other side": 4400,
    "another room's order": 4400,
    "more than a frame may hold": 4413,
  });

  // The answer to another greeting: replayed, it lets nobody in.
  const first = await Stranger.come(room.relay, writer.notebook);
  const second = await Stranger.come(room.relay, writer.notebook);
  second.hello(writer.prove(first.greeting));
  expect(await second.code()).toBe(4403);
  first.leave();

  // A flood is slowed down, whoever it comes from.
  const flood = await Stranger.live(room.relay, writer);
  const word = encode({ Ephemeral: { sealed: Buffer.alloc(1) } });
  for (let number = 0; number < 5_000; number += 1) flood.sendBytes(word);
  expect(await flood.until("Refused")).toEqual({ Refused: { TooFast: { retry_millis: expect.any(Number) } } });
  flood.leave();

  await ada.write(0, "from ada");
  await bob.append("from bob");
  await room.agrees();
  await ada.shows(["from ada", "from bob"]);
  for (const { line } of [ada, bob]) expect(line).toMatchObject({ connections: 1, closed: [] });
});

test("B4-33: the key of one notebook opens nothing of another, a link to view writes nothing, and without a key nothing is said", async ({ room }) => {
  const [ada] = await room.begin("'kept'", 0);
  const viewer = new Key(room.links.view);
  const others = randomBytes(32).toString("base64url");
  for (const fragment of [others, `view.${others}`]) {
    const stranger = await Stranger.come(room.relay, viewer.notebook);
    stranger.hello(new Key(`?notebook=${viewer.notebook}#${fragment}`).prove(stranger.greeting, viewer.notebook));
    expect(await stranger.code()).toBe(4403);
  }
  for (const frame of [{ Pull: { after: 0 } }, { PullSnapshot: { seq: 0, part: 0 } }, { PullBlob: { name: "a", part: 0 } }]) {
    const stranger = await Stranger.come(room.relay, viewer.notebook);
    stranger.send(frame);
    expect(await stranger.code()).toBe(4403);
  }
  const eve = await Stranger.live(room.relay, viewer);
  for (const frame of [
    { Push: { events: [viewer.event(7, 1, { NotebookTitled: { title: "by eve" } })] } },
    { PutSnapshot: { seq: 0, part: 0, parts: 1, marks: [], sealed: Buffer.alloc(50) } },
    { PutBlob: { name: "a", part: 0, parts: 1, sealed: Buffer.alloc(50) } },
  ]) {
    eve.send(frame);
    expect(await eve.until("Refused")).toEqual({ Refused: "ReadOnly" });
  }
  await ada.append("'after'");
  await ada.isLive();
  // It still reads, and there is nothing but Ada's.
  const { Events: seen } = await eve.until("Events");
  expect(viewer.opened(seen.events[0]).event).toHaveProperty("CellInserted");
  eve.leave();
  const log = (await Stranger.live(room.relay, viewer)).log.map((event) => viewer.opened(event).event);
  expect(JSON.stringify(log)).not.toContain("by eve");
  await expect(ada.title).toHaveValue("Untitled");
});

test("B4-25: events with a gap, of the far future, with nothing in them, replayed, or of a kernel that nobody runs change nothing", async ({ room }) => {
  const [ada] = await room.begin("import time\nprint('begun', flush=True)\ntime.sleep(600)", 0);
  await ada.run(0);
  await expect(ada.outputs(0)).toHaveText("begun");
  await ada.isLive();
  const writer = new Key(room.links.edit);
  for (const counter of [2, 2 ** 53]) {
    const late = await Stranger.live(room.relay, writer);
    late.send({ Push: { events: [writer.event(7, counter, { NotebookTitled: { title: "late" } })] } });
    expect(await late.code()).toBe(4409);
    late.leave();
  }

  const mallory = await Stranger.live(room.relay, writer);
  const known = mallory.log.map((event) => writer.opened(event).event);
  const [{ execution }] = known.flatMap(({ ExecutionStarted }) => ExecutionStarted ?? []);
  const [{ session }] = known.flatMap(({ KernelSessionStarted }) => KernelSessionStarted ?? []);
  const cell = await ada.cell(0).getAttribute("data-cell");
  const stream = { StreamAppended: { execution, index: 1, name: "stdout", text: { Inline: "forged" } } };
  const ended = { ExecutionCompleted: { execution, outcome: "Ok" } };
  const events = [
    // A person cannot say what only a kernel can, and neither can another kernel.
    [stream],
    [ended],
    [{ ExecutionAssigned: { execution, session: "forged" } }],
    [stream, { actor: { Kernel: "forged" } }],
    [ended, { actor: { Kernel: "forged" } }],
    [{ SourceEdited: { cell, update: Buffer.from("nonsense") } }],
    [{ CellPainted: { cell: "of a later version" } }],
  ].map(([event, options], at) => writer.event(7, at + 1, event, options));
  const next = () => ({ replica: 7, counter: events.length + 1 });
  events.push(writer.sealed(7, next().counter, Buffer.from("a good seal around nonsense")));
  events.push({ id: next(), sealed: Buffer.from("no seal at all") });
  // What was said before, under another name.
  events.push({ id: next(), sealed: mallory.log.at(-1).sealed });
  events.push(writer.event(7, next().counter, { NotebookTitled: { title: "From the year 3000" } }, { at: Date.UTC(3000, 0) }));
  mallory.send({ Push: { events } });
  expect((await mallory.until("Events")).Events.events).toHaveLength(events.length);
  // What the relay has already it does not take again.
  mallory.send({ Push: { events } });
  mallory.leave();
  await expect(ada.title).toHaveValue("From the year 3000");

  // Who only views interrupts nothing and hosts no kernel, whatever is said.
  const viewer = new Key(room.links.view);
  const eve = await Stranger.live(room.relay, viewer);
  const presence = (name, kernel) => ({ Presence: { person: "eve", name, place: null, kernel } });
  const words = [{ Interrupt: { session } }, presence("Kernel", [session, "Idle"]), { Typed: { cell, update: Buffer.alloc(2) } }, presence("Eve", null)];
  for (const [at, body] of words.entries()) {
    eve.send({ Ephemeral: { sealed: viewer.seal(encode([{ connection: eve.connection, number: at + 1 }, body])) } });
  }
  // It came after all of that.
  await expect(ada.button("Go to Eve")).toBeVisible();
  eve.leave();

  await ada.hasKernel("busy");
  await ada.isRunning(0);
  await expect(ada.outputs(0)).toHaveText("begun");
  const bob = await room.join();
  await expect(bob.title).toHaveValue("From the year 3000");
  await bob.isRunning(0);
  await bob.append("by = 'bob'");
  await bob.button("Interrupt").click();
  await ada.ends(0, "interrupted");
  await room.agrees();
  const rows = await log(ada);
  expect(rows.filter(([, , , time]) => time.startsWith("3000-01-01 00:00"))).toHaveLength(1);
});

/** Returns the rows of the notebook's log as its diagnostics show it, the newest first. */
async function log(guest) {
  await guest.page.goto(`${guest.site}?notebook=${guest.id()}&view=diagnostics`);
  const rows = guest.page.locator("[data-log] tbody tr");
  await expect(rows.first()).toBeVisible();
  return rows.evaluateAll((all) => all.map((row) => [...row.children].map((cell) => cell.textContent)));
}
