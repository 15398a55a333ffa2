// What a bundle that comes later takes from the editor's: a second copy of a library would not know the first one's
// types. Where a name is missing here, that bundle cannot be loaded (../test/bundles.test.mjs).

export {
  defineLanguageFacet,
  foldNodeProp,
  indentNodeProp,
  indentUnit,
  Language,
  languageDataProp,
  LanguageSupport,
  syntaxTree,
} from "@codemirror/language";
export { countColumn, EditorSelection, Prec } from "@codemirror/state";
export { keymap } from "@codemirror/view";
export { IterMode, NodeProp, NodeSet, NodeType, Parser, Tree } from "@lezer/common";
export { styleTags, Tag, tags } from "@lezer/highlight";
