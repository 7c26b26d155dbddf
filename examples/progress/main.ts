import { consoleLog } from "./console-log.ts";
import { parsePort } from "./parse-port.ts";
import { startDemo } from "./start-demo.ts";
import { startRedisDemo } from "./start-redis-demo.ts";

const { PORT, REDIS_URL: redisUrl = "" } = process.env;
const log = consoleLog("demo");

try {
  const demo =
    redisUrl === ""
      ? await startDemo({ port: parsePort(PORT), log })
      : await startRedisDemo({ redisUrl, port: parsePort(PORT, 2), log });
  process.stdout.write(`ssewire demo: ${demo.url}
In a terminal: curl -N ${demo.url}documents/report/progress
Ctrl-C ends it.

`);
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    // A server that is told to stop ends well: with 0, package managers report no failure.
    process.once(signal, async () => {
      await demo.close();
      process.exit(0);
    });
  }
} catch (error) {
  // What was started already goes with the process.
  process.stderr.write(`ssewire demo: ${error instanceof Error ? error.message : error}\n`, () => process.exit(1));
}
