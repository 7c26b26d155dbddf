import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { toNodeHandler } from "@ssewire/adapter-node";
import { describe, expect, it, onTestFinished } from "vitest";
import { createBff } from "../examples/progress/bff.ts";
import { findChromium } from "./find-component.ts";
import { launchChromium } from "./launch-chromium.ts";

const chromium = findChromium();
const serveDocuments = fileURLToPath(new URL("../examples/progress/dist/serve-documents.js", import.meta.url));

/** What the page tells the test by. */
declare function saw(watcher: string, kind: "progress" | "error", data: string): void;

interface DocumentService {
  readonly address: string;
  readonly process: ChildProcess;
}

/** The demo's gRPC service, as built, in a process of its own that dies with the test. */
async function runDocumentService(port: string): Promise<DocumentService> {
  const child = spawn(process.execPath, [serveDocuments], {
    env: { ...process.env, PORT: port },
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  const [line] = await once(createInterface(child.stdout), "line");
  return { address: String(line).replace("document service: ", ""), process: child };
}

/** What a document goes through, each once. */
const STEPS = ["QUEUED 0", ...Array.from({ length: 20 }, (_, index) => `PROCESSING ${index * 5}`), "COMPLETED 100"];

describe.skipIf(chromium.path === undefined)(`resuming, in Chromium (${chromium.note})`, () => {
  it("loses no event and delivers none twice when the gRPC server is killed midway and comes back", async () => {
    const service = await runDocumentService("0");
    const bff = createBff({ documentService: service.address, log: () => undefined });
    const server = createServer(toNodeHandler(bff.fetch));
    await once(server.listen(0, "127.0.0.1"), "listening");
    const browser = await launchChromium(chromium);
    onTestFinished(async () => {
      await browser.close();
      server.close();
      server.closeAllConnections();
      bff.close();
    });
    const page = await browser.newPage();
    // What two watchers of one gRPC call have seen so far, and what the service failed with.
    const seen: Record<string, string[]> = { first: [], second: [] };
    const failures: string[] = [];
    let changed: () => void = () => undefined;
    const until = async (isReached: () => boolean): Promise<void> => {
      while (!isReached()) {
        await new Promise<void>((resolve) => {
          changed = resolve;
        });
      }
    };
    await page.exposeFunction("saw", (...[watcher, kind, data]: Parameters<typeof saw>) => {
      const { status, percent } = JSON.parse(data);
      if (kind === "error") failures.push(data);
      else seen[watcher]?.push(`${status} ${percent}`);
      changed();
    });
    const { port } = server.address() as AddressInfo;
    await page.goto(`http://127.0.0.1:${port}/`);
    const closed = page.evaluate(
      (watchers) =>
        Promise.all(
          watchers.map(
            (watcher) =>
              new Promise<void>((resolve) => {
                const source = new EventSource("/documents/invoice/progress");
                source.addEventListener("progress", (event) => saw(watcher, "progress", event.data));
                source.addEventListener("error", (event) => {
                  if (event instanceof MessageEvent) saw(watcher, "error", event.data);
                  else if (source.readyState === EventSource.CLOSED) resolve();
                });
              }),
          ),
        ),
      Object.keys(seen),
    );

    await until(() => Object.values(seen).every(({ length }) => length >= 5));
    service.process.kill("SIGKILL");
    await until(() => failures.length >= 2);
    for (const { length } of Object.values(seen)) expect(length).toBeLessThan(STEPS.length);
    for (const failure of failures) expect(JSON.parse(failure)).toMatchObject({ code: "UNAVAILABLE", retryable: true });
    await runDocumentService(new URL(`http://${service.address}`).port);
    await closed;
    expect(seen).toEqual({ first: STEPS, second: STEPS });
  });
});
