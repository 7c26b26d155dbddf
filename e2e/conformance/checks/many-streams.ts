import { expect } from "vitest";
import { openConnection } from "../connection.ts";
import { type Check, expectState, newKey, openStream, readState, send, streamPath } from "../tested-host.ts";

export const manyStreams: readonly Check[] = [
  {
    name: "two streams share a session of HTTP/2, and one can leave",
    protocols: ["h2", "h2c"],
    async run(host) {
      const { open } = await openConnection(host.origin, host.protocol);
      const keys = { staying: newKey(), leaving: newKey() };
      const staying = await open(streamPath(keys.staying, "events=1&then=hold&heartbeatMs=100"));
      const leaving = await open(streamPath(keys.leaving, "everyMs=10"));
      await Promise.all([staying, leaving].map((reader) => reader.until(({ events }) => events.length > 0)));
      leaving.body.destroy();
      await expectState(host, keys.leaving, { released: true });
      const { length } = staying.text;
      await staying.until(({ text }) => text.length > length);
      await expectState(host, keys.staying, { released: false });
    },
  },
  {
    // The last one: its application takes no more streams.
    name: "drain() ends all streams, each with a time to come back",
    async run(host) {
      const keys = [newKey(), newKey()];
      const queries = ["events=1&then=hold", "everyMs=20"];
      const readers = await Promise.all(keys.map((key, index) => openStream(host, key, queries[index] ?? "")));
      await Promise.all(readers.map((reader) => reader.until(({ events }) => events.length > 0)));
      const drained = await send(host, "/drain", { method: "POST" });
      await drained.ended;
      expect(JSON.parse(drained.text)).toEqual({ size: 0 });
      for (const reader of readers) {
        expect(await reader.ended).toBe("complete");
        expect(reader.text).toMatch(/\n\nretry: (1\d\d|200)\n$/);
      }
      for (const key of keys) {
        await expectState(host, key, { released: true });
        expect((await readState(host, key)).closed).toMatchObject({ reason: "drained" });
      }
    },
  },
];
