// Owns which languages a cell can be written in, and that Markdown's comes only when it is asked for.
// Must not depend on a view of its own: the static highlighter uses it too.

import { pythonLanguage } from "@codemirror/lang-python";
import { LanguageSupport } from "@codemirror/language";
import { EditorView } from "@codemirror/view";

/** @typedef {"python" | "markdown" | "raw"} Language */

// Assembled by hand: `python()` would bring a completion along that nobody asks for.
const supports = { python: new LanguageSupport(pythonLanguage) };

/** @type {Promise<void> | undefined} */
let loading;

/**
 * Brings what a language needs. Resolves to whether it has come since this was called.
 * @param {Language} language
 * @returns {Promise<boolean>}
 */
export async function load(language) {
  if (language !== "markdown" || supports.markdown) return false;
  loading ??= import("./markdown.mjs").then(({ support }) => void (supports.markdown = support));
  try {
    await loading;
    return true;
  } catch {
    // Text without colours can be written, and whoever comes next asks again.
    loading = undefined;
    return false;
  }
}

/** @param {Language} language */
export function extensionFor(language) {
  const support = supports[language] ?? [];
  return language === "python" ? support : [support, EditorView.lineWrapping];
}

/**
 * Returns what reads a language, if there is such a thing and it is here.
 * @param {Language} language
 */
export function parserFor(language) {
  return supports[language]?.language.parser;
}
