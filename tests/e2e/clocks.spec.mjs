/** Clocks that are wrong, jump, or stood still while the machine slept. */

import { expect, test } from "./room.mjs";

const HOUR = 3_600_000;
const YEAR = 8_766 * HOUR;

/** Sets the wall clock of a guest's page and store, and with `all` also the clock that never goes back. */
async function shift(guest, millis, { all = false } = {}) {
  const set = ([by, both]) => {
    const realm = globalThis;
    realm.wallClock ??= Date.now;
    Date.now = () => realm.wallClock() + by;
    if (!both) return;
    const steady = performance.now.bind(performance);
    performance.now = () => steady() + by;
  };
  for (const thread of [guest.page, guest.storeWorker()]) await thread.evaluate(set, [millis, all]);
}

test("B4-28: clocks that are ten years wrong, of the year 3000, or jump back: what happens keeps its order, and is shown", async ({ room }) => {
  const [ada, bob] = await room.begin("n = 1\nn");
  await shift(ada, 10 * YEAR);
  await shift(bob, -10 * YEAR);
  await ada.run(0);
  await ada.ends(0);
  await bob.ends(0);
  await bob.append("n = n + 1\nn");
  await bob.run(1);
  await bob.ends(1);
  await shift(ada, Date.UTC(3000, 0) - Date.now());
  await ada.append("n = n + 1\nn");
  await ada.run(2);
  await ada.ends(2);
  await ada.isLive();
  await shift(ada, -10 * YEAR);
  await ada.append("n = n + 1\nn");
  await ada.run(3);
  await bob.ends(3);
  await room.agrees();
  for (let at = 0; at < 4; at += 1) {
    await expect(bob.outputs(at)).toHaveText(String(at + 1));
    await expect(bob.count(at)).toHaveText(String(at + 1));
  }
  await bob.reload();
  await room.agrees();
  await ada.page.goto(`${ada.site}?notebook=${ada.id()}&view=diagnostics`);
  await expect(ada.page.locator("[data-log] tbody tr").filter({ hasText: "3000-" }).first()).toBeVisible();
});

test("B4-28: a browser that slept for eight hours takes nothing from the one whose kernel runs, and gives up its own that others ended", async ({ room }) => {
  const [ada, bob] = await room.begin("import time\nprint('begun', flush=True)\nwhile True: time.sleep(0.05)");
  await ada.run(0);
  await bob.isRunning(0);
  await ada.isLive();
  // Bob sleeps. His kernel is not in it; Ada's runs on.
  bob.cut();
  await bob.isSync("offline");
  await ada.append("'meanwhile'");
  await ada.isLive();
  await shift(bob, 8 * HOUR, { all: true });
  await bob.mend();
  await bob.shows([await ada.source(0), "'meanwhile'"]);
  await bob.append("'awake'");
  await room.agrees();
  await ada.isRunning(0);
  await ada.button("Interrupt").click();
  await bob.ends(0, "interrupted");

  // Ada sleeps, while her kernel runs.
  await ada.run(0);
  await bob.isRunning(0);
  await ada.isLive();
  ada.cut();
  await ada.isSync("offline");
  await bob.ends(0, "lost");
  await bob.write(1, "'run by bob'");
  await bob.run(1);
  await bob.ends(1);
  await shift(ada, 8 * HOUR, { all: true });
  await ada.mend();
  await ada.ends(0, "lost");
  await room.agrees();
  await expect(ada.outputs(1)).toHaveText("'run by bob'");
  await ada.run(2);
  await ada.ends(2);
  await room.agrees();
  await expect(bob.count(2)).toHaveText("2");
});
