/**
 * The clock inside a page, put there before the page's own scripts. It notes Shift+Enter, the
 * messages to and from workers, and the moment at which something is first true of the document:
 * a MutationObserver runs right after the change, so no polling blurs the times.
 */
(() => {
  if (window !== window.top) return;

  const probe = { sent: [], received: [], key: NaN, given: NaN, logging: false };
  window.probe = probe;

  addEventListener("keydown", (event) => {
    if (event.key === "Enter" && event.shiftKey) probe.key = performance.now();
  }, { capture: true });

  /** Resolves with the time at which `test` is first true after a change of the document. */
  probe.when = (test) => new Promise((resolve, reject) => {
    const check = () => {
      try {
        if (!test()) return false;
      } catch (error) {
        observer.disconnect();
        reject(error);
        return true;
      }
      observer.disconnect();
      resolve(performance.now());
      return true;
    };
    const observer = new MutationObserver(check);
    if (!check()) observer.observe(document, { subtree: true, childList: true, characterData: true, attributes: true });
  });

  probe.cell = (id) => document.querySelector(`[data-cell="${id}"]`);
  probe.outputs = (id) => probe.cell(id)?.querySelector("[data-outputs]")?.textContent ?? "";
  probe.button = (name, within = document) =>
    [...within.querySelectorAll("button")].find((button) => !button.disabled && (button.ariaLabel ?? button.textContent.trim()) === name);

  /** Watches the frames until `stop()`, which returns the longest time between two of them. */
  probe.frames = () => {
    let [worst, last, on] = [0, performance.now(), true];
    const frame = () => {
      const now = performance.now();
      worst = Math.max(worst, now - last);
      last = now;
      if (on) requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
    return () => {
      on = false;
      return Math.max(worst, performance.now() - last);
    };
  };

  const copyOf = (message) => {
    const bytes = Array.isArray(message) ? message[0] : message;
    return bytes instanceof Uint8Array && bytes.length < 65536 ? bytes.slice() : null;
  };
  window.Worker = class extends Worker {
    constructor(...parts) {
      super(...parts);
      this.addEventListener("message", ({ data }) => {
        // The kernel's frame has its files.
        if (data?.type === "given") probe.given = performance.now();
        if (probe.logging) probe.received.push({ at: performance.now(), bytes: copyOf(data) });
      });
    }

    postMessage(message, transfer) {
      if (probe.logging) probe.sent.push({ at: performance.now(), bytes: copyOf(message) });
      super.postMessage(message, transfer);
    }
  };

  /** Begins a new log of the worker's messages. */
  probe.log = () => Object.assign(probe, { logging: true, sent: [], received: [] });
  /** Returns the log as plain lists. */
  probe.messages = () => {
    const plain = (list) => list.map(({ at, bytes }) => ({ at, bytes: bytes && Array.from(bytes) }));
    return { sent: plain(probe.sent), received: plain(probe.received) };
  };
})();
