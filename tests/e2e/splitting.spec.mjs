/** Cells that are split and merged: by one person, and by two at once. */

import { expect as isSo, test as alone } from "./fixtures.mjs";
import { expect, test } from "./room.mjs";

/** Puts the cursor so many characters behind the beginning of a cell's one line. */
async function place(guest, at, offset) {
  await guest.click(at);
  await guest.page.keyboard.press("ControlOrMeta+Home");
  for (let step = 0; step < offset; step += 1) await guest.page.keyboard.press("ArrowRight");
}

const split = (guest) => guest.page.keyboard.press("Control+Shift+Minus");

/** What each cell says, all at one time: they come and go meanwhile. */
const texts = (guest) =>
  guest.cells.evaluateAll((cells) =>
    cells.map((cell) => {
      const editor = cell.querySelector("[data-editor]").cloneNode(true);
      for (const cursor of editor.querySelectorAll(".peer-caret")) cursor.remove();
      const lines = [...editor.querySelectorAll(".cm-line")];
      return lines.length > 0 ? lines.map((line) => line.textContent).join("\n") : editor.textContent;
    }),
  );

alone("a cell is split at the cursor and merged again with the keyboard, and both are taken back", async ({ notebook, page }) => {
  await notebook.create();
  await notebook.write(0, "abcd");
  await place(notebook, 0, 2);
  await split(notebook);
  await isSo(notebook.editor(1)).toBeFocused();
  await page.keyboard.type("X");
  await isSo.poll(() => texts(notebook)).toEqual(["ab", "Xcd"]);
  await page.keyboard.press("Escape");
  await page.keyboard.press("ControlOrMeta+Backspace");
  await isSo.poll(() => texts(notebook)).toEqual(["ab\nXcd"]);
  await isSo(notebook.cell(0)).toBeFocused();
  await notebook.button("Undo").click();
  await isSo.poll(() => texts(notebook)).toEqual(["ab", "Xcd"]);
  await notebook.click(0);
  await page.keyboard.press("Escape");
  await page.keyboard.press("Shift+M");
  await isSo.poll(() => texts(notebook)).toEqual(["ab\nXcd"]);
  await notebook.isSaved();
  await notebook.reload();
  await isSo.poll(() => texts(notebook)).toEqual(["ab\nXcd"]);
  await place(notebook, 0, 1);
  await split(notebook);
  await isSo.poll(() => texts(notebook)).toEqual(["a", "b\nXcd"]);
  await page.keyboard.press("Escape");
  await page.keyboard.press("z");
  await isSo.poll(() => texts(notebook)).toEqual(["ab\nXcd"]);
});

alone("taking a merge back takes back that and nothing else", async ({ notebook, page }) => {
  await notebook.create();
  await notebook.write(0, "ab");
  await notebook.append("cd");
  const merge = async () => {
    await notebook.click(0);
    await page.keyboard.press("Escape");
    await page.keyboard.press("Shift+M");
    await isSo.poll(() => texts(notebook)).toEqual(["ab\ncd"]);
  };
  await merge();
  await page.keyboard.press("z");
  await isSo.poll(() => texts(notebook)).toEqual(["ab", "cd"]);
  // It was offered in a toast too.
  await notebook.button("Undo").click();
  await notebook.isSaved();
  isSo(await texts(notebook)).toEqual(["ab", "cd"]);

  await merge();
  await notebook.click(0);
  await page.keyboard.press("ControlOrMeta+End");
  await page.keyboard.press("Home");
  await page.keyboard.type("y = ");
  await page.keyboard.press("Escape");
  await page.keyboard.press("z");
  await isSo.poll(() => texts(notebook)).toEqual(["ab", "y = cd"]);

  await notebook.click(1);
  await page.keyboard.press("Escape");
  await page.keyboard.press("m");
  await isSo(notebook.cell(1)).toHaveAttribute("data-kind", "markdown");
  await page.keyboard.press("ControlOrMeta+Backspace");
  await isSo(notebook.cells).toHaveCount(1);
  await page.keyboard.press("z");
  await isSo(notebook.cells).toHaveCount(2);
  await isSo(notebook.cell(0)).toHaveAttribute("data-kind", "code");
  await isSo(notebook.cell(1)).toHaveAttribute("data-kind", "markdown");
});

test("two split one cell at once at two places, and one types: three cells, and nothing twice", async ({ room }) => {
  test.slow();
  const [ada, bob] = await room.begin("0123456789");
  // Neither sees the other's split before making one.
  for (const guest of [ada, bob]) guest.cut();
  for (const guest of [ada, bob]) await guest.isSync("offline");
  await Promise.all([place(ada, 0, 3), place(bob, 0, 7)]);
  await Promise.all([split(ada), split(bob)]);
  await expect(bob.editor(1)).toBeFocused();
  await bob.page.keyboard.type("bob");
  await expect.poll(() => texts(ada)).toEqual(["012", "3456789"]);
  await expect.poll(() => texts(bob)).toEqual(["0123456", "bob789"]);
  for (const guest of [ada, bob]) await guest.isSaved();
  await Promise.all([ada.mend(), bob.mend()]);
  await room.agrees();
  expect(await texts(ada)).toEqual(["012", "3456", "bob789"]);
});

test("one splits a cell that another, offline, merges and types into: all is there once", async ({ room }) => {
  test.slow();
  const [ada, bob] = await room.begin("first");
  await ada.append("second");
  await room.agrees();
  bob.cut();
  await bob.isSync("offline");
  await bob.click(0);
  await bob.page.keyboard.press("Escape");
  await bob.page.keyboard.press("Shift+M");
  await expect.poll(() => texts(bob)).toEqual(["first\nsecond"]);
  await place(bob, 0, 0);
  await bob.page.keyboard.type("1");
  await bob.isSaved();

  await place(ada, 1, 3);
  await split(ada);
  await expect.poll(() => texts(ada)).toEqual(["first", "sec", "ond"]);
  await ada.isLive();
  await bob.mend();
  await room.agrees();
  expect(await texts(bob)).toEqual(["1first\nsec", "ond"]);
  for (const guest of [ada, bob]) {
    await guest.reload();
    await guest.shows(["1first\nsec", "ond"]);
  }
});
