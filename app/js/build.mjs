// Bundles what the app loads at run time into dist/: the editor and the formula renderer.
// Must not reach the network; everything comes from node_modules.

import { build } from "esbuild";
import { mkdir, readFile, rm } from "node:fs/promises";
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
});
await build({
  ...shared,
  entryPoints: { katex: createRequire(import.meta.url).resolve("katex/dist/katex.css") },
  loader: { ".woff2": "file" },
  // Names without a hash: the whole folder is one version of the app.
  assetNames: "fonts/[name]",
  plugins: [woff2Only],
});
