/** What Python knows about a name, wherever it runs. */

import { expect, test } from "./room.mjs";
import { Key, Stranger } from "./stranger.mjs";

const documentation = ({ page }) => page.getByRole("region", { name: "Documentation" });

/** Asks about the name at the end of a cell's text. */
async function ask(guest, at) {
  await guest.click(at);
  await guest.page.keyboard.press("ControlOrMeta+End");
  await guest.page.keyboard.press("Shift+Tab");
}

test("Shift-Tab describes the name before the cursor until Escape, Close or a run, and in front of the text it dedents", async ({ notebook, page }) => {
  await notebook.create();
  await notebook.execute(0, "42");
  await notebook.write(0, "    len");
  await ask(notebook, 0);
  await expect(documentation(notebook)).toContainText("len(obj, /)");
  await expect(documentation(notebook)).toContainText("Return the number of items in a container.");
  await expect(notebook.editor(0)).toBeFocused();
  await page.keyboard.press("Shift+Tab");
  await expect(documentation(notebook).locator("pre")).toBeFocused();
  await page.keyboard.press("Escape");
  await expect(documentation(notebook)).toHaveCount(0);
  await expect(notebook.editor(0)).toBeFocused();
  await page.keyboard.press("Home");
  await page.keyboard.press("Shift+Tab");
  await expect.poll(() => notebook.source(0)).toBe("len");
  await expect(documentation(notebook)).toHaveCount(0);

  await ask(notebook, 0);
  await expect(documentation(notebook)).toContainText("len(obj, /)");
  await notebook.button("Close").click();
  await expect(documentation(notebook)).toHaveCount(0);
  await expect(notebook.editor(0)).toBeFocused();
  await notebook.write(0, "absent");
  await ask(notebook, 0);
  await expect(documentation(notebook)).toHaveText(/Nothing is known about this\./);
  await notebook.write(0, "len");
  await ask(notebook, 0);
  await expect(documentation(notebook)).toContainText("len(obj, /)");
  await notebook.run(0);
  await notebook.ends(0);
  await expect(documentation(notebook)).toHaveCount(0);
});

test("while a cell runs Python is not asked", async ({ notebook }) => {
  await notebook.create();
  await notebook.write(0, "while True: len");
  await notebook.run(0);
  await notebook.isRunning(0);
  await ask(notebook, 0);
  await expect(documentation(notebook)).toContainText("Python is busy; ask again when it is done.");
  await notebook.button("Interrupt").click();
  await notebook.ends(0, "interrupted");
  await ask(notebook, 0);
  await expect(documentation(notebook)).toContainText("len(obj, /)");
});

test("a name is described by the Python of another browser and of another tab, and no log holds a word of it", async ({ room }) => {
  const [ada, bob] = await room.begin("def tide(moon):\n    'Says how high the water is.'");
  await ada.run(0);
  await ada.ends(0);
  await bob.append("tide(");
  await room.agrees();
  const key = new Key(room.links.edit);
  const logged = async () => {
    const stranger = await Stranger.live(room.relay, key);
    stranger.leave();
    return stranger.log.length;
  };
  const before = await logged();
  const tab = await ada.another();
  for (const guest of [bob, ada, tab]) {
    await ask(guest, 1);
    await expect(documentation(guest)).toContainText("tide(moon)");
    await expect(documentation(guest)).toContainText("Says how high the water is.");
  }
  await room.agrees();
  expect(await logged()).toBe(before);

  ada.line.hold();
  await bob.button("Close").click();
  await ask(bob, 1);
  await expect(documentation(bob)).toContainText("Asking Python…");
  ada.cut();
  await expect(documentation(bob)).toContainText("The browser that runs Python cannot be reached just now.");
});

test("who may only view asks nothing: Shift-Tab leads back from the text, as elsewhere", async ({ room }) => {
  const [ada] = await room.begin("len", 0);
  await ada.run(0);
  await ada.ends(0);
  const viewer = await room.join(room.links.view);
  await ask(viewer, 0);
  await expect(viewer.editor(0)).not.toBeFocused();
  await expect(documentation(viewer)).toHaveCount(0);
});
