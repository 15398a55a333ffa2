/**
 * Several browsers and a real relay: every browser has a site, a profile and a line of its own, which can be cut.
 * Sites differ in their port, so a link is carried from one to the other by its notebook and its key.
 */

import { startRelay } from "../relay.mjs";
import { test as base, expect } from "./fixtures.mjs";
import { host, launch, makeProfile } from "./launch.mjs";
import { Line } from "./line.mjs";
import { NotebookPage } from "./notebook-page.mjs";

export { expect };

/** How long something may take that another browser has to do first, on a loaded machine. */
const ELSEWHERE = 30_000;

/** A browser in the room. */
class Guest extends NotebookPage {
  constructor(page, host, line, context, end) {
    super(page, host.url);
    Object.assign(this, { host, line, context, end });
    this.sync = page.locator("[data-sync]");
  }

  async isSync(state, timeout = ELSEWHERE) {
    await expect(this.sync).toHaveAttribute("data-sync", state, { timeout });
  }

  /** Waits until everything of here is with the relay, and so with everybody who is live. */
  async isLive(timeout = ELSEWHERE) {
    await this.isSaved(timeout);
    await this.isSync("live", timeout);
    await expect(this.sync).toHaveAttribute("data-unsent", "0", { timeout });
  }

  /** Shares the notebook and returns what its links say after the address of the site. */
  async share() {
    await this.button("Share").click();
    await this.button("Start sharing").click();
    const links = await this.links();
    await this.isLive();
    return links;
  }

  /** Reads the links of a dialog that is open, and closes it. */
  async links() {
    const read = async (name) => {
      const field = this.page.getByRole("textbox", { name, exact: true });
      await expect(field).toBeVisible();
      const { search, hash } = new URL(await field.inputValue());
      return `${search}${hash}`;
    };
    const links = { edit: await read("Link to edit"), view: await read("Link to view") };
    await this.page.getByRole("button", { name: "Done" }).click();
    return links;
  }

  /** Follows a link and waits until the notebook is here. */
  async follow(link) {
    await this.page.goto(`${this.site}${link}`);
    await this.opened();
    await this.isLive();
  }

  cut() {
    this.line.cut();
  }

  /** Joins the line again and has the browser notice, as it does when a network comes back. */
  async mend() {
    this.line.mend();
    await this.page.evaluate(() => window.dispatchEvent(new Event("online")));
  }

  /** Closes the tab, and returns the same browser with another one. */
  async anotherTab() {
    const page = await this.context.newPage();
    await this.page.close();
    return new Guest(page, this.host, this.line, this.context, this.end);
  }

  async shows(sources) {
    await expect(this.cells).toHaveCount(sources.length, { timeout: ELSEWHERE });
    for (const [at, source] of sources.entries()) {
      await expect.poll(() => this.source(at), { timeout: ELSEWHERE }).toBe(source);
    }
  }

  /** Returns all there is to see: the source, the state and the output of every cell, by id. */
  async all() {
    return Promise.all(
      (await this.cellIds()).map(async (id, at) => [id, await this.source(at), await this.outputs(at).textContent()]),
    );
  }
}

/** Starts a browser with a profile of its own. */
async function own() {
  const profile = await makeProfile();
  const context = await launch(profile.path);
  const leave = async () => {
    await context.close();
    await profile.remove();
  };
  return { context, leave };
}

class Room {
  guests = [];

  constructor(relay) {
    this.relay = relay;
  }

  /** Lets a further browser in. Another relay may stand where this room's should be. */
  async enter(relay = this.relay) {
    const line = await Line.to(relay);
    const asked = [];
    const site = await host({ relay: line, asked: ({ url, rawHeaders }) => asked.push(url, ...rawHeaders) });
    const { context, leave } = await own();
    const broken = [];
    context.on("console", (message) => {
      if (/ of Cathode \S+ stopped: /.test(message.text())) broken.push(message.text());
    });
    const end = async () => {
      await leave();
      await site.stop();
      await line.close();
      expect(broken).toEqual([]);
    };
    const guest = new Guest(context.pages()[0] ?? (await context.newPage()), site, line, context, end);
    guest.asked = asked;
    this.guests.push(guest);
    return guest;
  }

  /** Makes a notebook with one cell, shares it, and lets further browsers in on it. */
  async begin(source, others = 1) {
    const host = await this.enter();
    await host.create();
    await host.write(0, source);
    await host.isSaved();
    this.links = await host.share();
    const guests = [host];
    for (let number = 0; number < others; number += 1) guests.push(await this.join());
    return guests;
  }

  async join(link = this.links.edit) {
    const guest = await this.enter();
    await guest.follow(link);
    return guest;
  }

  /** Waits until all browsers show the same. */
  async agrees(guests = this.guests) {
    for (const guest of guests) await guest.isLive();
    const [first, ...others] = guests;
    await expect(async () => {
      const expected = await first.all();
      for (const other of others) expect(await other.all()).toEqual(expected);
    }).toPass({ timeout: ELSEWHERE });
  }
}

export const test = base.extend({
  /** The relay's limits, where they differ from the usual ones. */
  limits: [undefined, { option: true }],

  room: async ({ limits }, use) => {
    const relay = await startRelay({ limits });
    const room = new Room(relay);
    await use(room);
    for (const guest of room.guests) await guest.end();
    await relay.stop();
  },
});
