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
declare function saw(kind: "progress" | "error", text: string): void;

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

describe.skipIf(chromium.path === undefined)(`resuming, in Chromium (${chromium.note})`, () => {
  it("loses no event and delivers none twice when the gRPC server is killed midway and comes back", async () => {
    const service = await runDocumentService("0");
    const bff = createBff(service.address, () => undefined);
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
    // What the page has seen so far: the ids of its events, and what the service failed with.
    const ids: string[] = [];
    const failures: string[] = [];
    let changed: () => void = () => undefined;
    const until = async (isReached: () => boolean): Promise<void> => {
      while (!isReached()) {
        await new Promise<void>((resolve) => {
          changed = resolve;
        });
      }
    };
    await page.exposeFunction("saw", (kind: Parameters<typeof saw>[0], text: string) => {
      (kind === "progress" ? ids : failures).push(text);
      changed();
    });
    const { port } = server.address() as AddressInfo;
    await page.goto(`http://127.0.0.1:${port}/`);
    const closed = page.evaluate(
      () =>
        new Promise<void>((resolve) => {
          const source = new EventSource("/documents/invoice/progress");
          source.addEventListener("progress", (event) => saw("progress", event.lastEventId));
          source.addEventListener("error", (event) => {
            if (event instanceof MessageEvent) saw("error", event.data);
            else if (source.readyState === EventSource.CLOSED) resolve();
          });
        }),
    );

    await until(() => ids.length >= 5);
    service.process.kill("SIGKILL");
    await until(() => failures.length > 0);
    expect(ids.length).toBeLessThan(22);
    expect(JSON.parse(failures[0] ?? "")).toMatchObject({ code: "UNAVAILABLE", retryable: true });
    await runDocumentService(new URL(`http://${service.address}`).port);
    await closed;
    expect(ids).toEqual(Array.from({ length: 22 }, (_, index) => `${index + 1}`));
  });
});
