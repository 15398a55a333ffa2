/**
 * One snapshot, many kernels: what must differ differs. The seed of `hash` is part of the heap and
 * the same for all kernels of a build; docs/decisions says why.
 */

import { expect, test } from "./fixtures.mjs";
import { KERNEL_TIMEOUT } from "./notebook-page.mjs";

const KERNELS = Number(process.env.CATHODE_KERNELS ?? 100);

test(`B4-29: ${KERNELS} kernels of one snapshot have ${KERNELS} different random, uuid4, secrets, tempfile and urandom values`, async ({ notebook }) => {
  test.setTimeout(600_000);
  await notebook.create();
  await notebook.write(
    0,
    "import random, uuid, secrets, tempfile, os\nprint(random.random(), uuid.uuid4(), secrets.token_hex(8), tempfile.mktemp(), os.urandom(8).hex(), sep='|')",
  );
  const seen = new Map();
  for (let round = 0; round < KERNELS; round += 1) {
    await notebook.run(0);
    await notebook.ends(0, "ok", KERNEL_TIMEOUT);
    await expect(notebook.count(0)).toHaveText("1");
    const values = (await notebook.outputs(0).innerText()).trim().split("|");
    expect(values).toHaveLength(5);
    for (const [index, value] of values.entries()) {
      if (!seen.has(index)) seen.set(index, new Set());
      seen.get(index).add(value);
    }
    await notebook.button("Restart").click();
    await notebook.button("Clear outputs").click();
    await notebook.hasStatus(0, "idle");
  }
  for (const [index, values] of seen) expect(values.size, `value ${index}`).toBe(KERNELS);
});
