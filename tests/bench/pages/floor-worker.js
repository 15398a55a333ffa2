/** The floor of durable storage: 300 bytes appended to a file of the private file system, and a flush. */

const RECORD_BYTES = 300;

addEventListener("message", async ({ data: { count } }) => {
  const root = await navigator.storage.getDirectory();
  const file = await root.getFileHandle("bench-floor", { create: true });
  const handle = await file.createSyncAccessHandle();
  handle.truncate(0);
  const record = new Uint8Array(RECORD_BYTES).fill(120);
  const millis = [];
  for (let at = 0; at < count; at += 1) {
    const began = performance.now();
    handle.write(record, { at: at * RECORD_BYTES });
    handle.flush();
    millis.push(performance.now() - began);
  }
  handle.close();
  await root.removeEntry("bench-floor");
  postMessage(millis);
});
