/** What people see of sharing: links, viewing, copies, who is here. */

import { randomBytes } from "node:crypto";
import { NotebookPage } from "./notebook-page.mjs";
import { expect, test } from "./room.mjs";

test.slow();

const dialog = (guest) => guest.page.getByRole("dialog", { name: "Share this notebook" });
const notice = (guest, title) => expect(guest.page.getByRole("heading", { name: title })).toBeVisible();

/** Puts a link into the address bar over the same notebook, and waits until the page has taken it. */
async function paste(guest, link) {
  await guest.page.goto(`${guest.site}${link}`);
  await expect(guest.page).not.toHaveURL(/#/);
  await guest.opened();
}

test("B4-33: a link opens title, cells and outputs in another browser, and its key is kept nowhere in sight", async ({ room }) => {
  const ada = await room.enter();
  await ada.create();
  await ada.title.fill("Shared by Ada");
  await ada.title.press("Enter");
  await ada.execute(0, "print(6 * 7)");
  const { edit } = await ada.share();

  const bob = await room.enter();
  await bob.goHome();
  await bob.follow(edit);
  await expect(bob.title).toHaveValue("Shared by Ada");
  await bob.shows(["print(6 * 7)"]);
  await expect(bob.outputs(0)).toHaveText("42");

  const secret = edit.split("#")[1];
  expect(secret).toMatch(/^[\w-]{43}$/);
  expect(bob.page.url()).not.toContain("#");
  expect(await bob.page.title()).toBe("Shared by Ada · Cathode");
  const entries = await bob.page.evaluate(() => navigation.entries().map((entry) => entry.url));
  expect(entries.join(" ")).not.toContain(secret);
  expect(await bob.page.content()).not.toContain(secret);
  expect(JSON.stringify((await bob.download()).notebook)).not.toContain(secret);
  // The way back leads to where the person was before.
  await bob.page.goBack();
  await expect(bob.button("New notebook")).toBeVisible();
  expect(bob.page.url()).not.toContain("#");
  // The list knows it by its title from now on, and opens it without the link.
  await bob.page.getByRole("link", { name: /Shared by Ada/ }).click();
  await bob.opened();
  await bob.shows(["print(6 * 7)"]);
});

test("B4-33: who has a link to view sees what happens, changes and runs nothing, and can take a copy", async ({ room }) => {
  const [ada] = await room.begin("print('first')", 0);
  await ada.run(0);
  await ada.ends(0);
  await ada.isLive();
  const eve = await room.join(room.links.view);
  await eve.shows(["print('first')"]);
  await expect(eve.sync).toContainText("Read-only");
  await expect(eve.button("Run all")).toBeDisabled();
  await expect(eve.button("Add code cell")).toBeDisabled();
  await expect(eve.cell(0).getByRole("button", { name: "Run cell" })).toBeDisabled();
  await expect(eve.title).not.toBeEditable();
  await eve.editor(0).click();
  await eve.page.keyboard.type("nothing");
  await eve.page.keyboard.press("Escape");
  await eve.page.keyboard.press("b");
  await eve.page.keyboard.press("ControlOrMeta+Enter");
  await expect(eve.page.locator(".toast")).toContainText("viewing only");
  expect(await eve.source(0)).toBe("print('first')");
  await expect(eve.cells).toHaveCount(1);

  await ada.write(0, "print('second')");
  await eve.shows(["print('second')"]);

  const id = eve.id();
  await eve.button("Make a copy").click();
  await expect.poll(() => eve.id()).not.toBe(id);
  await eve.opened();
  await expect(eve.sync).toHaveAttribute("data-sync", "local");
  await expect(eve.title).toHaveValue("Untitled (copy)");
  await eve.shows(["print('second')"]);
  await expect(eve.outputs(0)).toHaveText("first");
  await eve.execute(0, "print('mine')");
  await expect(eve.outputs(0)).toHaveText("mine");
  expect(await ada.source(0)).toBe("print('second')");
});

test("B4-14: who only views sees a run lost when its browser is gone, and the next one when somebody may edit again", async ({ room }) => {
  const [ada] = await room.begin("import time\nprint('partial', flush=True)\ntime.sleep(600)", 0);
  const eve = await room.join(room.links.view);
  await ada.run(0);
  await eve.isRunning(0);
  await expect(eve.outputs(0)).toHaveText("partial");
  await ada.page.close();
  await expect(eve.cell(0)).toHaveAttribute("data-outcome", "lost", { timeout: 12_000 });
  await expect(eve.banner).toContainText("Whoever may edit this notebook can run it again");
  await expect(eve.banner.getByRole("button")).toHaveCount(0);

  const bob = await room.join(room.links.edit);
  await bob.ends(0, "lost");
  await bob.execute(0, "print('again')");
  await eve.ends(0);
  await expect(eve.outputs(0)).toHaveText("again");
  await expect(eve.banner).toHaveCount(0);
});

test("a link to edit makes a writer of who only viewed, and a link to view takes nothing away", async ({ room }) => {
  await room.begin("x = 1", 0);
  const bob = await room.join(room.links.view);
  await expect(bob.button("Make a copy")).toBeVisible();
  // Over the open notebook it differs in nothing but its fragment.
  await paste(bob, room.links.edit);
  await expect(bob.button("Make a copy")).toBeHidden();
  await bob.isLive();
  await bob.write(0, "x = 2");
  await bob.isLive();
  expect(bob.page.url()).not.toContain("#");
  await paste(bob, room.links.view);
  await bob.write(0, "x = 3");
  await bob.isLive();
  await expect(bob.button("Make a copy")).toBeHidden();
});

test("a link to edit beside a tab with the link to view writes, and what is written stays", async ({ room }) => {
  const [ada] = await room.begin("x = 1", 0);
  const bob = await room.join(room.links.view);
  const beside = await bob.context.newPage();
  await beside.goto(`${bob.site}${room.links.edit}`);
  const tab = new NotebookPage(beside, bob.site);
  await tab.opened();
  await tab.write(0, "x = 2");
  await tab.isSaved();
  await ada.shows(["x = 2"]);
  await bob.page.close();
  await tab.reload();
  await tab.hasRole("leader");
  expect(await tab.source(0)).toBe("x = 2");
  await tab.append("6 * 7");
  await tab.run(1);
  await tab.ends(1);
  await expect(ada.outputs(1)).toHaveText("42");
  await ada.shows(["x = 2", "6 * 7"]);
});

test("B4-33: a key that was cut off, changed or left out gets a message and makes nothing", async ({ room }) => {
  await room.begin("x = 1", 0);
  const [address, key] = room.links.edit.split("#");
  const other = key.startsWith("A") ? `B${key.slice(1)}` : `A${key.slice(1)}`;
  const bob = await room.enter();
  for (const fragment of [key.slice(0, 30), `${key}A`, "view.", room.links.view.split("#")[1].slice(0, 20), other]) {
    await bob.page.goto("about:blank");
    await bob.page.goto(`${bob.site}${address}#${fragment}`);
    await notice(bob, "This link does not open a notebook");
    expect(bob.page.url()).not.toContain("#");
  }
  await bob.page.goto("about:blank");
  await bob.page.goto(`${bob.site}${address}`);
  await notice(bob, "This notebook is not in this browser");
  await expect(bob.page.getByText("ask for the whole link")).toBeVisible();
  await bob.page.goto(bob.site);
  await expect(bob.page.getByText("Nothing here yet.")).toBeVisible();
});

test("a link to view with a wrong key takes the place of no right one, and leaves nothing in a list", async ({ room }) => {
  await room.begin("x = 1", 0);
  const [address, key] = room.links.view.split("#view.");
  const wrong = `${address}#view.${key.startsWith("A") ? "B" : "A"}${key.slice(1)}`;
  const bob = await room.join(room.links.view);
  await paste(bob, wrong);
  await bob.isSync("refused");
  await bob.reload();
  await bob.isLive();

  const eve = await room.enter();
  await eve.page.goto(`${eve.site}${wrong}`);
  await notice(eve, "The relay does not give out this notebook");
  await eve.goHome();
  await expect(eve.page.getByText("Nothing here yet.")).toBeVisible();
  await eve.follow(room.links.view);
  await eve.shows(["x = 1"]);
});

test("a link whose notebook nobody has yet says so, and shows it once somebody brings it", async ({ room }) => {
  const ada = await room.enter();
  await ada.create();
  await ada.write(0, "late = True");
  await ada.isSaved();
  ada.cut();
  await ada.button("Share").click();
  await ada.button("Start sharing").click();
  const { edit } = await ada.links();
  await ada.isSync("offline");

  const bob = await room.enter();
  await bob.page.goto(`${bob.site}${edit}`);
  await bob.isSync("absent");
  await expect(bob.page.locator("[data-awaited]")).toContainText("Waiting for someone who has it");
  await expect(bob.button("Add code cell")).toBeDisabled();
  await ada.mend();
  await ada.isLive();
  await bob.shows(["late = True"]);
  await expect(bob.page.locator("[data-awaited]")).toBeHidden();
  await bob.append("and = 'mine'");
  await bob.isLive();
  await ada.shows(["late = True", "and = 'mine'"]);
});

test("the share dialog copies links, and draws the codes of both", async ({ room }) => {
  const [ada] = await room.begin("x = 1", 0);
  await ada.page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await ada.button("Share").click();
  await dialog(ada).getByRole("button", { name: "Copy: Link to edit" }).click();
  await expect(dialog(ada).getByRole("button", { name: "Copy: Link to edit" })).toHaveText("Copied");
  expect(await ada.page.evaluate(() => navigator.clipboard.readText())).toBe(ada.site + room.links.edit);
  const codes = [];
  for (const name of ["Link to edit", "Link to view"]) {
    await dialog(ada).getByRole("button", { name: `QR code: ${name}` }).click();
    const code = dialog(ada).getByRole("img", { name: `QR code: ${name}` });
    await expect(code).toBeVisible();
    codes.push(await code.locator("path").getAttribute("d"));
    await expect(dialog(ada).locator("[data-qr]")).toHaveCount(1);
  }
  expect(codes[0]).not.toBe(codes[1]);
  await ada.button("Done").click();
  // The keys are on the page only while they are looked at.
  expect(await ada.page.content()).not.toContain(room.links.edit.split("#")[1]);
});

test("a small notebook travels inside a link, without a relay, and is shown before it is opened", async ({ room }) => {
  const ada = await room.enter();
  await ada.create();
  await ada.title.fill("Kühe & <b>Kälber</b>");
  await ada.title.press("Enter");
  await ada.execute(0, "print('🐄' * 3)");
  await ada.button("Share").click();
  await ada.button("Make the link").click();
  const link = await ada.page.getByRole("textbox", { name: "Link with a copy inside" }).inputValue();
  expect(link.length).toBeLessThan(8 * 1024);
  const { hash } = new URL(link);
  expect(hash).toMatch(/^#inline\.[\w-]+$/);

  const bob = await room.enter();
  await bob.page.goto(bob.site + hash);
  await notice(bob, "Kühe & <b>Kälber</b>");
  await expect(bob.page.getByText("1 code cell, 0 text cells, 1 output")).toBeVisible();
  expect(bob.page.url()).not.toContain("#");
  await bob.button("Open as my notebook").click();
  await bob.opened();
  await expect(bob.title).toHaveValue("Kühe & <b>Kälber</b>");
  await bob.shows(["print('🐄' * 3)"]);
  await expect(bob.outputs(0)).toHaveText("🐄🐄🐄");
  expect(bob.id()).not.toBe(ada.id());
  await expect(bob.sync).toHaveAttribute("data-sync", "local");

  for (const rubbish of ["", "%", "AAAA", hash.slice(8, 60), "a".repeat(100_000)]) {
    await bob.page.goto("about:blank");
    await bob.page.goto(`${bob.site}#inline.${rubbish}`);
    await notice(bob, "This link does not open a notebook");
  }
});

test("a link that unpacks to more than it should is given up", async ({ room }) => {
  const bob = await room.enter();
  await bob.goHome();
  const bomb = await bob.page.evaluate(async () => {
    const source = new Blob([new Uint8Array(64 << 20).fill(32)]).stream().pipeThrough(new CompressionStream("deflate-raw"));
    const packed = new Uint8Array(await new Response(source).arrayBuffer());
    let text = "";
    for (const byte of packed) text += String.fromCharCode(byte);
    return btoa(text).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  });
  await bob.page.goto("about:blank");
  await bob.page.goto(`${bob.site}#inline.${bomb}`);
  await notice(bob, "This link does not open a notebook");
  await expect(bob.page.getByText("It holds more than 4 MB")).toBeVisible();
});

test("a notebook that is too large for a link says so", async ({ room }) => {
  const ada = await room.enter();
  await ada.create();
  // 20 lines of 1000 characters that do not pack.
  await ada.write(0, Array.from({ length: 20 }, () => `# ${randomBytes(499).toString("hex")}`).join("\n"));
  await ada.button("Share").click();
  await ada.button("Make the link").click();
  await expect(dialog(ada)).toContainText("It is too large for a link");
});

test("people see each other: in the bar, at the cell, and in the text", async ({ room }) => {
  const [ada, bob] = await room.begin("alpha = 1");
  await ada.append("beta = 2");
  await bob.shows(["alpha = 1", "beta = 2"]);
  for (const [guest, name] of [[ada, "Ada"], [bob, "Bob Lee"]]) {
    await guest.page.locator("summary[aria-label='People']").click();
    await guest.page.getByRole("textbox", { name: "Your name" }).fill(name);
    await guest.page.keyboard.press("Enter");
    await guest.page.keyboard.press("Escape");
  }
  await expect(ada.page.locator("[data-people]")).toHaveAttribute("data-people", "2");
  await expect(ada.button("Go to Bob Lee")).toHaveText("BL");
  await expect(bob.button("Go to Ada")).toHaveText("A");

  await bob.click(0);
  await bob.page.keyboard.press("ControlOrMeta+Home");
  await bob.page.keyboard.press("Shift+ArrowRight");
  await bob.page.keyboard.press("Shift+ArrowRight");
  await expect(ada.cell(0).locator("[data-here]")).toHaveText("Bob Lee");
  await expect(ada.cell(0).locator(".peer-caret")).toHaveCount(1);
  await expect(ada.cell(0).locator(".peer-selection")).toHaveText("al");
  await bob.click(1);
  await expect(ada.cell(1).locator("[data-here]")).toHaveText("Bob Lee");
  await expect(ada.cell(0).locator("[data-here], .peer-caret")).toHaveCount(0);

  // Who makes a cell is there before it is.
  await bob.append();
  await expect(ada.cell(2).locator("[data-here]")).toHaveText("Bob Lee");
  await bob.click(1);

  await ada.click(0);
  await ada.button("Go to Bob Lee").click();
  await expect(ada.cell(1)).toBeFocused();

  // The name is kept.
  await bob.reload();
  await expect(ada.button("Go to Bob Lee")).toBeVisible();
  await bob.page.close();
  await expect(ada.page.locator("[data-people]")).toHaveAttribute("data-people", "1");
  await expect(ada.page.locator("[data-here]")).toHaveCount(0);
});

test("a cursor that others' typing moves along is right, and is not told anew at each letter", async ({ room }) => {
  const [ada, bob] = await room.begin("end");
  await bob.click(0);
  await bob.page.keyboard.press("ControlOrMeta+End");
  await expect(ada.cell(0).locator(".peer-caret")).toHaveCount(1);
  await ada.click(0);
  await ada.page.keyboard.press("ControlOrMeta+Home");
  let said = 0;
  bob.line.meddle = ({ up, payload }, pass) => {
    if (up && payload.includes("Ephemeral")) said += 1;
    pass(payload);
  };
  const began = performance.now();
  await ada.page.keyboard.type("x".repeat(40), { delay: 50 });
  const whole = `${"x".repeat(40)}end`;
  await expect.poll(() => bob.source(0)).toBe(whole);
  expect(said).toBeLessThanOrEqual(Math.ceil((performance.now() - began) / 1000));
  const before = () =>
    ada.cell(0).evaluate((cell) => {
      const caret = cell.querySelector(".cm-line .peer-caret");
      if (!caret) return null;
      const range = new Range();
      range.setStart(caret.closest(".cm-line"), 0);
      range.setEndBefore(caret);
      return range.toString();
    });
  await expect.poll(before).toBe(whole);

  // Back to the number where it was before another's letter moved it along.
  await bob.page.keyboard.press("ArrowLeft");
  await expect.poll(before).toBe(whole.slice(0, -1));
  await ada.page.keyboard.type("y");
  await expect.poll(() => bob.source(0)).toBe(`${"x".repeat(40)}yend`);
  await bob.page.keyboard.press("ArrowLeft");
  await expect.poll(before).toBe(`${"x".repeat(40)}ye`);
});

test("following somebody keeps their cell in view until one goes one's own way", async ({ room }) => {
  const [ada, bob] = await room.begin("top = 1");
  for (let at = 1; at < 4; at += 1) await ada.append(`x${at} = 1${"\n".repeat(30)}`);
  await expect(bob.cells).toHaveCount(4);
  await bob.page.locator("summary[aria-label='People']").click();
  await bob.page.getByRole("button", { name: /^Follow / }).click();
  await ada.click(3);
  await expect(bob.cell(3)).toBeInViewport();
  await ada.click(0);
  await expect(bob.cell(0)).toBeInViewport();
  await expect(bob.page.locator(".following")).toBeVisible();
  // Who makes a cell is there before it is.
  await ada.append();
  await expect(bob.cell(4)).toBeInViewport();
  await bob.page.mouse.move(400, 400);
  await bob.page.mouse.wheel(0, 40);
  await expect(bob.page.locator(".following")).toBeHidden();
});

test("following somebody goes on after a break of the connection, and ends where it can be seen once they have left", async ({ room }) => {
  const [ada, bob] = await room.begin("top = 1");
  await ada.append(`x = 1${"\n".repeat(60)}`);
  await ada.append("end = 1");
  await expect(bob.cells).toHaveCount(3);
  await ada.click(0);
  await bob.page.locator("summary[aria-label='People']").click();
  await bob.page.getByRole("button", { name: /^Follow / }).click();
  const following = bob.page.locator(".following");
  for (const [guest, at] of [[bob, 2], [ada, 0]]) {
    guest.cut();
    await expect(following).toContainText("who is away");
    await guest.mend();
    await expect(following).not.toContainText("who is away");
    await ada.click(at);
    await expect(bob.cell(at)).toBeInViewport();
  }
  await ada.page.close();
  await expect(bob.page.locator(".toast")).toContainText("you follow nobody now", { timeout: 30_000 });
  await expect(following).toBeHidden();
});

test("the bar says in whose browser Python runs", async ({ room }) => {
  const [ada, bob] = await room.begin("1 + 1");
  await ada.page.locator("summary[aria-label='People']").click();
  await ada.page.getByRole("textbox", { name: "Your name" }).fill("Ada");
  await ada.page.keyboard.press("Enter");
  await ada.run(0);
  await ada.ends(0);
  await expect(bob.kernel).toHaveText("Python runs in Ada’s browser");
  await expect(ada.kernel).toHaveText("Python ready");
});

test("who is offline is told that what runs elsewhere cannot be interrupted from here, and what waits is not read out", async ({ room }) => {
  const [ada, bob] = await room.begin("while True: pass");
  await ada.run(0);
  await bob.isRunning(0);
  bob.cut();
  await bob.isSync("offline");
  await bob.cell(0).getByRole("button", { name: "Stop this cell" }).click();
  await expect(bob.page.locator(".toast")).toContainText("It runs in another browser");
  await bob.append("y = 1");
  await expect(bob.sync.locator("[aria-live=off]")).toContainText("waiting");
  await bob.mend();
  await bob.isLive();
  await bob.cell(0).getByRole("button", { name: "Stop this cell" }).click();
  await ada.ends(0, "interrupted");
});

test("undo takes back what one typed oneself, whatever another typed since", async ({ room }) => {
  const [ada, bob] = await room.begin("#");
  await ada.click(0);
  await ada.page.keyboard.press("ControlOrMeta+End");
  await ada.page.keyboard.insertText("mine");
  await expect.poll(() => bob.source(0)).toBe("#mine");
  await bob.click(0);
  await bob.page.keyboard.press("ControlOrMeta+End");
  await bob.page.keyboard.insertText("+theirs");
  await expect.poll(() => ada.source(0)).toBe("#mine+theirs");
  await ada.page.keyboard.press("ControlOrMeta+z");
  await expect.poll(() => ada.source(0)).toBe("#+theirs");
  await room.agrees();
});

test("who stops sharing goes on with a copy under new keys; the others keep theirs", async ({ room }) => {
  const [ada, bob] = await room.begin("x = 1");
  const old = ada.id();
  await ada.button("Share").click();
  await ada.button("Stop sharing…").click();
  const question = ada.page.getByRole("dialog", { name: "Stop sharing?" });
  await expect(question).toContainText("keeps what they have");
  await question.getByRole("button", { name: "Stop sharing" }).click();
  await expect.poll(() => ada.id()).not.toBe(old);
  await ada.opened();
  await ada.isSync("local");
  await ada.shows(["x = 1"]);
  await ada.write(0, "x = 'private'");
  await ada.isSaved();
  expect(await bob.source(0)).toBe("x = 1");
  await bob.write(0, "x = 2");
  await bob.isLive();
  await ada.goHome();
  await expect(ada.page.locator("[data-notebook]")).toHaveCount(1);
});

test("links to a notebook at a relay of one's own say so, and work for who has set it too", async ({ room }) => {
  const ada = await room.enter();
  await ada.create();
  await ada.write(0, "elsewhere = True");
  const bob = await room.enter();
  await ada.button("Share").click();
  await dialog(ada).getByText("Advanced").click();
  const relay = `${bob.site.replace("http", "ws")}sync`;
  await dialog(ada).getByRole("textbox", { name: "Relay" }).fill(relay);
  await ada.button("Set relay").click();
  await ada.button("reload this one").click();
  await ada.opened();
  await ada.button("Share").click();
  await ada.button("Start sharing").click();
  await expect(dialog(ada).getByRole("note")).toContainText(`the relay ${relay}`);
  const { edit } = await ada.links();
  await bob.follow(edit);
  await bob.shows(["elsewhere = True"]);
  await bob.button("Share").click();
  await expect(dialog(bob).getByRole("textbox", { name: "Link to edit" })).toBeVisible();
  await expect(dialog(bob).getByRole("note")).toBeHidden();
});

test("the relay's address is a setting of this browser", async ({ room }) => {
  const ada = await room.enter();
  await ada.create();
  await ada.button("Share").click();
  await dialog(ada).getByText("Advanced").click();
  const field = dialog(ada).getByRole("textbox", { name: "Relay" });
  await expect(field).toHaveValue(`${ada.site.replace("http", "ws")}sync`);
  await field.fill("ftp://nowhere");
  await ada.button("Set relay").click();
  await expect(dialog(ada).getByRole("alert")).toContainText("This is not the address of a relay");
  await expect(ada.button("Start sharing")).toBeEnabled();
  for (const [written, read] of [
    ["https://relay.example/rooms/", "wss://relay.example/rooms"],
    [" relay.example/sync", "wss://relay.example/sync"],
    ["relay.example:8443", "wss://relay.example:8443"],
  ]) {
    await field.fill(written);
    await ada.button("Set relay").click();
    await expect(field).toHaveValue(read);
  }
  // This notebook was opened with the site's: it is not shared there now.
  const changed = dialog(ada).getByText("close this notebook’s other tabs");
  await expect(changed).toBeVisible();
  await expect(ada.button("Start sharing")).toBeDisabled();
  await ada.button("Use this site’s").click();
  await expect(field).toHaveValue(`${ada.site.replace("http", "ws")}sync`);
  await expect(ada.button("Start sharing")).toBeEnabled();
  await expect(changed).toBeHidden();
});
