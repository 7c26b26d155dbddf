import { Server as NetServer } from "node:net";
import { type CloseGracefullyOptions, type CloseSettings, checkMethod, resolveCloseOptions } from "./close-options.ts";
import { closeIdle, countConnections, destroyConnections, endConnections } from "./end-connections.ts";
import { connectionsOf, type NodeServer } from "./server-connections.ts";

/** What {@link closeGracefully} drains: an `SSEManager` of `@ssewire/core` is one. */
export interface Drainable {
  /** Ends all streams and resolves once none is open, or `timeoutMs` have passed; `retryMs` is when clients come back. */
  drain(options: { timeoutMs: number; retryMs?: readonly [min: number, max: number] | undefined }): Promise<unknown>;
}

/** How a server was closed. */
export interface CloseGracefullyReport {
  /** How many connections were still open after `timeoutMs`; 0 when everybody was served. */
  readonly forced: number;
}

/**
 * How long everything may take that is left to do after `timeoutMs`. On Node 20 and 22 a session of HTTP/2 that never
 * made a request, and is older than the first request of its server, is known to nobody, and does not end. Nor need a
 * foreign `drain`.
 */
const LAST_MS = 500;

const closing = new WeakMap<NodeServer, Promise<CloseGracefullyReport>>();

/**
 * Closes a server of `node:http`, `node:https` or `node:http2` without cutting anybody off: it stops accepting at once,
 * ends all event streams of `manager`, each client told when to come back, lets the other responses finish, and
 * destroys what is left after `timeoutMs`; half a second later it resolves in any case.
 *
 * Connections: those that idle are closed at once; others as soon as their response has gone out, where Node would wait
 * for its keep-alive time-out; a request that arrives on one in the meantime is answered with `Connection: close`.
 * Sessions of HTTP/2 are told to go away (GOAWAY), and close with their last stream.
 *
 * Cancellation: bodies whose connection is destroyed are cancelled, as with any client that leaves.
 *
 * A second call for the same server returns the promise of the first. A server that does not listen and has no
 * connections is closed already.
 *
 * @param server - The server; of a framework the one beneath it, such as `fastify.server`.
 * @param manager - The `SSEManager` whose streams are ended, or `undefined` if there is none.
 * @param options - `timeoutMs` and `retryMs`.
 * @returns A promise of how many connections were destroyed, once the server is closed. It rejects only with what
 * `manager.drain` rejects with, once the server is closed.
 * @throws {TypeError} When `server` or `manager` is none, or an option is unknown or of the wrong type.
 * @throws {RangeError} When an option is out of range.
 * @example
 * ```ts
 * import { createServer } from "node:http";
 * import { closeGracefully, toNodeHandler } from "@ssewire/adapter-node";
 * import { SSEManager } from "@ssewire/core";
 *
 * const manager = new SSEManager();
 * const events = async function* () {
 *   yield { percent: 50 };
 * };
 * const server = createServer(toNodeHandler((request) => manager.createResponse(events, { request })));
 * server.listen(3000);
 *
 * process.once("SIGTERM", async () => {
 *   await closeGracefully(server, manager, { timeoutMs: 10_000 });
 *   process.exit(0);
 * });
 * ```
 * @see {@link https://www.rfc-editor.org/rfc/rfc9113#section-6.8 | RFC 9113, GOAWAY}
 */
export function closeGracefully(
  server: NodeServer,
  manager: Drainable | undefined,
  options: CloseGracefullyOptions = {},
): Promise<CloseGracefullyReport> {
  checkMethod("server", server, "close", "a server of node:http, node:https or node:http2");
  if (manager !== undefined) checkMethod("manager", manager, "drain", "an SSEManager or undefined");
  const settings = resolveCloseOptions(options);
  const before = closing.get(server);
  // It may have been made to listen once more.
  if (before !== undefined && !server.listening) return before;
  const report = close(server, manager, settings);
  closing.set(server, report);
  return report;
}

async function close(
  server: NodeServer,
  manager: Drainable | undefined,
  { timeoutMs, retryMs }: CloseSettings,
): Promise<CloseGracefullyReport> {
  let forced = 0;
  let giveUp = (): void => undefined;
  const givenUp = new Promise<undefined>((resolve) => {
    giveUp = () => resolve(undefined);
  });
  const closed = new Promise<void>((resolve) => stopListening(server, resolve));
  const stopEnding = endConnections(server);
  const timer = setTimeout(async () => {
    forced = await countConnections(server);
    destroyConnections(server);
    setTimeout(giveUp, LAST_MS).unref();
  }, timeoutMs);
  // A call of its own, as a `drain` that is not async may throw.
  const drained = (async () => manager?.drain({ timeoutMs, retryMs }))();
  const outcome = await Promise.race([Promise.allSettled([drained, closed]), givenUp]);
  clearTimeout(timer);
  stopEnding();
  if (outcome?.[0].status === "rejected") throw outcome[0].reason;
  return { forced };
}

/** `onClosed` is called with or without an error: that of a server which did not listen. */
function stopListening(server: NodeServer, onClosed: () => void): void {
  const { flushing } = connectionsOf(server);
  if (flushing.size === 0 || !(server instanceof NetServer)) {
    server.close(onClosed);
    return;
  }
  // The `close` of HTTP takes a connection for idle whose response was ended, and cuts off what it has not sent yet.
  NetServer.prototype.close.call(server, onClosed);
  void Promise.all(flushing).then(() => closeIdle(server));
}
