import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createConformanceApp, type StreamState } from "../conformance/app.ts";
import { findOpenssl } from "../find-component.ts";
import { apache, caddy, haproxy, nginx, type ProxyKind, varnish } from "./proxy-setup.ts";
import { type ProxiedApp, serveApp, serveBehind } from "./serve-behind.ts";
import { type ClientStream, openStream, type ReceivedEvent } from "./stream-client.ts";

/** What the guide says of a proxy. */
interface Setup {
  readonly name: string;
  readonly kind: ProxyKind;
  readonly secure: boolean;
  /** When the source hears that the client has left. */
  readonly tells: "at once" | "after heartbeats";
  /** What a client sees of a stream that the proxy has given up: a broken one, or one that has ended well. */
  readonly givesUp: "broken" | "ended";
}

const setups: Setup[] = [
  { name: "nginx, HTTP/1.1", kind: nginx, secure: false, tells: "at once", givesUp: "broken" },
  { name: "nginx, HTTP/2", kind: nginx, secure: true, tells: "at once", givesUp: "broken" },
  { name: "Apache, HTTP/1.1", kind: apache, secure: false, tells: "after heartbeats", givesUp: "broken" },
  { name: "Apache, HTTP/2", kind: apache, secure: true, tells: "after heartbeats", givesUp: "broken" },
  { name: "HAProxy, HTTP/1.1", kind: haproxy, secure: false, tells: "at once", givesUp: "broken" },
  { name: "HAProxy, HTTP/2", kind: haproxy, secure: true, tells: "at once", givesUp: "ended" },
  { name: "Varnish, HTTP/1.1", kind: varnish, secure: false, tells: "at once", givesUp: "broken" },
  { name: "Caddy, HTTP/1.1", kind: caddy, secure: false, tells: "at once", givesUp: "ended" },
  { name: "Caddy, HTTP/2", kind: caddy, secure: true, tells: "at once", givesUp: "ended" },
];

const isEvent = (received: ReceivedEvent | string): received is ReceivedEvent => typeof received !== "string";

async function nextEvent({ received }: ClientStream): Promise<ReceivedEvent> {
  for (;;) {
    const { value } = await received.next();
    if (value === undefined) throw new Error("The stream has ended");
    if (isEvent(value)) return value;
  }
}

async function eventsOf({ received }: ClientStream): Promise<ReceivedEvent[]> {
  const events: ReceivedEvent[] = [];
  for await (const value of received) if (isEvent(value)) events.push(value);
  return events;
}

const openssl = findOpenssl();

describe.each(setups)("$name", ({ kind, secure, tells, givesUp }) => {
  describe.skipIf(kind.component.path === undefined || openssl.path === undefined)(kind.component.note, () => {
    const app = createConformanceApp();
    let server: Awaited<ReturnType<typeof serveApp>>;
    /** As in the guide. */
    let proxy: ProxiedApp;
    /** With a read time-out of one second. */
    let impatient: ProxiedApp;

    beforeAll(async () => {
      server = await serveApp(app.fetch);
      proxy = await serveBehind(kind, server.port, { secure });
      impatient = await serveBehind(kind, server.port, { secure, timeoutS: 1 });
    });

    afterAll(async () => {
      await Promise.all([proxy?.stop(), impatient?.stop()]);
      server?.stop();
    });

    beforeEach(({ onTestFailed }) => {
      onTestFailed(() => void process.stderr.write(`${proxy?.log()}${impatient?.log()}`));
    });

    async function stateOf(key: string): Promise<StreamState> {
      const response = await app.fetch(new Request(`http://localhost/state?key=${key}`));
      return response.json();
    }

    const released = (key: string) =>
      expect.poll(async () => (await stateOf(key)).released, { timeout: 10_000, message: `${key} is released` });

    it("passes the head and the events of two clients on, one by one", async () => {
      const url = `${proxy.url}/stream?key=paced&events=4&everyMs=300`;
      const streams = await Promise.all([openStream(url), openStream(url)]);
      for (const { status, headers } of streams) {
        expect(status).toBe(200);
        expect(headers).toMatchObject({ "content-type": "text/event-stream", "cache-control": "no-cache" });
        expect(headers).not.toHaveProperty("content-encoding");
      }
      for (const events of await Promise.all(streams.map(eventsOf))) {
        expect(events.map(({ type, data }) => [type, JSON.parse(data).index])).toEqual([
          ["tick", 0],
          ["tick", 1],
          ["tick", 2],
          ["tick", 3],
        ]);
        for (const { data, receivedAt } of events) expect(receivedAt - JSON.parse(data).at).toBeLessThan(250);
      }
    });

    it("opens a silent stream, and tells the source when the client leaves it", async () => {
      const beats = tells === "at once" ? 60_000 : 500;
      const stream = await openStream(`${proxy.url}/stream?key=left&events=0&then=hold&heartbeatMs=${beats}`);
      // The opening comment: it did not take a heartbeat.
      expect(await stream.received.next()).toEqual({ value: "", done: false });
      stream.leave();
      await released("left").toBe(true);
      const { closed } = await stateOf("left");
      expect(closed?.reason).toBe("cancelled");
      const heartbeats = ((closed?.bytes ?? 0) - ":\n".length) / ": heartbeat\n".length;
      if (tells === "at once") expect(heartbeats).toBe(0);
      else expect([1, 2, 3]).toContain(heartbeats);
    });

    it("passes the last event id on, UTF-8 too", async () => {
      const stream = await openStream(`${proxy.url}/stream?key=resumed&events=5&ids=語-`, {
        // Headers are bytes, which Node writes as Latin-1.
        "last-event-id": Buffer.from("語-2").toString("latin1"),
      });
      expect((await eventsOf(stream)).map(({ id }) => id)).toEqual(["語-3", "語-4"]);
    });

    it("passes the error event and the end on", async () => {
      const stream = await openStream(`${proxy.url}/stream?key=failed&events=2&then=fail`);
      const events = await eventsOf(stream);
      expect(events.map(({ type }) => type)).toEqual(["tick", "tick", "error"]);
      expect(events.at(-1)?.data).toBe('{"error":"boom","status":"error"}');
    });

    it("keeps a silent stream open that has heartbeats, past its read time-out", async () => {
      const stream = await openStream(`${impatient.url}/stream?key=beating&events=0&then=hold&heartbeatMs=300`);
      const comments: unknown[] = [];
      // Eight take 2.4 s.
      while (comments.length < 9) comments.push((await stream.received.next()).value);
      expect(comments).toEqual(["", ...Array(8).fill("heartbeat")]);
      stream.leave();
      await released("beating").toBe(true);
    });

    it("gives a silent stream up that has none", async () => {
      const stream = await openStream(`${impatient.url}/stream?key=silent&events=0&then=hold&heartbeatMs=60000`);
      const end = eventsOf(stream).then(
        () => "ended",
        () => "broken",
      );
      expect(await end).toBe(givesUp);
      await released("silent").toBe(true);
    });

    it("holds the source back while the client does not read, and loses nothing", async () => {
      const stream = await openStream(`${proxy.url}/stream?key=flood&bytes=8192`);
      let before = -1;
      await expect
        .poll(
          async () => {
            const { pulled } = await stateOf("flood");
            const stands = pulled === before;
            before = pulled;
            return stands;
          },
          { interval: 300, timeout: 20_000 },
        )
        .toBe(true);
      // 64 MiB, of which the sockets' buffers hold most.
      expect(before).toBeLessThan(8_192);
      for (let index = 0; index <= before; index++)
        expect(JSON.parse((await nextEvent(stream)).data).index).toBe(index);
      stream.leave();
      await released("flood").toBe(true);
    });
  });
});
