// Owns what comes from other people into an editor: their edits, cursors and selections.
// Must not know who they are beyond a name and a colour, nor touch what the person here does.

import { Annotation, StateEffect, StateField, Transaction } from "@codemirror/state";
import { Decoration, EditorView, WidgetType } from "@codemirror/view";
import { fromSequential } from "./changes.mjs";

/**
 * @typedef {object} Peer
 * @property {string} id
 * @property {string} name
 * @property {string} colour any CSS colour
 * @property {number} anchor where the selection began, in UTF-16 code units
 * @property {number} head where the cursor is
 */

/** Marks a transaction that came from outside, which `onChange` must not echo. */
export const remote = Annotation.define();

/**
 * What applies edits made elsewhere: undo does not learn of them.
 * @param {import("./changes.mjs").Change[]} changes
 * @param {number} length of the text they apply to
 * @returns {import("@codemirror/state").TransactionSpec}
 * @throws {RangeError} if they do not fit
 */
export function editedElsewhere(changes, length) {
  return {
    changes: fromSequential(changes, length),
    annotations: [remote.of(true), Transaction.addToHistory.of(false)],
  };
}

/**
 * Says whether the selection may be elsewhere only because others edited the text before it.
 * @param {Pick<import("@codemirror/view").ViewUpdate, "docChanged" | "selectionSet" | "focusChanged" | "transactions">} update
 */
export function isMoved({ docChanged, selectionSet, focusChanged, transactions }) {
  const isTheirs = (transaction) => !transaction.docChanged || transaction.annotation(remote) === true;
  return docChanged && !selectionSet && !focusChanged && transactions.every(isTheirs);
}

/** @type {import("@codemirror/state").StateEffectType<Peer[]>} */
const replacePeers = StateEffect.define();

/** What shows these people and nobody else. */
export const showPeers = (peers) => ({ effects: replacePeers.of(peers) });

/** A peer, the place they gave (`anchor`, `head`) and where that is by now (`from` on, `at`). */
const placed = (peer, anchor, head) => ({ peer, anchor, head });

/** Where everybody is. A place moves with the text, and changes when its owner gives another one. */
export const peersField = StateField.define({
  create: () => [],
  update(shown, transaction) {
    let next = shown;
    if (transaction.docChanged && shown.length > 0) {
      // What is typed here, right where somebody's cursor is, goes after it; what comes from elsewhere
      // is likely theirs, and takes their cursor along.
      const side = transaction.annotation(remote) ? 1 : -1;
      const move = (position) => transaction.changes.mapPos(position, side);
      next = shown.map(({ peer, anchor, head }) => placed(peer, move(anchor), move(head)));
    }
    for (const effect of transaction.effects) {
      if (!effect.is(replacePeers)) continue;
      const length = transaction.newDoc.length;
      const within = (position) => Math.max(0, Math.min(position, length));
      const known = new Map(next.map((place) => [place.peer.id, place]));
      next = effect.value.map((peer) => {
        const before = known.get(peer.id);
        const stays = before && before.peer.anchor === peer.anchor && before.peer.head === peer.head;
        return stays ? placed(peer, before.anchor, before.head) : placed(peer, within(peer.anchor), within(peer.head));
      });
    }
    return next;
  },
  provide: (field) => EditorView.decorations.from(field, decorate),
});

class Caret extends WidgetType {
  /** @param {Peer} peer */
  constructor(peer) {
    super();
    this.peer = peer;
  }

  eq(other) {
    const [a, b] = [this.peer, other.peer];
    return a.id === b.id && a.name === b.name && a.colour === b.colour && a.head === b.head;
  }

  toDOM() {
    const caret = document.createElement("span");
    caret.className = "peer-caret";
    caret.style.setProperty("--peer", this.peer.colour);
    caret.setAttribute("aria-hidden", "true");
    const flag = document.createElement("span");
    flag.className = "peer-flag";
    flag.textContent = this.peer.name;
    caret.append(flag);
    return caret;
  }

  ignoreEvent() {
    return true;
  }
}

/** @param {ReturnType<typeof placed>[]} shown */
function decorate(shown) {
  const ranges = [];
  for (const { peer, anchor, head } of shown) {
    const [from, to] = anchor < head ? [anchor, head] : [head, anchor];
    if (from < to) {
      const attributes = { style: `--peer: ${peer.colour}` };
      ranges.push(Decoration.mark({ class: "peer-selection", attributes }).range(from, to));
    }
    ranges.push(Decoration.widget({ widget: new Caret(peer), side: 1 }).range(head));
  }
  return Decoration.set(ranges, true);
}
