import { createServer, request } from "node:https";
import type { AddressInfo } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { expectNoWarnings, selfSigned } from "../test/local-server.ts";
import { probeBody } from "../test/probe-body.ts";
import { toNodeHandler } from "./to-node-handler.ts";

const pem = selfSigned();

describe("toNodeHandler over HTTPS", () => {
  expectNoWarnings();

  it.runIf(pem !== undefined)("names the scheme https, streams, and hears of a disconnect", async () => {
    const body = probeBody(["one"]);
    let url = "";
    const listener = toNodeHandler((incoming) => {
      url = incoming.url;
      return new Response(body.stream);
    });
    const server = createServer({ key: pem, cert: pem }, (req, res) => void listener(req, res));
    onTestFinished(() => {
      server.close();
      server.closeAllConnections();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    // A server that listens on a port has an AddressInfo; the other kinds are for pipes and closed ones.
    const { port } = server.address() as AddressInfo;
    const client = request({ host: "127.0.0.1", port, rejectUnauthorized: false });
    // Destroyed below, while the response is under way.
    client.on("error", () => undefined);
    const first = await new Promise<string>((resolve) => {
      client.on("response", (response) =>
        response.on("error", () => undefined).once("data", (data) => resolve(`${data}`)),
      );
      client.end();
    });
    expect(first).toBe("one");
    expect(url).toBe(`https://127.0.0.1:${port}/`);
    client.destroy();
    expect(await body.cancelled.promise).toMatchObject({ name: "AbortError" });
  });
});
