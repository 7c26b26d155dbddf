import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findOpenssl } from "../find-component.ts";
import { type ClientSite, retryMs, serveClientSite } from "./client-site.ts";
import { eventSources, type StartedClient } from "./event-sources.ts";

const openssl = findOpenssl();

describe.each(eventSources)("EventSource of $name", ({ secure, component, keepsIds, sendsAnyId, start }) => {
  const isMissing = (component !== undefined && component.path === undefined) || openssl.path === undefined;

  describe.skipIf(isMissing)(component?.note ?? "in Node", () => {
    let site: ClientSite;
    let client: StartedClient;

    beforeAll(async () => {
      site = await serveClientSite(secure);
      client = await start(site.url);
    });

    afterAll(async () => {
      await client?.stop();
      site?.stop();
    });

    /** What `lastEventId` is of an event without an id, after one with this. */
    const kept = (id: string): string => (keepsIds ? id : "");
    const requests = (path: string): unknown[] =>
      site.seen(path).map(({ lastEventId, status }) => [lastEventId, status]);

    it("delivers typed events, and stops after the end", async () => {
      expect(await client.watch("/typed")).toEqual({
        events: [
          ["progress", "", "50"],
          ["note", "n-1", "two\nlines, 語 and 🙂"],
          ["message", kept("n-1"), ""],
          ["progress", kept("n-1"), " 100"],
        ],
        opened: 1,
        // The end, and the 204.
        connectionErrors: 2,
      });
      expect(requests("/typed")).toEqual([
        [undefined, 200],
        ["~end", 204],
      ]);
    });

    it("delivers the error event with data, next to the errors of the connection, and stops", async () => {
      expect(await client.watch("/failing")).toEqual({
        events: [
          ["progress", "", "50"],
          ["error", "", '{"error":"boom","status":"error"}'],
        ],
        opened: 1,
        connectionErrors: 2,
      });
      expect(requests("/failing")).toEqual([
        [undefined, 200],
        ["~end", 204],
      ]);
    });

    it.each(["1", "é-1", ...(sendsAnyId ? ["語-1", "🙂"] : [])])("comes back with its last id, %s", async (id) => {
      const path = `/resumed?id=${encodeURIComponent(id)}`;
      expect(await client.watch(path)).toEqual({
        events: [
          ["progress", id, "first"],
          ["error", kept(id), '{"error":"again","status":"error","retryable":true}'],
          ["progress", kept(id), "second"],
        ],
        opened: 2,
        connectionErrors: 3,
      });
      expect(requests(path)).toEqual([
        [undefined, 200],
        [id, 200],
        ["~end", 204],
      ]);
    });

    it.each(sendsAnyId ? [] : ["語-1", "🙂"])("does not come back with an id beyond Latin-1, %s", async (id) => {
      const path = `/resumed?id=${encodeURIComponent(id)}`;
      expect(await client.watch(path)).toMatchObject({ opened: 1, connectionErrors: 5 });
      expect(requests(path)).toEqual([[undefined, 200]]);
    });

    it("comes back when retry: says, and not before", async () => {
      await client.watch("/retry");
      const [first, second] = site.seen("/retry");
      const waitedMs = (second?.at ?? Number.NaN) - (first?.closedAt ?? Number.NaN);
      // Clocks and timers of two processes may be a few milliseconds apart.
      expect(waitedMs).toBeGreaterThan(retryMs - 20);
      expect(waitedMs).toBeLessThan(retryMs + 1_500);
    });
  });
});
