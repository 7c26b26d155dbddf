import type { RedisServer } from "./redis-server.ts";

/** The connections a server has, by their last command; that which asks is left out. */
export async function connectionsOf(server: RedisServer): Promise<string[]> {
  const list = String(await server.ask("CLIENT", "LIST"));
  return list
    .split("\n")
    .flatMap((line) => / cmd=(\S+)/.exec(line)?.[1] ?? [])
    .filter((command) => command !== "client|list");
}
