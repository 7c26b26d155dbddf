import { once } from "node:events";
import { closeGracefully, type NodeServer } from "@ssewire/adapter-node";
import { manager } from "./jobs.ts";

/** Runs one example: `npx tsx start.ts express`. */
const [name = "node-http"] = process.argv.slice(2);
const { server }: { server: NodeServer } = await import(`./${name}.ts`);

await once(server.listen(Number(process.env["PORT"] ?? 3000)), "listening");
const address = server.address();
const port = typeof address === "object" ? address?.port : address;
process.stdout.write(`curl -N http://localhost:${port}/jobs/1/progress\n`);

// Every client is told when to come back, and no event is cut.
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, async () => {
    const { forced } = await closeGracefully(server, manager, { timeoutMs: 10_000 });
    process.stdout.write(`closed, ${forced} connections cut\n`);
    process.exit(0);
  });
}
