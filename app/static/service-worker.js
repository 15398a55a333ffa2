// Keeps one build of the site for when there is no network, and adds the headers of cross-origin isolation for hosts
// that cannot send them (docs/decisions/0017).
//
// Every file is kept under its name and its hash, beside the list of the build they belong to. Which build a page is
// of is noted when it is answered, and its workers are of the same: from what is kept a page gets its own build's files
// alone. Where nothing can be kept, everything comes from the network as if nobody stood in between.

const SITE = new URL("./", location.href).href;
/** A site below another path of the same host has one of its own. */
const CACHE = `cathode-site ${new URL(SITE).pathname}`;
const LIST = `${SITE}files.json`;
const PAGE = "index.html";
/** What only those need who run Python. */
const PYTHON = /^kernel(-worker|\/)/;
/** Its name says what is in it. */
const HASHED = /-[0-9a-f]{16}(_bg)?\.\w+$/;
/** A host may declare the packing as an encoding, and then nobody sees the bytes that were hashed. */
const PACKED = /\.gz$/;
/** How long the network may take to answer where there is a kept answer. */
const PATIENCE_MILLIS = 3000;
/** Something is kept where there is room for so many: notebooks need it more. */
const ROOM = 4;

addEventListener("install", () => skipWaiting());

addEventListener("activate", (event) => {
  event.waitUntil(clients.claim());
  // The page is asked for while this worker is still being started.
  event.waitUntil(registration.navigationPreload?.enable());
});

addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname, search } = new URL(request.url);
  const path = `${origin}${pathname}`.slice(SITE.length);
  // The relay's addresses have no ending.
  const isFile = search === "" && /\.\w+$/.test(path);
  const isPage = request.mode === "navigate" && (path === "" || path === PAGE);
  if (!request.url.startsWith(SITE) || !(isFile || isPage)) return;
  if (request.method !== "GET" || request.cache === "only-if-cached" || request.headers.has("Range")) return;
  event.respondWith(isPage ? page(event) : file(event, path));
});

addEventListener("message", (event) => {
  const { data, source, ports: [port] } = event;
  if (data?.type !== "keep") return;
  note(source.id, data.build);
  const kept = navigator.locks.request(CACHE, () => keep(data));
  event.waitUntil(kept.then((kept) => port.postMessage({ kept }), ({ message }) => port.postMessage({ failed: message })));
});

/** Answers with the newest page there is: its address says which notebook, which is no business of the page's file. */
async function page(event) {
  const asked = Promise.resolve(event.preloadResponse).then((response) => response ?? fetch(event.request));
  asked.catch(() => {}); // Told by who awaits it.
  const list = await kept();
  const copy = await copyOf(list, PAGE);
  const response = await networkOr(copy, asked);
  const build = response === copy ? list.build : nameIn(response.clone());
  event.waitUntil(note(event.resultingClientId, build));
  return isolated(response);
}

async function file(event, path) {
  const { request } = event;
  const [list, build] = await Promise.all([kept(), buildOf(event.clientId)]);
  if (event.resultingClientId && build !== undefined) event.waitUntil(note(event.resultingClientId, build));
  const copy = await copyOf(list, path);
  const isWorker = request.destination === "worker";
  const answer = async () => {
    if (copy && (build === list.build || HASHED.test(path))) return copy;
    return build === undefined ? networkOr(copy, fetch(request)) : fetch(request);
  };
  return isWorker ? isolated(await answer()) : answer();
}

/** Returns the network's answer, or the kept one where the network fails or takes too long. */
async function networkOr(copy, asked) {
  if (!copy) return asked;
  const late = new Promise((resolve) => setTimeout(resolve, PATIENCE_MILLIS));
  const response = await Promise.race([asked, late]).catch(() => {});
  return response && response.status < 500 ? response : copy;
}

const ISOLATION = [["Cross-Origin-Opener-Policy", "same-origin"], ["Cross-Origin-Embedder-Policy", "credentialless"]];

/** Adds the headers of isolation where they are missing. */
function isolated(response) {
  const headers = new Headers(response.headers);
  const missing = ISOLATION.filter(([name]) => !headers.has(name));
  if (response.status === 0 || missing.length === 0) return response;
  for (const [name, value] of missing) headers.set(name, value);
  const body = [101, 204, 205, 304].includes(response.status) ? null : response.body;
  return new Response(body, { status: response.status, statusText: response.statusText, headers });
}

/** The builds of those who were answered, by client. A browser ends this worker when it is idle: the cache has them too. */
const builds = new Map();

const addressOf = (client) => `${SITE}?client=${client}`;

async function note(client, build) {
  builds.set(client, build);
  try {
    const cache = await caches.open(CACHE);
    await cache.put(addressOf(client), new Response(await build));
  } catch {
    // It is known as long as this worker lives.
  }
}

/** Returns the build of a page or worker, `""` where it names none, or undefined where it is not known. */
async function buildOf(client) {
  if (!builds.has(client)) builds.set(client, find(addressOf(client)).then((found) => found?.text()));
  return builds.get(client);
}

/** Returns the build that a page says it is of. */
async function nameIn(response) {
  const [, name = ""] = /<meta name="build" content="(\w*)"/.exec(await response.text()) ?? [];
  return name;
}

/** The list of the build that is kept, once it was asked for. */
let known;

/** Returns the list of the build that is kept, or null. */
function kept() {
  known ??= find(LIST).then((found) => found?.json() ?? null).catch(() => null);
  return known;
}

async function copyOf(list, path) {
  const entry = list?.files[path];
  return entry && find(keyOf(path, entry));
}

const keyOf = (path, [hash]) => new URL(`${path}?${hash}`, SITE).href;

async function find(key) {
  try {
    return await (await caches.open(CACHE)).match(key, { ignoreVary: true });
  } catch {
    return undefined;
  }
}

/** Keeps the build that a page is of in place of the one before, and returns what is kept: "site" or "python". */
async function keep({ build, python: isWanted }) {
  const cache = await caches.open(CACHE);
  known = undefined;
  const before = await kept();
  const python = isWanted || !!before?.python;
  try {
    if (before?.build !== build || before.python !== python) await bringAll(cache, build, python);
  } finally {
    known = undefined;
    await tidy(cache, await kept());
  }
  return python ? "python" : "site";
}

async function bringAll(cache, build, python) {
  const list = await (await fetch(LIST, { cache: "no-cache" })).json();
  // Who reloads gets another build, which is kept then.
  if (list.build !== build) throw new Error("the host has another build by now");
  const there = new Set((await cache.keys()).map(({ url }) => url));
  const wanted = Object.entries(list.files).filter(([path]) => python || !PYTHON.test(path));
  const missing = wanted.filter(([path, entry]) => !there.has(keyOf(path, entry)));
  const { quota, usage } = await navigator.storage.estimate();
  if (quota - usage < sizeOf(missing) * ROOM) throw new Error("there is too little room");
  for (const [path, entry] of missing) await cache.put(keyOf(path, entry), await bring(path, entry));
  await cache.put(LIST, new Response(JSON.stringify({ ...list, python, bytes: sizeOf(wanted) })));
}

const sizeOf = (files) => files.reduce((sum, [, [, bytes]]) => sum + bytes, 0);

/** Returns a file of a build. What the page had fetched comes from the browser's cache. */
async function bring(path, [hash]) {
  if (path === PAGE) return bringPage(hash);
  const isSure = !PACKED.test(path);
  for (const cache of isSure ? ["force-cache", "no-cache"] : ["no-cache"]) {
    const response = await fetch(SITE + path, { cache, ...(isSure && { integrity: `sha256-${hash}` }) }).catch(() => {});
    if (response?.ok) return response;
  }
  throw new Error(`${path} could not be loaded, or is not of this build`);
}

async function bringPage(build) {
  const response = await fetch(SITE, { cache: "no-cache" });
  const text = await response.text();
  if (await nameIn(new Response(text)) !== build) throw new Error("the page is not of this build");
  // Made anew, because what a redirection led to is no answer to a navigation.
  return new Response(text, { headers: response.headers });
}

/** Deletes what no longer belongs to what is kept, and the notes on who is gone. */
async function tidy(cache, list) {
  const belongs = new Set(Object.entries(list?.files ?? {}).map(([path, entry]) => keyOf(path, entry)));
  belongs.add(LIST);
  const present = await clients.matchAll({ type: "all", includeUncontrolled: true });
  // Who is only about to start is not among those.
  for (const id of [...present.map(({ id }) => id), ...builds.keys()]) belongs.add(addressOf(id));
  for (const request of await cache.keys()) {
    if (!belongs.has(request.url)) await cache.delete(request);
  }
}
