import { createClient } from "redis";
import { RedisEventLogs } from "../src/index.ts";

// Uses logs in every way and closes them: its process has to end by itself.

const [path = "", isAway] = process.argv.slice(2);
const logs = new RedisEventLogs({
  client: createClient({ socket: { path, tls: false } }),
  onError: () => undefined,
});
const log = logs.log("a");
const ignore = (): void => undefined;
const reader = log.read();
const waiting = log.read({ signal: new AbortController().signal });
const pending = waiting.next().catch(ignore);
const append = log.append(1);
const led = logs
  .log("b")
  .lead(() => new Promise(ignore), { signal: new AbortController().signal })
  .catch(ignore);
if (isAway === undefined) {
  await append;
  await reader.next();
} else append.catch(ignore);
await logs.close();
await Promise.all([pending, led]);
