// Owns the CodeMirror editor of a cell.
// Must not know about notebooks: it speaks text, edits and key names. See ../README.md.

import { closeBrackets } from "@codemirror/autocomplete";
import { history, redoDepth, undoDepth } from "@codemirror/commands";
import { bracketMatching, indentOnInput, indentUnit, syntaxHighlighting } from "@codemirror/language";
import { Compartment, EditorState, Facet } from "@codemirror/state";
import { crosshairCursor, drawSelection, dropCursor, EditorView, rectangularSelection } from "@codemirror/view";
import { classHighlighter } from "@lezer/highlight";
import { toSequential } from "./changes.mjs";
import { keyHook, keys } from "./keys.mjs";
import { extensionFor, load } from "./languages.mjs";
import { editedElsewhere, isMoved, peersField, remote, showPeers } from "./peers.mjs";

export { highlight } from "./highlight.mjs";
export * from "./libraries.mjs";

/**
 * @typedef {object} Options
 * @property {Element} parent
 * @property {string} [doc]
 * @property {import("./languages.mjs").Language} [language]
 * @property {boolean} [readOnly]
 * @property {string} [label] accessible name
 * @property {(changes: import("./changes.mjs").Change[]) => void} [onChange]
 * @property {(anchor: number, head: number, moved: boolean) => void} [onSelect] `moved`: by others' edits alone
 * @property {() => void} [onFocus]
 * @property {() => void} [onBlur]
 * @property {(name: import("./keys.mjs").KeyName) => boolean} [onKey]
 */

/** The callbacks of one editor. A facet, so that all editors can share one set of extensions. */
const callbacks = Facet.define({
  /** @param {readonly Options[]} all @returns {Partial<Options>} */
  combine: (all) => all[0] ?? {},
});

const reportChanges = EditorView.updateListener.of((update) => {
  const { onChange, onSelect, onFocus, onBlur } = update.state.facet(callbacks);
  if (onChange) {
    for (const transaction of update.transactions) {
      if (transaction.docChanged && !transaction.annotation(remote)) onChange(toSequential(transaction.changes));
    }
  }
  if (onSelect && update.view.hasFocus && (update.docChanged || update.selectionSet || update.focusChanged)) {
    const { anchor, head } = update.state.selection.main;
    onSelect(anchor, head, isMoved(update));
  }
  if (update.focusChanged) (update.view.hasFocus ? onFocus : onBlur)?.();
});

/** What every editor has; one array, so that CodeMirror resolves its parts once. */
const shared = [
  keys,
  history(),
  drawSelection(),
  dropCursor(),
  EditorState.allowMultipleSelections.of(true),
  rectangularSelection(),
  crosshairCursor(),
  indentOnInput(),
  bracketMatching(),
  closeBrackets(),
  indentUnit.of("    "),
  EditorState.tabSize.of(4),
  // Without this a carriage return would end a line and vanish, and positions would drift
  // from those of the notebook's own text. Pasted ones are made plain line ends instead.
  EditorState.lineSeparator.of("\n"),
  EditorView.clipboardInputFilter.of((text) => text.replace(/\r\n?/g, "\n")),
  syntaxHighlighting(classHighlighter),
  peersField,
  reportChanges,
];

/**
 * Mounts an editor.
 * @param {Options} options
 */
export function createEditor(options) {
  const languagePart = new Compartment();
  const readOnlyPart = new Compartment();
  const attributes = { spellcheck: "false" };
  if (options.label) attributes["aria-label"] = options.label;
  let state = EditorState.create({
    doc: options.doc ?? "",
    extensions: [
      shared,
      callbacks.of(options),
      options.onKey ? keyHook.of(options.onKey) : [],
      languagePart.of(extensionFor(options.language ?? "raw")),
      readOnlyPart.of(EditorState.readOnly.of(options.readOnly ?? false)),
      EditorView.contentAttributes.of(attributes),
    ],
  });
  /** @type {EditorView | null} on the page, or at rest: then `state` is all there is */
  let view = new EditorView({ parent: options.parent, state });

  const current = () => view?.state ?? state;
  /** @param {import("@codemirror/state").TransactionSpec} spec */
  const dispatch = (spec) => {
    if (view) view.dispatch(spec);
    else state = state.update(spec).state;
  };

  let language = options.language ?? "raw";
  const speak = () => dispatch({ effects: languagePart.reconfigure(extensionFor(language)) });
  const bring = async () => {
    const asked = language;
    if ((await load(asked)) && language === asked) speak();
  };
  bring();

  return {
    /**
     * Applies edits made elsewhere. Selection and scroll position stay where they are, the
     * undo history does not learn of them, and `onChange` is not called.
     * @param {import("./changes.mjs").Change[]} changes
     * @throws {RangeError} if they do not fit the text; the editor is then unchanged
     */
    applyChanges(changes) {
      dispatch(editedElsewhere(changes, current().doc.length));
    },

    /** Returns the whole text. */
    getDoc() {
      return current().sliceDoc();
    },

    /**
     * Gives the editor the focus; one at rest takes none.
     * @param {"start" | "end"} [where] puts the cursor there; without it the cursor stays
     */
    focus(where) {
      if (where) {
        const anchor = where === "start" ? 0 : current().doc.length;
        dispatch({ selection: { anchor }, scrollIntoView: true });
      }
      view?.focus();
    },

    /** Returns the main selection, `[anchor, head]`. */
    getSelection() {
      const { anchor, head } = current().selection.main;
      return [anchor, head];
    },

    /**
     * Shows where these people are in the text, and nobody else.
     * @param {import("./peers.mjs").Peer[]} peers
     */
    setPeers(peers) {
      dispatch(showPeers(peers));
    },

    /** @param {boolean} readOnly */
    setReadOnly(readOnly) {
      dispatch({ effects: readOnlyPart.reconfigure(EditorState.readOnly.of(readOnly)) });
    },

    /** @param {import("./languages.mjs").Language} next */
    setLanguage(next) {
      language = next;
      speak();
      bring();
    },

    /**
     * Takes the editor off the page. Text, selection and undo history stay and follow `applyChanges`.
     * @returns {boolean} whether there is anything to keep that a new editor would not have
     */
    rest() {
      if (view) {
        state = view.state;
        view.destroy();
        view = null;
      }
      const { main, ranges } = state.selection;
      return undoDepth(state) > 0 || redoDepth(state) > 0 || ranges.length > 1 || !main.empty || main.head > 0;
    },

    /** Puts an editor at rest back on the page, where it was. */
    wake() {
      view ??= new EditorView({ parent: options.parent, state });
    },

    /** Removes the editor from the page for good. */
    destroy() {
      view?.destroy();
      view = null;
    },
  };
}
