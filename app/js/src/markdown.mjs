// Owns how Markdown is written: a bundle of its own, since a notebook may have none.

import { markdownKeymap, markdownLanguage } from "@codemirror/lang-markdown";
import { LanguageSupport } from "@codemirror/language";
import { Prec } from "@codemirror/state";
import { keymap } from "@codemirror/view";

// Assembled by hand: `markdown()` would bring the HTML, CSS and JavaScript parsers along.
// Its Enter, which goes on with a list, comes before the editor's.
export const support = new LanguageSupport(markdownLanguage, Prec.high(keymap.of(markdownKeymap)));
