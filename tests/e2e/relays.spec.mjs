/** Relays that cannot be worked with: the page says so and what to do, and the notebook goes on without them. */

import { once } from "node:events";
import { createServer } from "node:http";
import { encode } from "../cbor.mjs";
import { expect, test } from "./room.mjs";
import { decode } from "./stranger.mjs";

/** Makes the relay behind a line speak this version of the protocol. */
function speaks(line, protocol) {
  line.meddle = ({ up, payload }, pass) => {
    const message = up ? undefined : decode(payload);
    if (message?.Greeting === undefined) return pass(payload);
    const { nonce } = message.Greeting;
    pass(Buffer.from(encode({ Greeting: { protocol, relay: 1, nonce } })));
  };
}

/** The notebook can be changed, is saved, and is there after the page was reloaded. */
async function goesOn(guest, text) {
  await guest.write(0, text);
  await guest.isSaved();
  await guest.reload();
  await expect.poll(() => guest.source(0)).toBe(text);
}

test("a relay of a later version: the page says to reload, keeps what is done meanwhile, and brings it to a relay that it can speak to", async ({ room }) => {
  const [ada] = await room.begin("'before'", 0);
  speaks(ada.line, 99);
  ada.line.snap();
  await ada.isSync("refused");
  await expect(ada.sync).toContainText("reload to update");
  await expect(ada.banner).toContainText("reload to update");
  await ada.button("Share").click();
  await expect(ada.page.getByRole("dialog")).toContainText("reload to update");
  await ada.button("Done").click();
  await goesOn(ada, "'meanwhile'");
  await ada.isSync("refused");

  const bob = await room.enter();
  speaks(bob.line, 99);
  await bob.page.goto(`${bob.site}${room.links.edit}`);
  await bob.isSync("refused");
  await expect(bob.page.locator("[data-awaited]")).toContainText("reload to update");

  // The relay is updated.
  for (const guest of [ada, bob]) {
    guest.line.meddle = undefined;
    await guest.reload();
  }
  await room.agrees();
  await bob.shows(["'meanwhile'"]);
});

test("a relay that answers with a page: the notebook is offline, goes on, and is shared once there is a relay", async ({ room }) => {
  // As a network does before one has logged in to it.
  const portal = createServer();
  portal.on("upgrade", (_, socket) => {
    socket.on("error", () => {});
    socket.end("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 30\r\n\r\n<!doctype html><h1>Log in</h1>");
  });
  await once(portal.listen(0, "127.0.0.1"), "listening");
  const between = { port: portal.address().port };
  const ada = await room.enter(between);
  await ada.create();
  await ada.button("Share").click();
  await ada.button("Start sharing").click();
  await expect(ada.page.getByRole("dialog")).toContainText("The relay cannot be reached just now");
  const { edit } = await ada.links();
  await ada.isSync("offline");
  await goesOn(ada, "'meanwhile'");
  await ada.isSync("offline");
  const bob = await room.enter(between);
  await bob.page.goto(`${bob.site}${edit}`);
  await bob.isSync("offline");
  await expect(bob.page.locator("[data-awaited]")).toContainText("Waiting for the relay");

  between.port = room.relay.port;
  for (const guest of [ada, bob]) await guest.mend();
  await bob.shows(["'meanwhile'"]);
  await room.agrees();
  await new Promise((closed) => portal.close(closed));
});

test.describe("a relay that is full", () => {
  test.use({ limits: { log_bytes: 6_000 } });

  test("says so, and the notebook goes on in this browser", async ({ room }) => {
    const [ada] = await room.begin("'before'", 0);
    for (let number = 0; number < 4; number += 1) await ada.append(Array(3).fill(`# ${String(number).repeat(500)}`).join("\n"));
    await ada.isSync("refused");
    await expect(ada.sync).toContainText("this notebook is larger than the relay keeps");
    await expect(ada.banner).toContainText("Sharing stopped: this notebook is larger than the relay keeps");
    await goesOn(ada, "'after'");
    await expect(ada.cells).toHaveCount(5);
    await ada.execute(0, "6 * 7");
    await expect(ada.outputs(0)).toHaveText("42");
    const id = ada.id();
    await ada.banner.getByRole("button", { name: "Make a copy" }).click();
    await expect.poll(() => ada.id()).not.toBe(id);
    await ada.opened();
    await ada.isSync("local");
    await expect(ada.cells).toHaveCount(5);
  });
});

test.describe("a relay that lets nobody else in", () => {
  test.use({ limits: { connections: 2 } });

  test("says so to whoever comes by a link and to whoever comes back, until there is room", async ({ room }) => {
    const [ada, bob] = await room.begin("'shared'");
    const cleo = await room.enter();
    await cleo.page.goto(`${cleo.site}${room.links.edit}`);
    const waiting = cleo.page.locator("[data-awaited]");
    await expect(waiting.getByRole("heading")).toHaveText("Waiting to be let in");
    await expect(waiting).toContainText("this notebook is open in too many places (at most 2)");
    bob.cut();
    await cleo.page.evaluate(() => window.dispatchEvent(new Event("online")));
    await cleo.shows(["'shared'"]);
    await cleo.isLive();
    await bob.write(0, "'meanwhile'");
    await bob.mend();
    await expect(bob.sync).toContainText("Turned away");
    await expect(bob.sync).toContainText("waiting");
    await expect(bob.sync).toHaveAttribute("title", /open in too many places/);
    ada.cut();
    await bob.mend();
    await cleo.shows(["'meanwhile'"]);
  });
});

test.describe("a relay without room for large outputs", () => {
  test.use({ limits: { blob_bytes: 300_000 } });

  test("takes all else, and the page says that those stay here; made anew with less, they reach the others", async ({ room }) => {
    const [ada, bob] = await room.begin("size = 400_000\nprint('x' * size)");
    await ada.run(0);
    await ada.ends(0);
    await expect(ada.sync).toContainText("Live without large outputs");
    await ada.append("'after'");
    await expect.poll(() => bob.source(1)).toBe("'after'");
    await expect(bob.outputs(0)).toContainText("This value is not in this browser.");
    await expect(ada.outputs(0).locator("[data-stream]")).toContainText("x".repeat(1000));
    await expect(bob.sync).toHaveText("Live");
    const smaller = "size = 100_000\nprint('x' * size)";
    await bob.write(0, smaller);
    await expect.poll(() => ada.source(0)).toBe(smaller);
    await ada.run(0);
    await ada.ends(0);
    await expect(bob.outputs(0).locator("[data-stream]")).toContainText("x".repeat(1000));
  });
});
