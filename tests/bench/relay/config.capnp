# The plain relay in workerd: all else is as for the real one (sync-worker/config.capnp).

using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "relay", worker = .relay),
    (name = "storage", disk = (writable = true)),
  ],
  sockets = [(name = "http", http = (), service = "relay")],
);

const relay :Workerd.Worker = (
  modules = [(name = "plain.js", esModule = embed "plain.js")],
  compatibilityDate = "2026-04-01",
  durableObjectNamespaces = [(className = "Plain", uniqueKey = "plain", enableSql = true)],
  durableObjectStorage = (localDisk = "storage"),
  bindings = [(name = "PLAIN", durableObjectNamespace = "Plain")],
);
