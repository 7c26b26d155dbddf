import { expect } from "vitest";
import type { Expectations } from "../host-kind.ts";
import { type Check, newKey, openStream, readState } from "../tested-host.ts";

const EVENTS = 16_000;
const EVENT_BYTES = 4_096;

/** Far above what was seen (4.5 MB, 92 KB), and far below the 66 MB of the stream. */
const maxAheadBytes: Record<Expectations["holdsForSlowClient"], number> = {
  "socket buffers": 20_000_000,
  "the window of HTTP/2": 1_000_000,
};

export const backpressure: readonly Check[] = [
  {
    name: "a client that stops reading stops the source, then gets everything",
    async run(host) {
      const key = newKey();
      const reader = await openStream(host, key, `events=${EVENTS}&bytes=${EVENT_BYTES}`);
      await reader.until(({ events }) => events.length > 0);
      reader.body.pause();
      let pulled = -1;
      const hasSettled = async (): Promise<boolean> => {
        const before = pulled;
        ({ pulled } = await readState(host, key));
        return pulled === before;
      };
      await expect.poll(hasSettled, { timeout: 10_000, interval: 250 }).toBe(true);
      expect((pulled - reader.events.length) * EVENT_BYTES).toBeLessThan(
        maxAheadBytes[host.expected.holdsForSlowClient],
      );
      reader.body.resume();
      expect(await reader.ended).toBe("complete");
      expect(reader.events.map(({ data }) => JSON.parse(data).index)).toEqual(
        Array.from({ length: EVENTS }, (_, i) => i),
      );
    },
  },
];
