// Owns the typesetting of formulas. Loaded only by notebooks that contain one.
// Must not trust the formula: it may come from somebody else's notebook.

import katex from "katex";

const LIMITS = {
  // A formula must not link, load or name anything, grow over the page or expand for ever.
  trust: false,
  maxSize: 40,
  maxExpand: 1000,
  throwOnError: false,
  strict: "ignore",
  errorColor: "var(--math-error, currentColor)",
};

/** Adds KaTeX's stylesheet to the page, once. */
function ensureStylesheet() {
  const href = new URL("./katex.css", import.meta.url).href;
  for (const link of document.querySelectorAll('link[rel="stylesheet"]')) {
    if (link.href === href) return;
  }
  const link = document.createElement("link");
  link.rel = "stylesheet";
  link.href = href;
  document.head.append(link);
}

/**
 * Returns the markup of a formula. A wrong formula gives its source, marked as an error.
 * @param {string} tex
 * @param {boolean} display
 * @returns {string}
 */
export function toHtml(tex, display) {
  // One set of macros per formula, so that `\gdef` in one cannot change another.
  return katex.renderToString(tex, { ...LIMITS, displayMode: display, macros: {} });
}

/**
 * Typesets every `.math[data-tex]` inside an element that is not typeset yet.
 * @param {Element} root
 */
export function renderMath(root) {
  const pending = root.querySelectorAll(".math[data-tex]:not([data-typeset])");
  if (pending.length > 0) ensureStylesheet();
  for (const element of pending) {
    element.innerHTML = toHtml(element.dataset.tex, element.dataset.display === "true");
    element.dataset.typeset = "";
  }
}
