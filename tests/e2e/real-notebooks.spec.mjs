/** Real input: notebooks of the nbclient 0.11.0 source archive, dropped onto the page and run. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "./fixtures.mjs";
import { FILES } from "./launch.mjs";
import { KERNEL_TIMEOUT } from "./notebook-page.mjs";
import { normalise } from "./normalise.mjs";

const NAMES = ["Factorials", "HelloWorld", "Unicode", "SVG", "Inline Image", "Clear Output", "update-display-id", "Empty Cell"];

function read(name) {
  return readFileSync(join(FILES, "nbclient", `${name}.ipynb`), "utf8");
}

/** Drops a file on the home page and waits until all its cells are there. */
async function openByDrop(notebook, name) {
  const text = read(name);
  await notebook.goHome();
  await notebook.drop(`${name}.ipynb`, text);
  await notebook.opened();
  const file = JSON.parse(text);
  await expect(notebook.cells).toHaveCount(file.cells.length);
  await expect(notebook.title).toHaveValue(name);
  await notebook.isSaved();
  return file;
}

/** Presses Run all and waits for every cell that has something to run. */
async function runAll(notebook, file) {
  await notebook.button("Clear outputs").click();
  await notebook.isSaved();
  await notebook.button("Run all").click();
  for (const [at, cell] of file.cells.entries()) {
    if (cell.cell_type === "code" && cell.source.length > 0) {
      await notebook.hasStatus(at, "completed", KERNEL_TIMEOUT);
    }
  }
  await notebook.isSaved();
}

for (const name of NAMES) {
  test(`${name}: every output and count is what nbclient expects`, async ({ notebook }) => {
    const file = await openByDrop(notebook, name);
    // nbclient runs in the folder of its files; here the one that is read is put there by a cell before.
    const before = name === "Inline Image" ? await putFile(notebook, "python.png") : 0;
    await runAll(notebook, file);
    const { notebook: run } = await notebook.download();
    expect(run.cells).toHaveLength(file.cells.length);
    for (const [at, cell] of file.cells.entries()) {
      const what = `cell ${at}: ${[cell.source].flat().join("")}`;
      const later = (count) => (typeof count === "number" ? count + before : count);
      const expected = cell.outputs?.map((output) => normalise({ ...output, execution_count: later(output.execution_count) }));
      expect(run.cells[at].outputs?.map(normalise), what).toEqual(expected);
      expect(run.cells[at].execution_count, what).toBe(later(cell.execution_count));
    }
  });
}

/** Writes a file of nbclient's folder into Python's, by a cell that is deleted again; returns the runs it took. */
async function putFile(notebook, name) {
  const base64 = readFileSync(join(FILES, "nbclient", name)).toString("base64");
  const at = await notebook.append();
  // Short lines: of a very long one the editor shows only a part.
  const parts = base64.match(/.{1,200}/g).map((part) => `    "${part}"`).join("\n");
  await notebook.execute(at, `import base64\nopen(${JSON.stringify(name)}, "wb").write(base64.b64decode(\n${parts}\n));`);
  await notebook.cell(at).hover();
  await notebook.cell(at).getByRole("button", { name: "Delete cell" }).click();
  await expect(notebook.cells).toHaveCount(at);
  return 1;
}

test("Error: the exception is the one of the file", async ({ notebook }) => {
  const file = await openByDrop(notebook, "Error");
  await runAll(notebook, file);
  await expect(notebook.cell(0)).toHaveAttribute("data-outcome", "error");
  const { notebook: run } = await notebook.download();
  const [actual] = run.cells[0].outputs.map(normalise);
  const [expected] = file.cells[0].outputs.map(normalise);
  // The lines between differ from one IPython to the next.
  for (const key of ["output_type", "ename", "evalue"]) expect(actual[key]).toBe(expected[key]);
  const ends = ({ traceback }) => [traceback.join("\n").split("\n")[1], traceback.at(-1)].map((line) => line.replace(/\s+/g, " "));
  expect(ends(actual)).toEqual(ends(expected));
});

test("Sleep1s: a sleep of one second takes one second", async ({ notebook }) => {
  const file = await openByDrop(notebook, "Sleep1s");
  await runAll(notebook, file);
  const { notebook: run } = await notebook.download();
  const [began, ended] = [2, 3].map((at) => {
    const stdout = run.cells[at].outputs.filter((output) => output.name === "stdout");
    return Date.parse(stdout.map((output) => [output.text].flat().join("")).join(""));
  });
  expect(ended - began).toBeGreaterThanOrEqual(1000);
});

for (const name of ["Clear Output", "Inline Image", "Error"]) {
  test(`${name}: what is downloaded is what was opened, outputs included`, async ({ notebook }) => {
    const file = await openByDrop(notebook, name);
    await notebook.reload();
    const { notebook: saved, name: fileName } = await notebook.download();
    expect(fileName).toBe(`${name}.ipynb`);
    expect([saved.nbformat, saved.nbformat_minor]).toEqual([4, 5]);
    const joined = (value) => (Array.isArray(value) && value.every((line) => typeof line === "string") ? value.join("") : value);
    const plain = (cell) => ({
      ...cell,
      id: undefined,
      source: joined(cell.source),
      outputs: cell.outputs?.map((output) => ({
        ...output,
        text: joined(output.text),
        data: output.data && Object.fromEntries(Object.entries(output.data).map(([mime, value]) => [mime, joined(value)])),
      })),
    });
    expect(saved.cells.map(plain)).toEqual(file.cells.map(plain));
    expect(saved.metadata).toEqual(expect.objectContaining(file.metadata));
    for (const [at, cell] of file.cells.entries()) {
      expect(saved.cells[at].id).toMatch(/^[\w-]{1,64}$/);
      if (cell.id) expect(saved.cells[at].id).toBe(cell.id);
    }
  });
}

test("a file dropped on an open notebook adds its cells; one that is none says so and changes nothing", async ({ notebook }) => {
  await openByDrop(notebook, "HelloWorld");
  await notebook.drop("broken.ipynb", '{"cells": [');
  await expect(notebook.page.getByText("broken.ipynb could not be opened")).toBeVisible();
  await expect(notebook.cells).toHaveCount(1);
  await notebook.drop("Unicode.ipynb", read("Unicode"));
  await expect(notebook.cells).toHaveCount(2);
  await expect(notebook.outputs(1)).toHaveText("☃");
});
