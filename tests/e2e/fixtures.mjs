/**
 * What every test gets: a server, a browser with a profile of its own, and a notebook page.
 * A panic or an uncaught error of any page fails the test it happened in.
 */

import { test as base } from "@playwright/test";
import { launch, makeProfile, serve } from "./launch.mjs";
import { NotebookPage } from "./notebook-page.mjs";

export { expect } from "@playwright/test";

export const test = base.extend({
  site: [
    async ({}, use) => {
      const site = await serve();
      await use(site.url);
      await site.close();
    },
    { scope: "worker" },
  ],

  context: async ({}, use, testInfo) => {
    const profile = await makeProfile();
    const context = await launch(profile.path);
    const broken = [];
    const said = [];
    context.on("weberror", (error) => {
      // What a notebook's own code throws, in frames or evaluated without a place of its own, is its own.
      const { url } = error.location();
      if (!/^(about:srcdoc|data:|blob:|$)/.test(url)) broken.push(`${error.error()} at ${url}`);
    });
    context.on("console", (message) => {
      const line = `${message.type()}: ${message.text()}`;
      said.push(line);
      if (/ of Cathode \S+ stopped: /.test(line)) broken.push(line);
    });
    await use(context);
    if (testInfo.status !== testInfo.expectedStatus) {
      await testInfo.attach("console", { body: said.join("\n"), contentType: "text/plain" });
      console.log(said.slice(-40).join("\n"));
    }
    await context.close();
    await profile.remove();
    if (broken.length > 0) throw new Error(`a page broke:\n${broken.join("\n")}`);
  },

  page: async ({ context }, use) => {
    await use(context.pages()[0] ?? (await context.newPage()));
  },

  /** A page object over the first tab, which is still empty. */
  notebook: async ({ page, site }, use) => {
    await use(new NotebookPage(page, site));
  },
});
