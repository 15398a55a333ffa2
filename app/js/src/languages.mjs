// Owns which languages a cell can be written in.
// Must not depend on a view: the static highlighter uses it too.

import { markdownKeymap, markdownLanguage } from "@codemirror/lang-markdown";
import { pythonLanguage } from "@codemirror/lang-python";
import { LanguageSupport } from "@codemirror/language";
import { EditorView, keymap } from "@codemirror/view";

/** @typedef {"python" | "markdown" | "raw"} Language */

// Both assembled by hand: `python()` would bring a completion along that nobody asks for,
// and `markdown()` the HTML, CSS and JavaScript parsers.
const pythonSupport = new LanguageSupport(pythonLanguage);
const markdownSupport = new LanguageSupport(markdownLanguage, keymap.of(markdownKeymap));

/** @param {Language} language */
export function extensionFor(language) {
  switch (language) {
    case "python":
      return pythonSupport;
    case "markdown":
      return [markdownSupport, EditorView.lineWrapping];
    default:
      return EditorView.lineWrapping;
  }
}

/** @param {Language} language */
export function parserFor(language) {
  switch (language) {
    case "python":
      return pythonLanguage.parser;
    case "markdown":
      return markdownLanguage.parser;
    default:
      return undefined;
  }
}
