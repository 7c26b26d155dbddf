import { describe, expect, it } from "vitest";
import { deferred, nextTurn } from "../test/deferred.ts";
import { expectNoWarnings, serve } from "../test/local-server.ts";
import { get, rawClient } from "../test/raw-client.ts";
import { ResponseSink } from "./response-sink.ts";

describe("ResponseSink", () => {
  expectNoWarnings();

  it("calls back at once when the client is gone already", async () => {
    const called = deferred<boolean>();
    const { port } = await serve((_req, res) => {
      const sink = new ResponseSink(res, false);
      void sink.finished.then(() => {
        let calledBack = false;
        sink.whenWritable(() => {
          calledBack = true;
        });
        called.resolve(calledBack);
      });
    });
    const client = await rawClient(port, get());
    client.socket.destroy();
    expect(await called.promise).toBe(true);
  });

  it("survives a write after somebody else has ended the response", async () => {
    const survived = deferred();
    const { port } = await serve((_req, res) => {
      const sink = new ResponseSink(res, false);
      res.end();
      sink.write(new Uint8Array(1));
      void sink.finished.then(nextTurn).then(() => survived.resolve());
    });
    await rawClient(port, get());
    await survived.promise;
  });
});
