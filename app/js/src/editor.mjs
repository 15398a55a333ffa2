// Owns the CodeMirror editor of a cell.
// Must not know about notebooks: it speaks text, edits and key names. See ../README.md.

import { closeBrackets } from "@codemirror/autocomplete";
import { history } from "@codemirror/commands";
import { bracketMatching, indentOnInput, indentUnit, syntaxHighlighting } from "@codemirror/language";
import { Annotation, Compartment, EditorState, Facet, Transaction } from "@codemirror/state";
import { crosshairCursor, drawSelection, dropCursor, EditorView, rectangularSelection } from "@codemirror/view";
import { classHighlighter } from "@lezer/highlight";
import { fromSequential, toSequential } from "./changes.mjs";
import { keyHook, keys } from "./keys.mjs";
import { extensionFor } from "./languages.mjs";

export { highlight } from "./highlight.mjs";

/**
 * @typedef {object} Options
 * @property {Element} parent
 * @property {string} [doc]
 * @property {import("./languages.mjs").Language} [language]
 * @property {boolean} [readOnly]
 * @property {string} [label] accessible name
 * @property {(changes: import("./changes.mjs").Change[]) => void} [onChange]
 * @property {() => void} [onFocus]
 * @property {() => void} [onBlur]
 * @property {(name: import("./keys.mjs").KeyName) => boolean} [onKey]
 */

/** Marks a transaction that came from outside, which `onChange` must not echo. */
const remote = Annotation.define();

/** The callbacks of one editor. A facet, so that all editors can share one set of extensions. */
const callbacks = Facet.define({
  /** @param {readonly Options[]} all @returns {Partial<Options>} */
  combine: (all) => all[0] ?? {},
});

const reportChanges = EditorView.updateListener.of((update) => {
  const { onChange, onFocus, onBlur } = update.state.facet(callbacks);
  if (onChange) {
    for (const transaction of update.transactions) {
      if (transaction.docChanged && !transaction.annotation(remote)) onChange(toSequential(transaction.changes));
    }
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
  const view = new EditorView({
    parent: options.parent,
    state: EditorState.create({
      doc: options.doc ?? "",
      extensions: [
        shared,
        callbacks.of(options),
        options.onKey ? keyHook.of(options.onKey) : [],
        languagePart.of(extensionFor(options.language ?? "raw")),
        readOnlyPart.of(EditorState.readOnly.of(options.readOnly ?? false)),
        EditorView.contentAttributes.of(attributes),
      ],
    }),
  });

  return {
    /**
     * Applies edits made elsewhere. Selection and scroll position stay where they are, the
     * undo history does not learn of them, and `onChange` is not called.
     * @param {import("./changes.mjs").Change[]} changes
     * @throws {RangeError} if they do not fit the text; the editor is then unchanged
     */
    applyChanges(changes) {
      view.dispatch({
        changes: fromSequential(changes, view.state.doc.length),
        annotations: [remote.of(true), Transaction.addToHistory.of(false)],
      });
    },

    /** Returns the whole text. */
    getDoc() {
      return view.state.sliceDoc();
    },

    /**
     * Gives the editor the focus.
     * @param {"start" | "end"} [where] puts the cursor there; without it the cursor stays
     */
    focus(where) {
      if (where) {
        const anchor = where === "start" ? 0 : view.state.doc.length;
        view.dispatch({ selection: { anchor }, scrollIntoView: true });
      }
      view.focus();
    },

    /** Returns the main selection, `[anchor, head]`. */
    getSelection() {
      const { anchor, head } = view.state.selection.main;
      return [anchor, head];
    },

    /** @param {boolean} readOnly */
    setReadOnly(readOnly) {
      view.dispatch({ effects: readOnlyPart.reconfigure(EditorState.readOnly.of(readOnly)) });
    },

    /** @param {import("./languages.mjs").Language} language */
    setLanguage(language) {
      view.dispatch({ effects: languagePart.reconfigure(extensionFor(language)) });
    },

    /** Removes the editor from the page. */
    destroy() {
      view.destroy();
    },
  };
}
