/** Lines that fail: what they lose, double, hold back and cut off comes right in the end. */

import { expect, test } from "./room.mjs";
import { Key, Stranger } from "./stranger.mjs";

const SEED = Number(process.env.CATHODE_SEED ?? 7);

function random(seed) {
  let state = seed % 2147483647 || 1;
  return () => (state = (state * 48271) % 2147483647) / 2147483647;
}

/** Makes a line lose, double, swap, delay and cut off one message in four, after those that let a browser in. */
function spoil(line, seed) {
  const next = random(seed);
  const held = {};
  const done = { lost: 0, doubled: 0, swapped: 0, delayed: 0, cut: 0 };
  line.meddle = ({ up, number, payload }, pass) => {
    const way = up ? "up" : "down";
    const chance = number < 2 ? 1 : next();
    // One that was held back comes after this one.
    const before = held[way];
    held[way] = undefined;
    if (chance < 0.05) {
      done.lost += 1;
    } else if (chance < 0.1) {
      done.doubled += 1;
      pass(payload);
      pass(payload);
    } else if (chance < 0.15) {
      done.swapped += 1;
      held[way] = () => pass(payload);
    } else if (chance < 0.2) {
      done.delayed += 1;
      setTimeout(pass, 5 + 45 * next(), payload);
    } else if (chance < 0.25) {
      done.cut += 1;
      // What the relay gets is whole or it ends with the connection, as it does with TLS.
      if (up) line.snap();
      else pass(payload.subarray(0, Math.floor(payload.length * next())));
    } else {
      pass(payload);
    }
    before?.();
  };
  return done;
}

test("B4-20: messages that are lost, doubled, swapped, delayed and cut off: both browsers end with the same, and nothing is lost or doubled", async ({ room }) => {
  const [ada, bob] = await room.begin("#");
  await bob.append("#");
  await room.agrees();
  const done = [spoil(ada.line, SEED), spoil(bob.line, SEED + 1)];
  for (const [at, guest] of [ada, bob].entries()) {
    await guest.click(at);
    await guest.page.keyboard.press("ControlOrMeta+End");
  }
  let typed = 0;
  while (done.some((kinds) => Object.values(kinds).includes(0))) {
    typed += 40;
    await Promise.all([ada.page.keyboard.type("a".repeat(40), { delay: 15 }), bob.page.keyboard.type("b".repeat(40), { delay: 15 })]);
  }
  await ada.append("ada's");
  await bob.title.fill("Bob's");
  await bob.title.press("Enter");
  for (const guest of [ada, bob]) await guest.isSaved();
  // It is quiet now, and what was lost without a trace shows when the lines are joined anew.
  for (const { line } of [ada, bob]) {
    line.meddle = undefined;
    line.snap();
  }
  await room.agrees();
  const sources = (await ada.all()).map(([, source]) => source);
  expect(sources).toEqual([`#${"a".repeat(typed)}`, `#${"b".repeat(typed)}`, "ada's"]);
  for (const guest of [ada, bob]) await expect(guest.title).toHaveValue("Bob's");
});

test.describe("a relay that sends only so much to who does not read", () => {
  test.use({ limits: { unread_bytes: 12_000 } });

  test("B4-26: a browser that stops reading is let go, the others go on, and it catches up", async ({ room }) => {
    const [ada, bob] = await room.begin("0");
    await expect(ada.page.locator("[data-people]")).toHaveAttribute("data-people", "2");
    bob.line.hold();
    const sources = ["0"];
    for (let number = 0; number < 8; number += 1) {
      sources.push(Array(3).fill(`# ${String(number).repeat(500)}`).join("\n"));
      await ada.append(sources.at(-1));
    }
    await ada.isLive();
    await expect(ada.page.locator("[data-people]")).toHaveAttribute("data-people", "1");
    bob.line.release();
    await room.agrees();
    await bob.shows(sources);
    expect(bob.line.closed).toEqual([4408]);
    expect(bob.line.connections).toBe(2);
    expect(ada.line).toMatchObject({ connections: 1, closed: [] });
  });
});

test("B4-27: two hundred come at once after the relay was started again, and the browsers among them are served", async ({ room }) => {
  const [ada, bob] = await room.begin("0");
  const key = new Key(room.links.view);
  await room.relay.kill();
  for (const guest of [ada, bob]) await guest.isSync("offline");
  await bob.append("'written meanwhile'");
  await bob.isSaved();
  await room.relay.start();
  const strangers = [];
  let left = 200;
  const come = async () => {
    while (left-- > 0) strangers.push(await Stranger.live(room.relay, key));
  };
  // No more wait at the relay's door at once than it lets wait there: the next come as others are let in.
  const crowd = Promise.all(Array.from({ length: 60 }, come));
  await room.agrees();
  await crowd;
  expect(strangers).toHaveLength(200);
  await ada.append("'for all'");
  await room.agrees();
  const last = await Stranger.live(room.relay, key);
  for (const stranger of strangers) {
    for (let head = 0; head < last.head; ) ({ head } = (await stranger.until("Events")).Events);
    stranger.leave();
  }
  last.leave();
  await ada.shows(["0", "'written meanwhile'", "'for all'"]);
});
