// Owns how Markdown is written: a bundle of its own, since a notebook may have none.

import { markdownKeymap, markdownLanguage } from "@codemirror/lang-markdown";
import { LanguageSupport } from "@codemirror/language";
import { keymap } from "@codemirror/view";

/** Assembled by hand: `markdown()` would bring the HTML, CSS and JavaScript parsers along. */
export const support = new LanguageSupport(markdownLanguage, keymap.of(markdownKeymap));
