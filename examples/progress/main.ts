import { consoleLog } from "./console-log.ts";
import { parsePort } from "./parse-port.ts";
import { startDemo } from "./start-demo.ts";

try {
  const demo = await startDemo({ port: parsePort(process.env["PORT"]), log: consoleLog });
  process.stdout.write(`ssewire demo: ${demo.url}
In a terminal: curl -N ${demo.url}documents/report/progress
Ctrl-C ends it.

`);
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    // A server that is told to stop ends well: with 0, package managers report no failure.
    process.once(signal, () => {
      demo.close();
      process.exit(0);
    });
  }
} catch (error) {
  process.stderr.write(`ssewire demo: ${error instanceof Error ? error.message : error}\n`);
  process.exitCode = 1;
}
