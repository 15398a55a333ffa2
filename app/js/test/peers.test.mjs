// Shows that undo takes back own edits only, whatever others typed in between, and that their
// cursors stay where they are in the text.

import assert from "node:assert/strict";
import { test } from "node:test";
import { history, isolateHistory, redo, undo, undoDepth } from "@codemirror/commands";
import { EditorState } from "@codemirror/state";
import { editedElsewhere, isMoved, peersField, showPeers } from "../src/peers.mjs";
import { random } from "./random.mjs";

const extensions = [history(), peersField, EditorState.lineSeparator.of("\n")];

/** An editor's state and what is done to it, without a page. */
function editor(doc) {
  let state = EditorState.create({ doc, extensions });
  const dispatch = (transaction) => (state = transaction.state);
  return {
    text: () => state.sliceDoc(),
    length: () => state.doc.length,
    depth: () => undoDepth(state),
    own: (changes) => dispatch(state.update({ changes, annotations: isolateHistory.of("full") })),
    others: (changes) => dispatch(state.update(editedElsewhere(changes, state.doc.length))),
    select: (anchor, head) => dispatch(state.update({ selection: { anchor, head } })),
    selection: () => [state.selection.main.anchor, state.selection.main.head],
    undo: () => undo({ state, dispatch }),
    redo: () => redo({ state, dispatch }),
    show: (peers) => dispatch(state.update(showPeers(peers))),
    peers: () => state.field(peersField).map(({ peer, anchor, head }) => [peer.id, anchor, head]),
  };
}

test("undo after another's edits takes back own ones only", () => {
  const it = editor("one\n");
  it.own({ from: 4, insert: "mine" });
  it.others([[0, 0, "theirs "]]);
  assert.equal(it.text(), "theirs one\nmine");
  it.undo();
  assert.equal(it.text(), "theirs one\n");
  assert.equal(it.undo(), false, "there is nothing else of one's own");
  it.others([[0, 7, ""]]);
  it.redo();
  assert.equal(it.text(), "one\nmine");
});

test("another's edit within own text stays when that is undone", () => {
  const it = editor("");
  it.own({ from: 0, insert: "abcd" });
  it.others([[2, 2, "XY"]]);
  it.undo();
  assert.equal(it.text(), "XY");
});

test("however edits are mixed, undoing all of one's own leaves exactly what others typed", () => {
  for (let seed = 0; seed < 400; seed += 1) {
    const dice = random(seed);
    const it = editor("");
    for (let step = 0; step < 40; step += 1) {
      const at = dice.below(it.length() + 1);
      // Upper case is theirs, lower case is one's own; nobody deletes, so nothing may be missing.
      if (dice.below(2) === 0) it.own({ from: at, insert: dice.pick(["a", "bc", "\n"]) });
      else it.others([[at, at, dice.pick(["A", "BC", "D\r"])]]);
      if (dice.below(6) === 0) it.undo();
    }
    const theirs = it.text().replace(/[abc\n]/g, "");
    while (it.undo());
    assert.equal(it.text(), theirs, `seed ${seed}`);
    assert.equal(it.depth(), 0);
  }
});

test("another's edits keep the selection on the same text", () => {
  const it = editor("alpha beta gamma");
  it.select(6, 10);
  it.others([[0, 0, "xx "], [19, 19, "!"]]);
  assert.deepEqual(it.selection(), [9, 13]);
});

test("a peer's cursor moves with the text and with what its owner types", () => {
  const it = editor("alpha beta");
  const ada = { id: "ada", name: "Ada", colour: "red", anchor: 6, head: 6 };
  it.show([ada]);
  it.own({ from: 0, insert: ">> " });
  assert.deepEqual(it.peers(), [["ada", 9, 9]]);
  it.own({ from: 9, insert: "!" });
  assert.deepEqual(it.peers(), [["ada", 9, 9]], "what is typed here goes after it");
  it.others([[9, 9, "my "]]);
  assert.deepEqual(it.peers(), [["ada", 12, 12]], "what they type takes it along");
});

test("news of somebody else does not put a cursor back that has moved since", () => {
  const it = editor("alpha beta");
  const ada = { id: "ada", name: "Ada", colour: "red", anchor: 6, head: 6 };
  const bob = { id: "bob", name: "Bob", colour: "blue", anchor: 0, head: 5 };
  it.show([ada]);
  it.own({ from: 0, insert: "1234" });
  it.show([ada, bob]);
  assert.deepEqual(it.peers(), [["ada", 10, 10], ["bob", 0, 5]]);
  it.show([{ ...ada, anchor: 7, head: 7 }]);
  assert.deepEqual(it.peers(), [["ada", 7, 7]], "a new place counts, and who left is gone");
});

test("a place outside the text is drawn at its end", () => {
  const it = editor("abc");
  it.show([{ id: "ada", name: "Ada", colour: "red", anchor: 900, head: 1200 }]);
  assert.deepEqual(it.peers(), [["ada", 3, 3]]);
});

test("a selection is moved by others' edits, and not by one's own or by choosing another", () => {
  const state = EditorState.create({ doc: "text", extensions });
  const theirs = state.update(editedElsewhere([[0, 0, "more "]], 4));
  const own = state.update({ changes: { from: 0, insert: "x" } });
  const shown = state.update(showPeers([]));
  const moved = (transactions, more = {}) => {
    const docChanged = transactions.some((transaction) => transaction.docChanged);
    return isMoved({ docChanged, selectionSet: false, focusChanged: false, transactions, ...more });
  };
  assert.equal(moved([theirs]), true);
  assert.equal(moved([shown, theirs]), true);
  assert.equal(moved([theirs, own]), false);
  assert.equal(moved([shown]), false);
  assert.equal(moved([theirs], { selectionSet: true }), false);
  assert.equal(moved([theirs], { focusChanged: true }), false);
});
