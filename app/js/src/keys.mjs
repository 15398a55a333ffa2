// Owns the editor's key bindings: those that mean something to the notebook, and those of
// editing. Must not know what the notebook does with a key; it only names it.

import { closeBracketsKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, historyKeymap, indentLess, indentMore } from "@codemirror/commands";
import { forceParsing } from "@codemirror/language";
import { selectNextOccurrence } from "@codemirror/search";
import { Facet, Prec } from "@codemirror/state";
import { keymap } from "@codemirror/view";

/**
 * @typedef {"run" | "run-advance" | "run-insert" | "escape" | "up-out" | "down-out" | "save" | "split" | "inspect" | "close"} KeyName
 */

/** How long after Escape a Tab moves the focus instead of indenting, in milliseconds. */
const TAB_ESCAPE = 2000;

/** The notebook's answer to a key, one per editor. */
export const keyHook = Facet.define({
  /** @param {readonly ((name: KeyName) => boolean)[]} hooks */
  combine: (hooks) => hooks[0] ?? (() => false),
});

/** @param {KeyName} name */
const ask = (name) => (view) => view.state.facet(keyHook)(name) === true;

/** Whether the cursor is on the first (`edge` 0) or last line as it is wrapped on screen. */
function atEdge(view, edge) {
  const { main, ranges } = view.state.selection;
  if (!main.empty || ranges.length > 1) return false;
  const line = view.state.doc.lineAt(main.head);
  if (edge === 0 ? line.from !== 0 : line.to !== edge) return false;
  const here = view.coordsAtPos(main.head, main.assoc || 1);
  const there = view.coordsAtPos(edge, edge === 0 ? 1 : -1);
  if (!here || !there) return true;
  return Math.abs(here.top - there.top) < view.defaultLineHeight / 2;
}

/** Whether the cursor, the only one, stands behind more of its line than blanks, in a text that may be changed. */
function isBehindText(view) {
  const { main, ranges } = view.state.selection;
  if (view.state.readOnly || !main.empty || ranges.length > 1) return false;
  const line = view.state.doc.lineAt(main.head);
  return /\S/.test(line.text.slice(0, main.head - line.from));
}

const notebookKeys = Prec.highest(
  keymap.of([
    { key: "Mod-Enter", run: ask("run"), preventDefault: true },
    { key: "Shift-Enter", run: ask("run-advance"), preventDefault: true },
    { key: "Alt-Enter", run: ask("run-insert"), preventDefault: true },
    { key: "Mod-s", run: ask("save"), preventDefault: true },
    { key: "Ctrl-Shift--", run: ask("split"), preventDefault: true },
    { key: "Shift-Tab", run: (view) => isBehindText(view) && ask("inspect")(view) },
    { key: "Escape", run: ask("close") },
    { key: "ArrowUp", run: (view) => atEdge(view, 0) && ask("up-out")(view) },
    { key: "ArrowDown", run: (view) => atEdge(view, view.state.doc.length) && ask("down-out")(view) },
  ]),
);

// Escape leaves several cursors first, then the editor; so it comes after the default bindings.
const escapeKey = Prec.lowest(
  keymap.of([
    {
      key: "Escape",
      run: (view) => {
        // Whoever works with the keyboard alone must be able to leave: after Escape, Tab moves on.
        view.setTabFocusMode(TAB_ESCAPE);
        return ask("escape")(view);
      },
    },
  ]),
);

/** How long Enter may wait for the parser, in milliseconds. */
const PARSE_LIMIT = 100;

// The default Enter indents by the syntax tree, and silently does not where the tree has not
// come that far yet, as right after an editor is mounted on a busy machine.
const parseBeforeEnter = {
  key: "Enter",
  run: (view) => {
    forceParsing(view, view.state.selection.main.head, PARSE_LIMIT);
    return false;
  },
};

/** Ctrl-Enter inserts a blank line by default; in a notebook it runs. Escape is bound above. */
const editingKeys = defaultKeymap.filter((binding) => binding.key !== "Mod-Enter");

export const keys = [
  notebookKeys,
  keymap.of([
    { key: "Tab", run: indentMore, shift: indentLess },
    { key: "Mod-d", run: selectNextOccurrence, preventDefault: true },
    parseBeforeEnter,
    ...closeBracketsKeymap,
    ...editingKeys,
    ...historyKeymap,
  ]),
  escapeKey,
];
