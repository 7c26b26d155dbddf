import type { Contestant } from "./contestant.ts";

/** Somebody who takes part in a workload. */
export interface Entrant {
  /** For command lines and goals. */
  readonly id: string;
  /** For people. */
  readonly name: string;
  /**
   * A limit is what can be had with `node:http` alone, for the one workload; a peer is another library, or what is
   * written by hand with a framework.
   */
  readonly role: "limit" | "peer" | "ssewire";
  /** Imports the contestant: only in its own process, as some of them change globals. */
  load(): Promise<Contestant>;
}

export const limits: readonly Entrant[] = [
  {
    id: "write",
    name: "node:http, a write per event",
    role: "limit",
    load: async () => (await import("./contestants/node-http.ts")).nodeHttp,
  },
  {
    id: "coalesced",
    name: "node:http, 16 KiB a write",
    role: "limit",
    load: async () => (await import("./contestants/node-http-coalesced.ts")).nodeHttpCoalesced,
  },
];

export const peers: readonly Entrant[] = [
  {
    id: "better-sse",
    name: "better-sse",
    role: "peer",
    load: async () => (await import("./contestants/better-sse.ts")).betterSse,
  },
  {
    id: "hono-stream-sse",
    name: "Hono, streamSSE",
    role: "peer",
    load: async () => (await import("./contestants/hono-stream-sse.ts")).honoStreamSse,
  },
  {
    id: "h3",
    name: "h3, createEventStream",
    role: "peer",
    load: async () => (await import("./contestants/h3.ts")).h3,
  },
  {
    id: "fastify-sse",
    name: "@fastify/sse",
    role: "peer",
    load: async () => (await import("./contestants/fastify-sse.ts")).fastifySse,
  },
  {
    id: "express",
    name: "Express, by hand",
    role: "peer",
    load: async () => (await import("./contestants/express.ts")).expressByHand,
  },
  {
    id: "stream-on-hono",
    name: "Web Stream by hand, Hono's server",
    role: "peer",
    load: async () => (await import("./contestants/web-stream.ts")).webStreamOnHono,
  },
  {
    id: "stream-on-srvx",
    name: "Web Stream by hand, srvx",
    role: "peer",
    load: async () => (await import("./contestants/web-stream.ts")).webStreamOnSrvx,
  },
];

/** The one that goals are about unless they say otherwise. */
export const SSEWIRE = "ssewire";

export const ours: readonly Entrant[] = [
  {
    id: SSEWIRE,
    name: "ssewire, adapter-node",
    role: "ssewire",
    load: async () => (await import("./contestants/ssewire.ts")).ssewireOnNode,
  },
  {
    id: "ssewire-on-hono",
    name: "ssewire, Hono's server",
    role: "ssewire",
    load: async () => (await import("./contestants/ssewire.ts")).ssewireOnHono,
  },
  {
    id: "ssewire-on-srvx",
    name: "ssewire, srvx",
    role: "ssewire",
    load: async () => (await import("./contestants/ssewire.ts")).ssewireOnSrvx,
  },
];

/** For workloads in which the weight of a Request shows. */
export const ssewireWithoutRequest: Entrant = {
  id: "ssewire-without-request",
  name: "ssewire, sendResponse",
  role: "ssewire",
  load: async () => (await import("./contestants/ssewire.ts")).ssewireWithoutRequest,
};

export const ssewireCompiled: Entrant = {
  id: "ssewire-compiled",
  name: "ssewire, adapter-node, compiled serializer",
  role: "ssewire",
  load: async () => (await import("./contestants/ssewire-compiled.ts")).ssewireCompiled,
};
