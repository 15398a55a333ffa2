// Asks for cross-origin isolation where the host does not send its two headers: a service worker of our own
// adds them, and the page loads once more to come under it. Without isolation everything works but the
// interrupt, which then restarts the kernel; so nothing here may ever stand in the page's way.

const TRIED = "cathode.isolate.tried";

async function isolate() {
  if (globalThis.crossOriginIsolated || !globalThis.isSecureContext || !navigator.serviceWorker) return;
  const registration = await navigator.serviceWorker.register("./service-worker.js");
  if (navigator.serviceWorker.controller || sessionStorage.getItem(TRIED)) return;
  sessionStorage.setItem(TRIED, "yes");
  const worker = registration.active ?? registration.waiting ?? registration.installing;
  await new Promise((resolve) => {
    const check = () => worker.state === "activated" && resolve();
    worker.addEventListener("statechange", check);
    check();
  });
  location.reload();
}

isolate().catch((error) => console.warn("not cross-origin isolated:", error));
