// Owns the one format in which edits cross between the editor and the rest of the app.
// Pure: must not touch the DOM.
//
// An edit is a list of [from, to, insert]. Positions are UTF-16 code units in the text as it
// is after all earlier entries of the same list, so the entries are applied one after another.

import { ChangeSet, Text } from "@codemirror/state";

/** @typedef {[from: number, to: number, insert: string]} Change */

/**
 * Writes a CodeMirror change set as sequential changes.
 * @param {ChangeSet} changeSet
 * @returns {Change[]}
 */
export function toSequential(changeSet) {
  /** @type {Change[]} */
  const changes = [];
  // CodeMirror gives positions in the text before the whole set. Where a change begins in the
  // text after the set is also where it begins once the ones before it have been applied.
  changeSet.iterChanges((fromA, toA, fromB, _toB, inserted) => {
    changes.push([fromB, fromB + (toA - fromA), inserted.sliceString(0, inserted.length, "\n")]);
  });
  return changes;
}

/**
 * Builds a change set from sequential changes.
 * @param {readonly Change[]} changes
 * @param {number} length of the text they apply to
 * @returns {ChangeSet}
 * @throws {RangeError} if a change lies outside the text it applies to
 */
export function fromSequential(changes, length) {
  let whole = ChangeSet.empty(length);
  for (const [from, to, insert] of changes) {
    // The text is split at "\n" only, because a carriage return counts as one code unit.
    const change = { from, to, insert: Text.of(insert.split("\n")) };
    whole = whole.compose(ChangeSet.of(change, whole.newLength));
  }
  return whole;
}

/**
 * Applies sequential changes to a plain string.
 * @param {string} text
 * @param {readonly Change[]} changes
 */
export function applyToString(text, changes) {
  for (const [from, to, insert] of changes) text = text.slice(0, from) + insert + text.slice(to);
  return text;
}
