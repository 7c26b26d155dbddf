import { createHash } from "node:crypto";
import type { RedisClientCopy } from "./redis-client.ts";
import { isUnknownScript } from "./server-reply.ts";

/** Runs a Lua script: atomically, sent in full only to a server that does not know it yet. */
export type RedisScript = (copy: RedisClientCopy, keys: readonly string[], args: readonly string[]) => Promise<unknown>;

/** Makes a script of its text. */
export function redisScript(text: string): RedisScript {
  const sha = createHash("sha1").update(text).digest("hex");
  return async (copy, keys, args) => {
    const rest = [String(keys.length), ...keys, ...args];
    try {
      return await copy.sendCommand(["EVALSHA", sha, ...rest]);
    } catch (error) {
      if (!isUnknownScript(error)) throw error;
      return await copy.sendCommand(["EVAL", text, ...rest]);
    }
  };
}
