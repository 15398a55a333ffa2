// The kernel in its sandbox, in real Chromium, hosted as the app hosts it.
import { expect, test } from '@playwright/test';

let page;

test.beforeAll(async ({ browser }) => {
  page = await browser.newPage();
  await page.goto('/');
  await start('kernel');
});

test.afterAll(() => page.close());

/** Starts a kernel in the page under a name and returns what is known of it. */
function start(name, options = {}) {
  return page.evaluate(async ([as, how]) => {
    window[as] = await startKernel(how);
    const { ready, readyMillis, over, frameSaid, app } = window[as];
    return { ready, readyMillis, over, frameSaid, app };
  }, [name, options]);
}

/** Runs a cell in a kernel of the page. */
const run = (source, name = 'kernel') => page.evaluate(([as, code]) => window[as].run(code), [name, source]);

/** Runs a cell and interrupts it once it has started, after a while. Returns the time from there to its end. */
const interrupt = (source, { after = 200, name = 'kernel' } = {}) => page.evaluate(async ([as, code, wait]) => {
  const running = window[as].claim(code);
  await new Promise((resolve) => setTimeout(resolve, wait));
  const from = performance.now();
  window[as].interrupt();
  const { events } = await Promise.race([running.done, new Promise((_, reject) => setTimeout(() => reject(new Error('not interrupted')), 10_000))]);
  const millis = performance.now() - from;
  const length = events.reduce((sum, event) => sum + (event.StreamAppended?.text.Inline.length ?? 0), 0);
  return { millis, length, events: events.filter((event) => !event.StreamAppended) };
}, [name, source, after]);

const kinds = ({ events }) => events.map((event) => Object.keys(event).find((key) => key !== 'at'));
const outputs = ({ events }) => events.filter((event) => event.OutputAdded).map((event) => event.OutputAdded.output);
const outcome = ({ events }) => events.at(-1).ExecutionCompleted?.outcome;
const texts = ({ events }, stream) => events.filter((event) => event.StreamAppended && (!stream || event.StreamAppended.name === stream)).map((event) => event.StreamAppended.text.Inline).join('');
const result = (ran) => outputs(ran).find((output) => output.ExecuteResult)?.ExecuteResult.data['text/plain'].Inline;
const error = (ran) => outputs(ran).find((output) => output.Error)?.Error;

test('1+1 travels in two messages', async () => {
  const ran = await run('1+1');
  expect(kinds(ran)).toEqual(['ExecutionAssigned', 'ExecutionStarted', 'OutputAdded', 'ExecutionCompleted']);
  expect(ran.messages).toBe(2);
  expect(result(ran)).toBe('2');
  expect(outcome(ran)).toBe('ok');
});

test('names of earlier cells, semicolons, magics and top-level await', async () => {
  expect(result(await run('1+1;'))).toBeUndefined();
  expect(result(await run('_'))).toBe('2');
  await run('import asyncio\nvalue = await asyncio.sleep(0.01, 5)');
  expect(result(await run('value'))).toBe('5');
  expect(texts(await run('%time 1'))).toContain('Wall time');
  expect(outcome(await run('%matplotlib inline'))).toBe('ok');
  expect(texts(await run('%%capture out\nprint(3)'))).toBe('');
  expect(result(await run('out.stdout'))).toBe("'3\\n'");
  expect(result(await run("class A: pass\nimport pickle\ntype(pickle.loads(pickle.dumps(A()))) is A"))).toBe('True');
});

test('stdout and stderr come while running, merged and in order', async () => {
  const ran = await run("import sys, time\nfor i in range(3):\n  print('out', i); print('err', i, file=sys.stderr); time.sleep(0.1)");
  expect(texts(ran, 'stdout')).toBe('out 0\nout 1\nout 2\n');
  expect(texts(ran, 'stderr')).toBe('err 0\nerr 1\nerr 2\n');
  expect(ran.messages).toBeGreaterThanOrEqual(4);
  const indices = ran.events.filter((event) => event.StreamAppended).map((event) => event.StreamAppended.index);
  expect(indices).toEqual([...indices.keys()]);
});

test('output of code that computes without a pause is seen while it computes', async () => {
  const ran = await run("import time\nprint('early')\nend = time.monotonic() + 1\nwhile time.monotonic() < end: pass\nprint('late')");
  const first = ran.events.find((event) => event.StreamAppended);
  expect(first.StreamAppended.text.Inline).toBe('early\n');
  expect(first.at).toBeLessThan(ran.millis - 500);
});

test('100,000 lines: every one of them, in few events', async () => {
  const source = 'for i in range(100_000): print(i)';
  const expected = Array.from({ length: 100_000 }, (_, i) => `${i}\n`).join('');
  const ran = await run(source);
  expect(texts(ran)).toBe(expected);
  expect(ran.events.length).toBeLessThanOrEqual(100);
});

test('a 50 MB print arrives whole, 70 MB are cut with a notice', async () => {
  // The text stays in the page: the test's own wire is too slow for it.
  const weigh = (source) => page.evaluate(async (code) => {
    const { events, millis } = await kernel.run(code);
    const text = (name) => events.filter((event) => event.StreamAppended?.name === name).map((event) => event.StreamAppended.text.Inline).join('');
    const longest = Math.max(...events.map((event) => event.StreamAppended?.text.Inline.length ?? 0));
    return { length: text('stdout').length, stderr: text('stderr'), kinds: [...new Set(text('stdout'))].join(''), count: events.length, longest, millis };
  }, source);
  const whole = await weigh("line = 'x' * 99 + '\\n'\nfor _ in range(500_000): print(line, end='')");
  console.log(`50 MB in ${whole.millis.toFixed(0)} ms, ${whole.count} events`);
  expect(whole).toMatchObject({ length: 50_000_000, kinds: 'x\n', stderr: '' });
  expect(whole.count).toBeLessThanOrEqual(100);
  const one = await weigh("print('é' * 3_000_000)");
  expect(one).toMatchObject({ length: 3_000_001, kinds: 'é\n' });
  expect(one.longest).toBeLessThanOrEqual(2 * 1024 * 1024 + 1);
  const cut = await weigh("block = 'y' * 1_000_000\nfor _ in range(70): print(block)");
  expect(cut.length).toBe(64 * 1024 * 1024);
  expect(cut.stderr).toContain('were not kept');
});

test('printing waits for a reader that lags behind, and can be interrupted meanwhile', async () => {
  await start('deaf', { acknowledge: false });
  const stopped = await interrupt("while True: print('z' * 100_000)", { after: 1500, name: 'deaf' });
  expect(outcome(stopped)).toBe('interrupted');
  expect(stopped.length).toBeGreaterThan(7 * 1024 * 1024);
  expect(stopped.length).toBeLessThan(14 * 1024 * 1024);
  await page.evaluate(() => deaf.remove());
});

test('display, its update by id, and clear_output', async () => {
  const shown = await run("handle = display('first', display_id='same')\ndisplay({'text/html': '<b>x</b>'}, raw=True)");
  expect(outputs(shown).map((output) => output.DisplayData.display_id)).toEqual(['same', null]);
  const updated = await run("handle.update('second')");
  expect(updated.events.find((event) => event.DisplayUpdated).DisplayUpdated).toMatchObject({ display_id: 'same', data: { 'text/plain': { Inline: "'second'" } } });
  const cleared = await run("from IPython.display import clear_output\nprint(1)\nclear_output(wait=True)\nprint(2)");
  expect(kinds(cleared)).toEqual(['ExecutionAssigned', 'ExecutionStarted', 'StreamAppended', 'OutputsCleared', 'StreamAppended', 'ExecutionCompleted']);
  expect(cleared.events[3].OutputsCleared).toMatchObject({ index: 1, wait: true });
});

test('a name is described, without a word of it in a cell, and not while one runs', async () => {
  const inspect = (code) => page.evaluate((asked) => kernel.inspect(asked), code);
  await run("def tide(moon):\n  'Says how high the water is.'\nclass Rude:\n  def __repr__(self): print('rude'); raise SystemExit\nrude = Rude()\n6 * 7");
  const { Found: text } = await inspect('tide(');
  expect(text).toContain('\u001b[');
  expect(text).toContain('tide(moon)');
  expect(text).toContain('Says how high the water is.');
  expect(await inspect('absent')).toBe('Nothing');
  await inspect('rude');
  const after = await run('list(Out.values())[-1]');
  expect(result(after)).toBe('42');
  expect(texts(after)).toBe('');
  const busy = await page.evaluate(async () => {
    const running = kernel.claim('import asyncio\nawait asyncio.sleep(600)');
    const answer = await kernel.inspect('len');
    kernel.interrupt();
    await running.done;
    return answer;
  });
  expect(busy).toEqual({ Refused: 'Busy' });
});

test('errors carry IPython’s coloured traceback, without our frames', async () => {
  const ran = await run('def f():\n    return 1 / 0\nf()');
  const { ename, evalue, traceback } = error(ran);
  expect([ename, evalue, outcome(ran)]).toEqual(['ZeroDivisionError', 'division by zero', 'error']);
  const text = traceback.join('\n');
  expect(text).toContain('\u001b[');
  expect(text).toContain('return');
  expect(text).not.toMatch(/cathode|interactiveshell|wheels\.zip/);
  expect(error(await run('1 +')).traceback.join('\n')).toContain('SyntaxError');
  expect(error(await run('def r(): r()\nr()')).ename).toBe('RecursionError');
  expect(error(await run('input()')).ename).toBe('StdinNotImplementedError');
  expect(error(await run('!ls')).evalue).toContain('no other programs');
  expect(error(await run('%%bash\nls')).evalue).toContain('no other programs');
  expect(result(await run('1+1'))).toBe('2');
});

for (const [what, source] of [
  ['an endless loop', 'while True: pass'],
  ['a sleep', 'import time\ntime.sleep(60)'],
  ['an endless print', 'while True: print(1)'],
  ['an await', 'import asyncio\nawait asyncio.sleep(60)'],
]) {
  test(`an interrupt stops ${what} at once`, async () => {
    const stopped = await interrupt(source);
    console.log(`interrupt of ${what}: ${stopped.millis.toFixed(0)} ms`);
    expect(outcome(stopped)).toBe('interrupted');
    expect(error(stopped).ename).toBe('KeyboardInterrupt');
    expect(error(stopped).traceback.join('\n')).not.toMatch(/cathode/);
    expect(result(await run('1+1'))).toBe('2');
  });
}

test('of a hundred interrupts none is lost', async () => {
  // Pyodide reads the signal and then clears it; what comes between the two must not be cleared unread.
  for (let round = 0; round < 100; round += 1) {
    expect(outcome(await interrupt('while True: pass', { after: 20 + (round % 10) }))).toBe('interrupted');
  }
});

test('an interrupt that overtakes its claim stops it', async () => {
  for (const source of ['while True: pass', 'import asyncio\nawait asyncio.sleep(60)']) {
    const ran = await page.evaluate(async (code) => {
      kernel.interrupt();
      // Two ports keep no order between them: wait until the frame has surely read its own.
      await new Promise((resolve) => setTimeout(resolve, 50));
      return { events: (await kernel.claim(code).done).events };
    }, source);
    expect(outcome(ran)).toBe('interrupted');
    expect(error(ran).ename).toBe('KeyboardInterrupt');
    expect(result(await run('1+1'))).toBe('2');
  }
});

test('an interrupt that comes when its execution is over leaves the next one alone', async () => {
  const outcomes = await page.evaluate(async () => {
    const outcomes = [];
    for (let round = 0; round < 50; round += 1) {
      const first = kernel.claim('1');
      // Posted before the first one's end is known here, so it is meant for the first at most.
      await new Promise((resolve) => setTimeout(resolve, round % 12));
      if (!first.millis) kernel.interrupt();
      const { died } = await first.done;
      if (died) throw new Error(died.reason);
      const { events } = await kernel.claim('sum(range(100_000))').done;
      outcomes.push(events.at(-1).ExecutionCompleted.outcome);
    }
    return outcomes;
  });
  expect(outcomes).toEqual(Array(50).fill('ok'));
});

test('a restart in place restores the snapshot again, however soon it comes', async () => {
  const first = await start('fast');
  expect(first.ready.from_snapshot).toBe(true);
  for (let round = 0; round < 10; round += 1) {
    const made = await page.evaluate(async () => {
      window.fast = await startKernel({ inPlaceOf: fast });
      return { ready: fast.ready, cell: await fast.run('1+1') };
    });
    expect(made.ready.from_snapshot).toBe(true);
    expect(result(made.cell)).toBe('2');
  }
  await page.evaluate(() => fast.remove());
});

test('a frame outlives its kernels: stopped, dead, and replaced before they were up', async () => {
  await start('other');
  await run('left = 1\nopen("/lib/cathode/wheels.zip", "r+b").write(b"damaged")', 'other');
  await page.evaluate(() => other.stop());
  const restart = () => page.evaluate(async () => { window.other = await startKernel({ inPlaceOf: other }); return other.ready.from_snapshot; });
  expect(await restart()).toBe(true);
  expect(result(await run("open('/lib/cathode/wheels.zip', 'rb').read(2), 'left' in globals()", 'other'))).toBe("(b'PK', False)");
  expect((await run('import os\nos._exit(1)', 'other')).died).toMatchObject({ type: 'died' });
  expect(await restart()).toBe(true);
  await page.evaluate(() => { startKernel({ inPlaceOf: other }); });
  expect(await restart()).toBe(true);
  expect(result(await run('1+1', 'other'))).toBe('2');
  await page.evaluate(() => other.remove());
});

for (const [what, options] of [['before its files are there', { early: true }], ['from a heap in one piece', { inPieces: false }]]) {
  test(`a kernel starts ${what}`, async () => {
    const { ready, frameSaid } = await start('other', options);
    expect(frameSaid[0]).toEqual({ Capabilities: { interrupt: true } });
    expect(ready.from_snapshot).toBe(true);
    expect(result(await run('1+1', 'other'))).toBe('2');
    await page.evaluate(async () => { await other.frame.taken; other.remove(); });
  });
}

test('a kernel that starts before its files are there is told when one does not come', async () => {
  const missing = await start('other', { early: true, without: ['boot.js'] });
  expect(missing.over).toMatchObject({ type: 'failed', reason: 'The page did not bring boot.js. Reload it.' });
});

for (const [what, options] of [['a damaged snapshot', { damage: ['snapshot.bin'] }], ['no snapshot', { without: ['snapshot.bin'] }], ['no manifest', { without: ['manifest.json'] }]]) {
  test(`${what}: Python starts without it`, async () => {
    const { ready } = await start('other', options);
    expect(ready.from_snapshot).toBe(false);
    expect(result(await run('1+1', 'other'))).toBe('2');
    await page.evaluate(() => other.remove());
  });
}

test('a missing or damaged part of Pyodide is told', async () => {
  const missing = await start('other', { without: ['pyodide.asm.wasm'] });
  expect(missing.over).toMatchObject({ type: 'failed', reason: 'The page did not bring pyodide.asm.wasm. Reload it.' });
  const damaged = await start('other', { damage: ['pyodide.asm.wasm'] });
  expect(damaged.over.reason).toContain('its program is damaged (pyodide.asm.wasm');
});

test('Python that ends itself is reported dead', async () => {
  await start('other');
  const ran = await run("import os\nprint('last words')\nos._exit(1)", 'other');
  expect(ran.died).toMatchObject({ type: 'died', outOfMemory: false });
  expect(ran.died.reason).toContain('Python ended itself');
  await page.waitForFunction(() => other.frameSaid.at(-1).Died);
  const told = await page.evaluate(() => ({ worker: other.died, frame: other.frameSaid.at(-1), text: other.running.events.filter((event) => event.StreamAppended).length }));
  expect(told.worker.reason).toContain('Python ended itself');
  expect(told.frame.Died.reason).toContain('Python ended itself');
  expect(told.text).toBe(1);
  await page.evaluate(() => other.remove());
});

test('too much memory is an error, and the kernel lives', async () => {
  await start('other');
  expect(error(await run('data = []\nwhile True: data.append(bytearray(1 << 28))', 'other')).ename).toBe('MemoryError');
  await run('data = None', 'other');
  expect(result(await run('1+1', 'other'))).toBe('2');
  await page.evaluate(() => other.remove());
});

test('recursion through C either raises or is reported in words', async () => {
  await start('other');
  const ran = await run('class A:\n  def __repr__(self): return repr(self)\nA()', 'other');
  if (ran.died) expect(ran.died.reason).toContain('called itself too deeply');
  else expect(error(ran).ename).toBe('RecursionError');
  await page.evaluate(() => other.remove());
});

test('kernels of one snapshot share no chance', async () => {
  const seen = { random: new Set(), uuid: new Set(), secret: new Set(), hash: new Set() };
  for (let round = 0; round < 5; round += 1) {
    await start('other');
    const text = result(await run("import random, uuid, secrets\n[str(random.random()), str(uuid.uuid4()), secrets.token_hex(), str(hash('x'))]", 'other'));
    const [random, uuid, secret, hash] = JSON.parse(text.replaceAll("'", '"'));
    seen.random.add(random);
    seen.uuid.add(uuid);
    seen.secret.add(secret);
    seen.hash.add(hash);
    await page.evaluate(() => other.remove());
  }
  console.log(`distinct values of five kernels: ${Object.entries(seen).map(([what, values]) => `${what} ${values.size}`).join(', ')}`);
  expect(seen.random.size).toBe(5);
  expect(seen.uuid.size).toBe(5);
  expect(seen.secret.size).toBe(5);
});

test('nothing of the page’s origin is within reach', async () => {
  await page.evaluate(async () => {
    localStorage.setItem('private', 'yes');
    document.cookie = 'private=yes';
    window.heard = [];
    new BroadcastChannel('private').onmessage = ({ data }) => heard.push(data);
    navigator.locks.request('private', () => new Promise(() => {}));
    await navigator.storage.getDirectory().then((root) => root.getFileHandle('private', { create: true }));
    await new Promise((resolve, reject) => {
      const request = indexedDB.open('private');
      request.onsuccess = resolve;
      request.onerror = reject;
    });
  });
  const reach = (code) => run(`from pyodide.code import run_js\nfrom pyodide.ffi import run_sync\ntry:\n  reached = str(run_sync(run_js('''(async () => { ${code} })()''')))\nexcept Exception as e:\n  reached = 'denied: ' + str(e).splitlines()[0]\nprint(reached)`);
  const table = {
    origin: 'return self.origin',
    opfs: 'const root = await navigator.storage.getDirectory(); await root.getFileHandle("private"); return "open"',
    indexedDB: 'return await new Promise((yes, no) => { const r = indexedDB.open("private"); r.onsuccess = () => yes("open"); r.onerror = () => no(r.error); })',
    caches: 'return String(await caches.keys())',
    cookies: 'return self.document?.cookie ?? (await self.cookieStore?.getAll())?.length ?? "denied: absent"',
    localStorage: 'return self.localStorage?.getItem("private") ?? "denied: absent"',
    serviceWorker: 'return (await navigator.serviceWorker?.getRegistrations())?.length ?? "denied: absent"',
    parent: 'return self.parent?.document?.title ?? self.window?.top?.location ?? "denied: absent"',
    fetch: `return (await fetch("${page.url()}", {credentials: "include"})).status`,
    socket: 'return await new Promise((yes, no) => { const s = new WebSocket("ws://" + "127.0.0.1:8461"); s.onopen = () => yes("open"); s.onerror = () => no(new Error("refused")); })',
    script: `return (await import("${page.url()}cbor.mjs")) && "open"`,
    locks: 'return await navigator.locks.request("private", {ifAvailable: true}, (lock) => lock === null ? "shared" : "denied: another lock of that name")',
    broadcast: 'new BroadcastChannel("private").postMessage("from the kernel"); return "denied: posted to itself"',
  };
  const reached = {};
  for (const [what, code] of Object.entries(table)) reached[what] = texts(await reach(code)).trim();
  console.log(reached);
  expect(reached.origin).toBe('null');
  for (const [what, text] of Object.entries(reached)) if (what !== 'origin') expect(text, what).toMatch(/^denied/);
  await page.waitForTimeout(300);
  expect(await page.evaluate(() => heard)).toEqual([]);
  expect(await page.textContent('#untouched')).toContain('nothing of this page');
  expect(await page.evaluate(() => window.eval('typeof js'))).toBe('undefined');
});

test('a cell’s own messages cannot pass for the kernel’s', async () => {
  await start('other');
  await run("import js\njs.eval('postMessage({type: \"failed\", reason: \"forged\"}); postMessage({type: \"progress\", step: 3, percent: \"x\"}); postMessage(null)')", 'other');
  const app = await page.evaluate(async () => { await new Promise((resolve) => setTimeout(resolve, 100)); return other.app.map((message) => message.type); });
  expect(app.at(-1)).toBe('ready');
  await page.evaluate(() => other.remove());
});
