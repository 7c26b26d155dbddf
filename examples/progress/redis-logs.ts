import { RedisEventLogs } from "@ssewire/adapter-redis";
import { createClient } from "redis";

/**
 * Event logs in Redis: BFFs that have the same make one gRPC call for a document together.
 *
 * @param onError - Told when Redis goes away; the logs wait until it is back.
 */
export function openRedisLogs(url: string, onError: (error: unknown) => void): RedisEventLogs {
  return new RedisEventLogs({
    client: createClient({ url }),
    prefix: "ssewire-demo",
    eventType: "progress",
    // Longer than a document takes. For so long one that is through is shown as it was, then it is processed again.
    maxAgeMs: 30_000,
    // When the BFF that makes the call dies, another one makes it about so much later.
    leaseMs: 2_000,
    onError,
  });
}

/**
 * Looks whether Redis is there. The logs themselves wait for it, however long it takes; who starts a demo wants to know.
 *
 * @throws {Error} When it is not; the message names REDIS_URL.
 */
export async function checkRedis(url: string): Promise<void> {
  try {
    const socket = { connectTimeout: 3_000, socketTimeout: 3_000, reconnectStrategy: false } as const;
    const client = createClient({ url, socket });
    // What connect() rejects with, too.
    client.on("error", () => undefined);
    await client.connect();
    client.destroy();
  } catch (error) {
    // Without the URL, which may hold a password.
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`REDIS_URL leads to no Redis (${reason}). Start one, or unset REDIS_URL to do without.`, {
      cause: error,
    });
  }
}
