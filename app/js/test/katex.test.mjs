// Shows that a formula cannot bring markup, links or handlers of its own into the page.

import assert from "node:assert/strict";
import { test } from "node:test";
import { toHtml } from "../src/katex.mjs";

const HOSTILE = [
  "\\href{javascript:alert(1)}{x}",
  "\\url{javascript:alert(1)}",
  "\\includegraphics{https://example.org/x.png}",
  "\\htmlClass{evil}{x}",
  "\\htmlId{location}{x}",
  "\\htmlStyle{position:fixed}{x}",
  "\\htmlData{cell=1}{x}",
  "<script>alert(1)</script>",
  '"><img src=x onerror=alert(1)>',
  "\\text{<img src=x onerror=alert(1)>}",
  "\\unknown<svg onload=alert(1)>",
  "\\def\\x{\\x\\x}\\x",
];

test("hostile formulas render without active content", () => {
  for (const tex of HOSTILE) {
    for (const display of [true, false]) {
      const html = toHtml(tex, display);
      // Text is escaped, so what follows a "<" is a real tag.
      for (const [tag] of html.matchAll(/<[^>]*>/g)) {
        assert.doesNotMatch(tag, /^<(?:script|img|svg[^>]*onload|a|iframe)\b/i, `${tex} gave ${tag}`);
        assert.doesNotMatch(tag.replace(/"[^"]*"/g, '""'), /\son\w+=|\sid=|\sdata-/i, `${tex} gave ${tag}`);
        assert.doesNotMatch(tag, /(?:href|src)="/i, `${tex} gave ${tag}`);
        assert.doesNotMatch(tag, /class="evil"|position:\s*fixed/i, `${tex} gave ${tag}`);
      }
    }
  }
});

test("a formula is typeset, and an error does not throw", () => {
  assert.match(toHtml("\\frac{a}{b}", true), /class="katex-display"/);
  assert.match(toHtml("\\frac{a", false), /katex-error/);
});

test("a definition does not leak into the next formula", () => {
  toHtml("\\gdef\\leaked{1}\\leaked", false);
  assert.match(toHtml("\\leaked", false), /color:\s*var\(--math-error/);
});
