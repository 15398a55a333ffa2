/**
 * The files of a notebook as they lie in the private file system, read and written from a page of
 * the same origin while no tab has the notebook open. For tests of damage; knows the layout of
 * the pool only as far as it must: 4096 bytes of header, the file's name at its beginning.
 */

const HEADER = 4096;

/** Opens a page of the origin that opens no notebook. */
async function bystander(context, site) {
  const page = await context.newPage();
  await page.goto(`${site}icon.svg`);
  return page;
}

/**
 * Runs `alter(files)` on the notebook's files in a page. `files` is a list of
 * `{path, name, bytes}`; what it returns in `write` is written back.
 */
async function withFiles(context, site, id, alter, argument) {
  const page = await bystander(context, site);
  const answer = await page.evaluate(
    async ([notebook, header, source, given]) => {
      const found = [];
      // A file or folder may be removed meanwhile, before it is looked at or after.
      const unlessGone = (error) => {
        if (!["NotFoundError", "InvalidStateError"].includes(error.name)) throw error;
      };
      const walk = async (folder, path) => {
        for await (const entry of folder.values()) {
          if (entry.kind === "directory") await walk(entry, `${path}/${entry.name}`).catch(unlessGone);
          else found.push({ handle: entry, path: `${path}/${entry.name}` });
        }
      };
      await walk(await navigator.storage.getDirectory(), "").catch(unlessGone);
      // A file that is written to between the two steps can no longer be read as it was at the first.
      const read = async (handle) => {
        for (;;) {
          try {
            return await (await handle.getFile()).arrayBuffer();
          } catch (error) {
            if (error.name !== "NotReadableError") throw error;
          }
        }
      };
      const files = [];
      for (const { handle, path } of found) {
        const contents = await read(handle).catch(unlessGone);
        if (!contents) continue;
        const bytes = new Uint8Array(contents);
        const end = bytes.indexOf(0);
        const name = path.includes(".opaque") ? new TextDecoder().decode(bytes.subarray(0, Math.min(end, 512))) : "";
        files.push({ handle, path, name, bytes });
      }
      const own = files.filter(({ path }) => path.includes(notebook));
      const changed = new Function("files", "header", "given", `return (${source})(files, header, given)`)(own, header, given);
      // The worker of the tab that was left may take a moment to let go of its files.
      const writable = async (handle) => {
        for (;;) {
          try {
            return await handle.createWritable();
          } catch (error) {
            if (error.name !== "NoModificationAllowedError") throw error;
            await new Promise((resolve) => setTimeout(resolve, 10));
          }
        }
      };
      for (const { handle, bytes } of changed.write ?? []) {
        const stream = await writable(handle);
        await stream.write(bytes);
        await stream.close();
      }
      return changed.answer;
    },
    [id, HEADER, String(alter), argument],
  );
  await page.close();
  return answer;
}

/** Lists the notebook's files: path, the name SQLite knows, size without the pool's header. */
export function list(context, site, id) {
  return withFiles(context, site, id, (files, header) => ({
    answer: files.map(({ path, name, bytes }) => ({ path, name, size: name ? Math.max(0, bytes.length - header) : bytes.length })),
  }));
}

/**
 * Alters the database file: `change(body, given)` gets its bytes and returns the new ones. It runs
 * in the page, so it must use nothing from outside.
 */
export function alterDatabase(context, site, id, change, given) {
  return withFiles(
    context,
    site,
    id,
    (files, header, [source, argument]) => {
      const database = files.find(({ name }) => name.endsWith(".db"));
      if (!database) throw new Error(`no database among ${files.map(({ path, name }) => `${path} (${name})`)}`);
      const body = new Function("body", "given", `return (${source})(body, given)`)(database.bytes.slice(header), argument);
      const bytes = new Uint8Array(header + body.length);
      bytes.set(database.bytes.subarray(0, header));
      bytes.set(body, header);
      return { write: [{ handle: database.handle, bytes }], answer: body.length };
    },
    [String(change), given],
  );
}

/** Returns the bytes of the database file as an array of numbers, cut to the first `length`. */
export function databaseHead(context, site, id, length) {
  return withFiles(
    context,
    site,
    id,
    (files, header, count) => {
      const database = files.find(({ name }) => name.endsWith(".db"));
      return { answer: [...database.bytes.subarray(header, header + count)] };
    },
    length,
  );
}
