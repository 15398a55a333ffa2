// Shows that the bundle that comes later finds all it needs in the editor's.

import assert from "node:assert/strict";
import { test } from "node:test";
import { highlight } from "../dist/editor.js";
import { support } from "../dist/markdown.js";

test("Markdown's bundle fits the editor's", () => {
  const tree = support.language.parser.parse("# one\n\n*two*");
  assert.match(tree.toString(), /ATXHeading1.*Emphasis/);
  assert.match(highlight("x = 'y'", "python"), /tok-string/);
});
