// Bundles what the app loads at run time into dist/: the editor and the formula renderer.
// Must not reach the network; everything comes from node_modules.

import { build, transform } from "esbuild";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";

const here = path.dirname(fileURLToPath(import.meta.url));
const dist = path.join(here, "dist");

/** Every browser that runs the app knows woff2, so KaTeX's older font formats are left out. */
const woff2Only = {
  name: "woff2-only",
  setup(bundle) {
    bundle.onLoad({ filter: /katex\.css$/ }, async ({ path: file }) => {
      const css = await readFile(file, "utf8");
      return {
        contents: css.replace(/,\s*url\([^)]*\.(?:woff|ttf)\)\s*format\("[^"]*"\)/g, ""),
        loader: "css",
      };
    });
  },
};

/** The editor's libraries are in its bundle; what comes later takes them from there (src/libraries.mjs). */
const fromEditor = {
  name: "from-editor",
  setup(bundle) {
    const filter = /^@(?:codemirror\/(?:autocomplete|language|state|view)|lezer\/(?:common|highlight))$/;
    bundle.onResolve({ filter }, () => ({ path: "./editor.js", external: true }));
    // What is left after bundling still imports what was left out. TypeScript's reader drops such imports.
    bundle.onEnd(async ({ outputFiles: [file] }) => {
      const { code } = await transform(file.text, { loader: "ts", minify: true, charset: "utf8", target: shared.target });
      await writeFile(file.path, code);
    });
  },
};

/** What is loaded only when it is needed is a bundle of its own. */
const later = {
  name: "later",
  setup(bundle) {
    bundle.onResolve({ filter: /^\.\/markdown\.mjs$/ }, () => ({ path: "./markdown.js", external: true }));
  },
};

const shared = {
  bundle: true,
  minify: true,
  format: "esm",
  target: "es2022",
  splitting: false,
  charset: "utf8",
  legalComments: "none",
  outdir: dist,
  logLevel: "warning",
};

await rm(dist, { recursive: true, force: true });
await mkdir(dist, { recursive: true });
await build({
  ...shared,
  entryPoints: { editor: path.join(here, "src/editor.mjs"), katex: path.join(here, "src/katex.mjs") },
  plugins: [later],
});
await build({
  ...shared,
  entryPoints: { markdown: path.join(here, "src/markdown.mjs") },
  plugins: [fromEditor],
  write: false,
});
await build({
  ...shared,
  entryPoints: { katex: createRequire(import.meta.url).resolve("katex/dist/katex.css") },
  loader: { ".woff2": "file" },
  // Names without a hash: the whole folder is one version of the app.
  assetNames: "fonts/[name]",
  plugins: [woff2Only],
});
