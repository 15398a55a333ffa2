/** What Python can show, and how it arrives in the page. */

import { expect, test } from "./fixtures.mjs";

const PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

test.beforeEach(async ({ notebook }) => {
  await notebook.create();
});

test("standard output and standard error come apart and in order", async ({ notebook }) => {
  await notebook.execute(0, "import sys\nprint('one')\nprint('two', file=sys.stderr)\nprint('three')");
  const streams = notebook.outputs(0).locator("[data-stream]");
  await expect(streams).toHaveCount(3);
  await expect(streams.nth(0)).toHaveText("one");
  await expect(streams.nth(1)).toHaveText("two");
  await expect(streams.nth(1)).toHaveAttribute("data-stream", "stderr");
  await expect(streams.nth(2)).toHaveText("three");
});

test("an error has IPython's traceback, in colours and without our own frames", async ({ notebook }) => {
  await notebook.execute(0, "def f(x):\n    return 1 / x\nf(0)", "error");
  const error = notebook.outputs(0).locator("[data-error=ZeroDivisionError]");
  await expect(error).toContainText("Traceback (most recent call last)");
  await expect(error).toContainText("ZeroDivisionError: division by zero");
  await expect(error).toContainText("return 1 / x");
  await expect(error).not.toContainText("cathode_kernel");
  await expect(error).not.toContainText("pyodide");
  const colours = await error.locator("span").evaluateAll((spans) => [...new Set(spans.map((span) => getComputedStyle(span).color))]);
  expect(colours.length).toBeGreaterThan(2);
});

test("ANSI colours and a carriage return are shown as a terminal shows them", async ({ notebook }) => {
  await notebook.execute(0, "print('\\x1b[31mred\\x1b[0m plain')\nfor i in range(101):\n    print(f'\\r{i} %', end='')");
  await expect(notebook.outputs(0)).toHaveText(/red plain\s*100 %$/);
  const red = notebook.outputs(0).locator("span", { hasText: "red" });
  const plain = await notebook.outputs(0).evaluate((outputs) => getComputedStyle(outputs).color);
  expect(await red.evaluate((span) => getComputedStyle(span).color)).not.toBe(plain);
});

test("HTML, Markdown, LaTeX, JSON and pictures are rendered", async ({ notebook }) => {
  await notebook.execute(0, `
from IPython.display import HTML, JSON, SVG, Image, Latex, Markdown, display
import base64
display(HTML('<table class="dataframe"><tr><td>cell</td></tr></table>'))
display(Markdown('**bold** and $x^2$'))
display(Latex(r'$$\\int_0^1 x\\,dx$$'))
display(JSON({'key': [1, 2]}))
display(SVG('<svg xmlns="http://www.w3.org/2000/svg" width="20" height="10"><circle r="5"/></svg>'))
display(Image(base64.b64decode('${PIXEL}'), format='png'))`);
  const outputs = notebook.outputs(0);
  await expect(outputs.locator("table td")).toHaveText("cell");
  await expect(outputs.locator("strong")).toHaveText("bold");
  await expect(outputs.locator(".katex")).toHaveCount(2);
  await expect(outputs.getByRole("group", { name: "JSON" })).toContainText("key");
  const pictures = outputs.locator("img");
  await expect(pictures).toHaveCount(2);
  for (const index of [0, 1]) {
    await expect.poll(() => pictures.nth(index).evaluate((picture) => picture.complete && picture.naturalWidth > 0)).toBe(true);
  }
});

test("output with script runs in a sandboxed frame and nowhere else", async ({ notebook }) => {
  await notebook.execute(0, `
from IPython.display import HTML, display
display(HTML('''<p id="said">still</p><script>
  document.getElementById('said').textContent = 'ran in ' + self.origin;
  try { parent.document.title = 'taken over'; } catch (error) { document.body.append(' and was refused: ' + error.name); }
</script>'''))`);
  const frame = notebook.outputs(0).locator("iframe");
  await expect(frame).toHaveAttribute("sandbox", "allow-scripts");
  const body = notebook.outputs(0).frameLocator("iframe").locator("body");
  await expect(body).toContainText("ran in null");
  await expect(body).toContainText("refused: SecurityError");
  await expect(notebook.page).not.toHaveTitle("taken over");
});

test("no script of an output runs in the page, however it is written", async ({ notebook }) => {
  // Only the page's own window has it; scripts in a sandboxed frame reach for their parent's.
  await notebook.page.evaluate(() => {
    window.ran = 0;
    window.canary = () => {
      window.ran += 1;
    };
  });
  await notebook.execute(0, `
from IPython.display import HTML, Markdown, SVG, Latex, display
attack = "try{(window.canary ?? window.parent.canary)()}catch{}"
for show, text in [
    (HTML, '<img src="x:" onerror="{}">'), (HTML, '<select><iframe></select><img src=x: onerror="{}">'),
    (HTML, '<a id="target" href="javascript:{}">link</a>'), (Markdown, '<img src="x:" onerror="{}"> [link](javascript:{})'),
    (HTML, '<details open ontoggle="{}">x</details>'), (HTML, '<form action="javascript:{}"><button>b</button></form>'),
    (SVG, '<svg xmlns="http://www.w3.org/2000/svg" onload="{}"><script>{}</script></svg>'),
    (Latex, r'$\\href<<javascript:{}>><<x>>$'),
]:
    display(show(text.replace('{}', attack).replace('<<', '{').replace('>>', '}')))
raise ValueError('<img src="x:" onerror="' + attack + '">')`, "error");
  await expect(notebook.outputs(0).locator("[data-error]")).toContainText("onerror");
  await notebook.execute(await notebook.append(), "print('by now every one of them was rendered')");
  expect(await notebook.page.evaluate(() => window.ran)).toBe(0);
  for (const link of await notebook.outputs(0).locator(":scope a").all()) {
    expect(await link.getAttribute("href")).not.toMatch(/^\s*javascript:/i);
  }
  await expect(notebook.outputs(0).locator(":is([onerror], [ontoggle], [onload], script, form)")).toHaveCount(0);
});

test("a display is updated in place, in its own cell and from another one", async ({ notebook }) => {
  await notebook.execute(0, "handle = display('first', display_id='id')");
  await expect(notebook.outputs(0)).toHaveText("'first'");
  await notebook.append();
  await notebook.execute(1, "handle.update('second')\nprint('done')");
  await expect(notebook.outputs(0)).toHaveText("'second'");
  await expect(notebook.outputs(1)).toHaveText("done");
  await notebook.reload();
  await expect(notebook.outputs(0)).toHaveText("'second'");
});

test("clear_output clears at once, or with the next output when it waits", async ({ notebook }) => {
  await notebook.execute(0, "from IPython.display import clear_output\nprint('a')\nclear_output()\nprint('b')\nclear_output(wait=True)\nprint('c')\nclear_output(wait=True)");
  await expect(notebook.outputs(0)).toHaveText("c");
});

test("output streams while Python runs", async ({ notebook }) => {
  await notebook.write(0, "import time\nprint('started')\nwhile True: time.sleep(0.01)");
  await notebook.run(0);
  await notebook.isRunning(0);
  await expect(notebook.outputs(0)).toHaveText("started");
  await notebook.button("Interrupt").click();
  await notebook.ends(0, "interrupted");
});
