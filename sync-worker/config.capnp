# How a plain workerd runs the relay. `cargo xtask build-relay` puts this file beside the built ones.
#
# The port and the folder of the storage are given on the command line, limits in the environment:
#   CATHODE_RELAY_LIMITS='{"connections": 100}' workerd serve config.capnp \
#     --socket-addr http=127.0.0.1:8787 --directory-path storage=/var/lib/cathode

using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "relay", worker = .relay),
    (name = "storage", disk = (writable = true)),
  ],
  sockets = [(name = "http", http = (), service = "relay")],
);

const relay :Workerd.Worker = (
  modules = [
    (name = "relay.js", esModule = embed "relay.js"),
    (name = "relay_bg.wasm", wasm = embed "relay_bg.wasm"),
  ],
  compatibilityDate = "2026-04-01",
  durableObjectNamespaces = [(className = "Notebook", uniqueKey = "cathode-notebook", enableSql = true)],
  durableObjectStorage = (localDisk = "storage"),
  bindings = [
    (name = "NOTEBOOK", durableObjectNamespace = "Notebook"),
    (name = "LIMITS", fromEnvironment = "CATHODE_RELAY_LIMITS"),
  ],
);
