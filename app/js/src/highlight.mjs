// Owns the static, highlighted rendering of a cell whose editor is not mounted.
// Must not touch the DOM: it maps text to markup, and every character of the text is escaped.

import { classHighlighter, highlightCode } from "@lezer/highlight";
import { load, parserFor } from "./languages.mjs";

/** Longer texts are shown without colours: parsing them would block the page. */
const LONGEST_HIGHLIGHTED = 200_000;

const ENTITIES = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

/** @param {string} text */
export function escapeHtml(text) {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character]);
}

/**
 * Returns markup that looks like the editor's, with the same `tok-*` classes; without colours where the language is
 * still on its way.
 * @param {string} code
 * @param {import("./languages.mjs").Language} language
 * @returns {string}
 */
export function highlight(code, language) {
  load(language);
  const parser = parserFor(language);
  if (!parser || code.length > LONGEST_HIGHLIGHTED) return escapeHtml(code);
  let html = "";
  const putText = (text, classes) => {
    html += classes ? `<span class="${escapeHtml(classes)}">${escapeHtml(text)}</span>` : escapeHtml(text);
  };
  highlightCode(code, parser.parse(code), classHighlighter, putText, () => (html += "\n"));
  return html;
}
