import type { Expectations, HostKind } from "./host-kind.ts";

/** Of `node:http`, and of what is nearest to ideal elsewhere. */
const http1: Expectations = {
  addedHeaders: ["connection", "date", "keep-alive", "transfer-encoding"],
  headLeaves: "at once",
  onHalfClose: "at once",
  onClose: "at once",
  onReset: "at once",
  onKill: "at once",
  abortsSignal: "on a disconnect",
  holdsForSlowClient: "socket buffers",
};

const http2: Expectations = {
  ...http1,
  addedHeaders: ["date"],
  onStreamReset: "at once",
  holdsForSlowClient: "the window of HTTP/2",
};

const workerd: Expectations = {
  ...http1,
  addedHeaders: ["transfer-encoding"],
  onHalfClose: "never",
  onClose: "at the next write",
  onKill: "at the next write",
  complaint: /cross-context actions|from a different request context/,
};

const workerdReasons: HostKind["reasons"] = {
  onHalfClose: "A client that still reads counts as there.",
  onClose:
    "Of a connection that it does not write to, workerd notices nothing but a reset. A silent stream is released by its next heartbeat.",
  onKill: "As after a close: the system closes the connections of a process that is gone.",
  complaint: "`drain()`, called in one request, ends the streams of others. workerd passes that on to them, and warns.",
};

const versionsOfNode = ["Node 20", "Node 22", "Node 24", "Node 26"];

/** Where the suite runs, and what differs there: the one place that knows. `docs/runtimes.md` is made from it. */
export const hostKinds: readonly HostKind[] = [
  {
    name: "node:http",
    through: "adapter-node",
    entry: "node-http",
    protocol: "http/1.1",
    runtimes: versionsOfNode,
    expected: http1,
    reasons: {},
  },
  {
    name: "node:http, wrapped body",
    through: "adapter-node",
    entry: "node-http-web-stream",
    protocol: "http/1.1",
    runtimes: ["Node 20"],
    expected: http1,
    reasons: {},
  },
  {
    name: "node:http2, TLS",
    through: "adapter-node",
    entry: "node-http2",
    protocol: "h2",
    runtimes: versionsOfNode,
    expected: http2,
    reasons: {},
  },
  {
    name: "node:http2, cleartext",
    through: "adapter-node",
    entry: "node-h2c",
    protocol: "h2c",
    runtimes: versionsOfNode,
    expected: http2,
    reasons: {},
  },
  {
    name: "Hono on Node",
    through: "@hono/node-server",
    entry: "hono",
    protocol: "http/1.1",
    runtimes: ["Node 20"],
    expected: http1,
    reasons: {},
  },
  {
    name: "Bun.serve",
    entry: "bun",
    protocol: "http/1.1",
    runtimes: ["Bun"],
    expected: {
      ...http1,
      addedHeaders: ["date", "transfer-encoding"],
      headLeaves: "with the first byte",
      idleLimitMs: 10_000,
      complaint: /Bun\.serve\(\) timed out a request after 10 seconds/,
    },
    reasons: {
      headLeaves: "Bun holds the head until the body has a byte: `openingMs` sends one after 100 ms.",
      complaint: "When it cuts a silent connection.",
      idleLimitMs:
        "`idleTimeout` of `Bun.serve`, looked at every few seconds: a silent connection is cut after 10 to 12 s. On Bun `heartbeatMs` is 5000 unless set.",
    },
  },
  {
    name: "Deno.serve",
    entry: "deno",
    protocol: "http/1.1",
    runtimes: ["Deno"],
    expected: {
      ...http1,
      addedHeaders: ["date", "transfer-encoding"],
      abortsSignal: "on a disconnect, and after a normal end",
      complaint: /request\.signal aborts on successful responses \(legacy behavior\)/,
    },
    reasons: {
      complaint: "It says once that it aborts signals after a normal end.",
      abortsSignal:
        "Deno aborts the signal of every request when its response is done, unless it runs with `--unstable-no-legacy-abort`. Streams that have ended ignore it.",
    },
  },
  {
    name: "workerd",
    entry: "workerd",
    args: ["withSignal"],
    protocol: "http/1.1",
    runtimes: ["workerd"],
    expected: workerd,
    reasons: {
      ...workerdReasons,
      abortsSignal: "With the compatibility flag `enable_request_signal`.",
    },
  },
  {
    name: "workerd, without signals",
    entry: "workerd",
    args: ["withoutSignal"],
    protocol: "http/1.1",
    runtimes: ["workerd"],
    expected: { ...workerd, abortsSignal: "never" },
    reasons: {
      ...workerdReasons,
      abortsSignal:
        "Without that flag, `request.signal` is there and stays silent. Streams are cancelled through their body, so nothing else changes.",
    },
  },
];
