import { expect } from "vitest";
import type { Arrival, StreamReader } from "../stream-reader.ts";
import { type Check, expectState, newKey, openStream } from "../tested-host.ts";

/** From the moment when the source has an event until it is here. */
const MAX_DELAY_MS = 250;
/** Longer, so that an event that waits for the next one is late. */
const PACE_MS = 300;

interface Tick {
  readonly index: number;
  readonly at: number;
}

function tickOf({ data }: Arrival): Tick {
  return JSON.parse(data);
}

function heartbeats({ text }: StreamReader): number {
  return text.split(": heartbeat\n").length - 1;
}

export const delivery: readonly Check[] = [
  {
    name: "headers and bytes are exact",
    async run(host) {
      // A browser accepts these encodings: no host may compress.
      const headers = { "accept-encoding": "gzip, deflate, br, zstd", accept: "text/event-stream" };
      const reader = await openStream(host, newKey(), "events=3&everyMs=20&retryMs=1000", { headers });
      expect(reader.status).toBe(200);
      expect(reader.headers).toMatchObject({
        "content-type": "text/event-stream",
        "cache-control": "no-cache",
        "x-accel-buffering": "no",
      });
      const names = ["content-type", "cache-control", "x-accel-buffering", ...host.expected.addedHeaders];
      expect(Object.keys(reader.headers).sort()).toEqual(names.sort());
      expect(await reader.ended).toBe("complete");
      const frames = reader.events.map((event, index) => {
        const data = JSON.stringify({ index, at: tickOf(event).at, filler: "" });
        return `event: tick\ndata: ${data}\n\n`;
      });
      expect(frames).toHaveLength(3);
      expect(reader.text).toBe(`retry: 1000\n${frames.join("")}`);
    },
  },
  {
    name: "an empty stream is an empty body",
    async run(host) {
      const reader = await openStream(host, newKey(), "events=0");
      expect([await reader.ended, reader.status, reader.text]).toEqual(["complete", 200, ""]);
    },
  },
  {
    name: "an event of 1 MB arrives whole",
    async run(host) {
      const reader = await openStream(host, newKey(), "events=2&bytes=1000000");
      expect(await reader.ended).toBe("complete");
      expect(reader.events.map(({ data }) => JSON.parse(data).filler.length)).toEqual([1_000_000, 1_000_000]);
    },
  },
  {
    name: "the head leaves before the first event, at once or with the opening comment",
    about: "headLeaves",
    async run(host) {
      const reader = await openStream(host, newKey(), "events=0&then=hold&heartbeatMs=off");
      expect(reader.status).toBe(200);
      await reader.until(({ text }) => text === ":\n");
      const silent = openStream(host, newKey(), "events=0&then=hold&heartbeatMs=off&openingMs=off");
      // Whoever holds the head longer than another stream takes for the same and three beats holds it for good.
      const meanwhile = openStream(host, newKey(), "events=0&then=hold&heartbeatMs=100");
      const beats = meanwhile.then((other) => other.until((beating) => heartbeats(beating) === 3));
      const first = await Promise.race([silent.then(() => "at once"), beats.then(() => "with the first byte")]);
      expect(first).toBe(host.expected.headLeaves);
    },
  },
  {
    name: `paced events arrive one by one, within ${MAX_DELAY_MS} ms`,
    async run(host) {
      const reader = await openStream(host, newKey(), `events=4&everyMs=${PACE_MS}`);
      expect(await reader.ended).toBe("complete");
      const delays = reader.events.map((event) => event.arrivedAt - tickOf(event).at);
      expect(delays).toHaveLength(4);
      expect(Math.max(...delays)).toBeLessThan(MAX_DELAY_MS);
    },
  },
  {
    name: "heartbeats arrive in silence",
    async run(host) {
      const reader = await openStream(host, newKey(), "events=0&then=hold&heartbeatMs=100");
      await reader.until((beating) => heartbeats(beating) >= 3);
      expect(reader.text).toMatch(/^(:\n)?(: heartbeat\n){3,}$/);
    },
  },
  {
    name: "a silent stream outlives the idle limit by its default heartbeats, and is cut without them",
    about: "idleLimitMs",
    timeoutMs: 60_000,
    async run(host) {
      const { idleLimitMs = 0 } = host.expected;
      const beating = await openStream(host, newKey(), `events=1&everyMs=${idleLimitMs + 3_000}`);
      const silent = await openStream(host, newKey(), "events=0&then=hold&heartbeatMs=off");
      expect([await beating.ended, await silent.ended]).toEqual(["complete", "cut"]);
      expect(beating.events).toHaveLength(1);
      expect(heartbeats(beating)).toBeGreaterThanOrEqual(2);
    },
  },
  {
    name: "a source that fails becomes an error event and a clean end",
    async run(host) {
      const key = newKey();
      const reader = await openStream(host, key, "events=1&then=fail");
      expect(await reader.ended).toBe("complete");
      expect(reader.text.slice(reader.text.indexOf("\n\n") + 2)).toBe(
        'event: error\ndata: {"error":"boom","status":"error"}\n\n',
      );
      await expectState(host, key, {
        released: true,
        closed: { reason: "failed", events: 1, bytes: reader.text.length },
      });
    },
  },
  {
    name: "a normal end does to the signal of the request what it should",
    about: "abortsSignal",
    async run(host) {
      const key = newKey();
      const reader = await openStream(host, key, "events=1");
      expect(await reader.ended).toBe("complete");
      const aborted = host.expected.abortsSignal === "on a disconnect, and after a normal end";
      const closed = { reason: "completed", events: 1, bytes: reader.text.length } as const;
      await expectState(host, key, { aborted, released: true, closed });
    },
  },
];
