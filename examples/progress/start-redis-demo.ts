import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { createServer, type Server } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import type { Log } from "./console-log.ts";
import { startDocumentService } from "./document-service.ts";
import { listen } from "./listen.ts";
import { checkRedis } from "./redis-logs.ts";

export interface RedisDemoOptions {
  redisUrl: string;
  /** Port of the first BFF, 0 to 65534; the second has the next one. 0 takes free ones for both. */
  port: number;
  log: Log;
}

/** A demo that runs. */
export interface RedisDemo {
  /** Where the page is, at the first BFF, with a slash at the end. */
  readonly url: string;
  /** Ends all servers; browsers are told to come back, should they be started again. */
  close(): Promise<void>;
}

const script = new URL("./serve-bff.js", import.meta.url);

/**
 * Starts the document service in this process and, in front of it, two BFFs in processes of their own, which share event
 * logs in Redis. One that dies is started again after a second.
 *
 * @throws {Error} When Redis cannot be reached or a port is taken; the message says what to do.
 */
export async function startRedisDemo({ redisUrl, port, log }: RedisDemoOptions): Promise<RedisDemo> {
  await checkRedis(redisUrl);
  const sockets = [createSocket(), createSocket()] as const;
  const servers = [await listen(sockets[0], port), await listen(sockets[1], port && port + 1)] as const;
  const documentService = await startDocumentService({
    onCall: (documentId, state) => log("debug", documentId, `gRPC call ${state}`),
  });
  const running = new Set<ChildProcess>();
  let isClosing = false;

  async function startBff(origin: string, socket: Server): Promise<void> {
    const { port } = new URL(origin);
    const settings = { DOCUMENT_SERVICE: documentService.address, REDIS_URL: redisUrl, SERVERS: servers.join(" ") };
    const bff = fork(script, { env: { ...process.env, ...settings, PORT: port } });
    running.add(bff);
    const ended = once(bff, "exit").finally(() => running.delete(bff));
    const isReady = await Promise.race([once(bff, "message").then(() => true), ended.then(() => false)]);
    if (!isReady) throw new Error(`BFF ${port} cannot start.`);
    // From here on it alone has the socket: when it dies, the port is free.
    await new Promise((resolve) => bff.send("listen", socket, resolve));
    socket.close();
    process.stdout.write(`BFF ${port} has started; to end it: kill -9 ${bff.pid}\n`);
    ended.then(([code, signal]) => restart(origin, signal ?? code)).catch(print);
  }

  async function restart(origin: string, reason: string | number): Promise<void> {
    if (isClosing) return;
    const port = Number(new URL(origin).port);
    process.stdout.write(`BFF ${port} has ended (${reason}) and will be back\n`);
    await wait(1_000);
    if (isClosing) return;
    const socket = createSocket();
    await listen(socket, port);
    await startBff(origin, socket);
  }

  async function close(): Promise<void> {
    isClosing = true;
    const ended = Array.from(running, (bff) => once(bff, "exit"));
    for (const bff of running) if (bff.connected) bff.disconnect();
    await Promise.all(ended);
    documentService.close();
  }

  await Promise.all([startBff(servers[0], sockets[0]), startBff(servers[1], sockets[1])]);
  return { url: `${servers[0]}/`, close };
}

const print = (error: unknown): void => void process.stdout.write(`${error}\n`);

/** Whoever comes before the BFF has the socket is sent away, and comes back. */
const createSocket = (): Server => createServer((connection) => connection.destroy());
