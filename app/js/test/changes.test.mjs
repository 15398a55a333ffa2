// Shows that edits survive the way from the editor to a plain string and back.

import assert from "node:assert/strict";
import { test } from "node:test";
import { EditorState } from "@codemirror/state";
import { applyToString, fromSequential, toSequential } from "../src/changes.mjs";
import { random } from "./random.mjs";

const PIECES = ["", "a", "xyz", "\n", "\r\n", "é", "😀", "\n\n    pass\n", "\r", "\t", "<b>"];
const create = (doc) => EditorState.create({ doc, extensions: EditorState.lineSeparator.of("\n") });

/** Several disjoint changes in one transaction, as multiple cursors make them. */
function transactionSpec(dice, length) {
  const cuts = Array.from({ length: 2 * (1 + dice.below(4)) }, () => dice.below(length + 1)).sort((a, b) => a - b);
  const changes = [];
  for (let i = 0; i < cuts.length; i += 2) changes.push({ from: cuts[i], to: cuts[i + 1], insert: dice.pick(PIECES) });
  return { changes };
}

test("random transactions applied one after another to a string give the editor's text", () => {
  for (let seed = 0; seed < 300; seed += 1) {
    const dice = random(seed);
    let text = Array.from({ length: dice.below(8) }, () => dice.pick(PIECES)).join("");
    let state = create(text);
    assert.equal(state.sliceDoc(), text, `seed ${seed}: the text as given`);
    for (let step = 0; step < 20; step += 1) {
      const transaction = state.update(transactionSpec(dice, state.doc.length));
      text = applyToString(text, toSequential(transaction.changes));
      state = transaction.state;
      assert.equal(text, state.sliceDoc(), `seed ${seed}, step ${step}`);
    }
  }
});

test("sequential changes give the same text through a change set as through a string", () => {
  for (let seed = 0; seed < 300; seed += 1) {
    const dice = random(seed + 1000);
    const start = Array.from({ length: dice.below(8) }, () => dice.pick(PIECES)).join("");
    let text = start;
    const changes = [];
    for (let i = 0; i < 10; i += 1) {
      const from = dice.below(text.length + 1);
      const change = [from, from + dice.below(text.length - from + 1), dice.pick(PIECES)];
      changes.push(change);
      text = applyToString(text, [change]);
    }
    const state = create(start);
    const changeSet = fromSequential(changes, state.doc.length);
    assert.equal(state.update({ changes: changeSet }).state.sliceDoc(), text, `seed ${seed}`);
    assert.equal(applyToString(start, toSequential(changeSet)), text, `seed ${seed}: there and back`);
  }
});

test("positions of the second change count the first one in", () => {
  const state = create("abcdef");
  const changes = [
    { from: 1, to: 2, insert: "BBB" },
    { from: 4, to: 5, insert: "" },
  ];
  assert.deepEqual(toSequential(state.update({ changes }).changes), [
    [1, 2, "BBB"],
    [6, 7, ""],
  ]);
});

test("an astral character counts two code units", () => {
  const state = create("😀x");
  assert.deepEqual(toSequential(state.update({ changes: { from: 2, insert: "y" } }).changes), [[2, 2, "y"]]);
});

test("a change outside the text is refused", () => {
  assert.throws(() => fromSequential([[0, 4, "x"]], 3), RangeError);
  assert.throws(() => fromSequential([[0, 3, ""], [1, 1, "x"]], 3), RangeError);
});
