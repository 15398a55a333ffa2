// Registers the site's service worker, which does two things (service-worker.js). Where the host does not send the
// headers of cross-origin isolation it adds them, and the page loads once more to come under it; without isolation
// everything works but the interrupt, which then restarts the kernel. And it keeps the site for when there is no
// network, once the page is at rest. Nothing here may ever stand in the page's way.

const TRIED = "cathode.isolate.tried";
/** The page is at rest when it has been for so many seconds. */
const CALM = 3;

async function isolate() {
  if (globalThis.crossOriginIsolated || !isSecureContext || !navigator.serviceWorker) return;
  const isUnderIt = navigator.serviceWorker.controller !== null;
  await register();
  if (isUnderIt || sessionStorage.getItem(TRIED)) return;
  sessionStorage.setItem(TRIED, "yes");
  location.reload();
}

/** Returns the service worker, which is active then. */
async function register() {
  const registration = await navigator.serviceWorker.register("./service-worker.js");
  const worker = registration.installing ?? registration.waiting ?? registration.active;
  await new Promise((resolve) => {
    const check = () => (worker.state === "activated" || worker.state === "redundant") && resolve();
    worker.addEventListener("statechange", check);
    check();
  });
  return registration.active;
}

/** Resolves when nothing is under way that a person waits for. */
async function rest() {
  if (document.readyState !== "complete") await new Promise((resolve) => addEventListener("load", resolve, { once: true }));
  for (let calm = 0; calm < CALM; calm += 1) {
    await new Promise((resolve) => setTimeout(resolve, 1000));
    if (document.querySelector("[data-kernel=starting]")) calm = -1;
  }
}

/** Has this build of the site kept, and says on the document what is: `data-kept` is `site` or `python`. */
async function keep(python) {
  await rest();
  const worker = await register();
  const { port1, port2 } = new MessageChannel();
  const build = document.querySelector("meta[name=build]").content;
  worker.postMessage({ type: "keep", build, python }, [port2]);
  const { kept, failed } = await new Promise((resolve) => { port1.onmessage = ({ data }) => resolve(data); });
  if (failed) throw new Error(failed);
  document.documentElement.dataset.kept = kept;
}

async function keepAll() {
  if (!isSecureContext || !navigator.serviceWorker) return;
  await keep(false);
  await window.cathodePython;
  await keep(true);
}

/** Tells the diagnostics page what is kept: `python` and `bytes`, or nothing. */
window.cathodeKept = async () => (await caches.match("./files.json"))?.json();

isolate().catch((error) => console.warn("not cross-origin isolated:", error));
keepAll().catch((error) => console.warn("not kept for when there is no network:", error));
