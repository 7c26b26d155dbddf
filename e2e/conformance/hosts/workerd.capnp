# The worker beside this file, on a port that `--control-fd` tells of. Which of the two is an argument of `serve`.
using Workerd = import "/workerd/workerd.capnp";

const withSignal :Workerd.Config = (
  services = [(name = "app", worker = (
    modules = .modules,
    compatibilityDate = "2026-11-01",
    # Without it `request.signal` never aborts.
    compatibilityFlags = ["enable_request_signal"],
  ))],
  sockets = .sockets,
);

const withoutSignal :Workerd.Config = (
  services = [(name = "app", worker = (modules = .modules, compatibilityDate = "2026-11-01"))],
  sockets = .sockets,
);

const modules :List(Workerd.Worker.Module) = [(name = "workerd.mjs", esModule = embed "workerd.mjs")];

const sockets :List(Workerd.Socket) = [(name = "http", address = "127.0.0.1:0", http = (), service = "app")];
