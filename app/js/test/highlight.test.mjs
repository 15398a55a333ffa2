// Shows that static highlighting never lets the text of a cell become markup.

import assert from "node:assert/strict";
import { test } from "node:test";
import { escapeHtml, highlight } from "../src/highlight.mjs";
import { load } from "../src/languages.mjs";
import { random } from "./random.mjs";

const HOSTILE = [
  "<script>alert(1)</script>",
  '"><img src=x onerror=alert(1)>',
  "'<svg/onload=alert(1)>'",
  '# <iframe srcdoc="<script>alert(1)</script>">',
  "x = '''</pre></span><script>alert(1)</script>'''",
  "&lt;script&gt;alert(1)&lt;/script&gt;",
  "</span><a href='javascript:alert(1)'>x</a>",
  "[a](javascript:alert(1)) <b onclick=alert(1)>",
  "```html\n<script>alert(1)</script>\n```",
  "<!-- --!> <img src=x onerror=alert(1)> -->",
  "f'{x!r:<script>}'",
  "\u0000<b>\u2028</b>",
];
const LANGUAGES = ["python", "markdown", "raw"];

test("Markdown has colours once its parser is here", async () => {
  assert.equal(highlight("# one", "markdown"), "# one");
  assert.equal(await load("markdown"), true);
  assert.match(highlight("# one", "markdown"), /tok-heading/);
  assert.equal(await load("markdown"), false, "nothing new came");
});

/** Undoes the only markup that is allowed, and fails on any other. */
function textOf(html) {
  const text = html.replace(/<span class="tok-[A-Za-z0-9]+(?: tok-[A-Za-z0-9]+)*">|<\/span>/g, "");
  assert.ok(!/[<>"']/.test(text), `markup is left in ${JSON.stringify(text)}`);
  return text
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&quot;", '"')
    .replaceAll("&#39;", "'")
    .replaceAll("&amp;", "&");
}

test("hostile text comes back as text, in every language", () => {
  for (const code of HOSTILE) {
    for (const language of LANGUAGES) assert.equal(textOf(highlight(code, language)), code, language);
  }
});

test("random mixtures come back as text", () => {
  const pieces = [...HOSTILE, "\n", "    ", "def f():", "'", '"', "`", "$", "\r\n", "😀", "*", "[", "]("];
  for (let seed = 0; seed < 300; seed += 1) {
    const dice = random(seed);
    const code = Array.from({ length: 1 + dice.below(12) }, () => dice.pick(pieces)).join("");
    const language = dice.pick(LANGUAGES);
    assert.equal(textOf(highlight(code, language)), code, `seed ${seed} ${language}`);
  }
});

test("Python is highlighted with the editor's classes", () => {
  assert.equal(
    highlight("def f(x):\n    return 'a' # b", "python"),
    '<span class="tok-keyword">def</span> <span class="tok-variableName tok-definition">f</span>' +
      '<span class="tok-punctuation">(</span><span class="tok-variableName">x</span>' +
      '<span class="tok-punctuation">)</span>:\n    ' +
      '<span class="tok-keyword">return</span> <span class="tok-string">&#39;a&#39;</span> ' +
      '<span class="tok-comment"># b</span>',
  );
});

test("a very long text is escaped but not parsed", () => {
  const code = "<b>".repeat(100_000);
  assert.equal(highlight(code, "python"), escapeHtml(code));
});
