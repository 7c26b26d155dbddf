import { expect } from "vitest";
import { openConnection } from "../connection.ts";
import { type Check, expectState, newKey, openStream, readState, streamPath } from "../tested-host.ts";

/** A header as it goes over the wire: UTF-8, of which Node's clients send each byte as a character. */
function utf8(text: string): string {
  return Buffer.from(text).toString("latin1");
}

const unopened = { pulled: 0, released: false } as const;

export const requests: readonly Check[] = [
  {
    name: "HEAD gets the headers, and the source does not start",
    async run(host) {
      const key = newKey();
      const get = await openStream(host, newKey(), "events=0");
      const head = await openStream(host, key, "", { method: "HEAD" });
      expect([head.status, await head.ended, head.text]).toEqual([200, "complete", ""]);
      for (const name of ["content-type", "cache-control", "x-accel-buffering"]) {
        expect(head.headers[name], name).toBe(get.headers[name]);
      }
      expect(await readState(host, key)).toMatchObject(unopened);
    },
  },
  {
    name: "HEAD leaves the connection of HTTP/1 to the next request",
    protocols: ["http/1.1"],
    async run(host) {
      const key = newKey();
      const { socket } = await openConnection(host.origin, host.protocol);
      let received = "";
      socket.setEncoding("latin1").on("data", (text: string) => {
        received += text;
      });
      for (const request of [`HEAD ${streamPath(key, "")}`, `GET /state?key=${key}`]) {
        socket.write(`${request} HTTP/1.1\r\nhost: test\r\n\r\n`);
      }
      await expect.poll(() => received, { timeout: host.patienceMs }).toContain('{"pulled":0');
      expect(received.match(/HTTP\/1\.1 200/g)).toHaveLength(2);
    },
  },
  {
    name: "a stream goes on after Last-Event-ID, UTF-8 included",
    async run(host) {
      const headers = { "last-event-id": utf8("é→😀-2") };
      const reader = await openStream(host, newKey(), `events=5&ids=${encodeURIComponent("é→😀-")}`, { headers });
      expect(await reader.ended).toBe("complete");
      expect(reader.events.map(({ id }) => id)).toEqual(["é→😀-3", "é→😀-4"]);
      expect(reader.events.map(({ data }) => JSON.parse(data).lastEventId)).toEqual(["é→😀-2", "é→😀-2"]);
    },
  },
  {
    name: "a stream goes on after ?lastEventId=",
    async run(host) {
      const reader = await openStream(host, newKey(), "events=5&ids=%C3%A9-&lastEventId=%C3%A9-3");
      expect(await reader.ended).toBe("complete");
      expect(reader.events.map(({ id }) => id)).toEqual(["é-4"]);
    },
  },
  {
    name: "a stream that is over says so, and answers 204 to who comes back",
    async run(host) {
      const first = newKey();
      const reader = await openStream(host, first, "events=1&stopReconnect=1");
      expect(await reader.ended).toBe("complete");
      expect(reader.events.at(-1)).toMatchObject({ event: "~end", id: "~end", data: "" });
      await expectState(host, first, { released: true });
      const key = newKey();
      const headers = { "last-event-id": reader.events.at(-1)?.id ?? "" };
      const again = await openStream(host, key, "events=1&stopReconnect=1", { headers });
      expect([again.status, await again.ended, again.text]).toEqual([204, "complete", ""]);
      expect(again.headers["content-type"]).toBeUndefined();
      expect(await readState(host, key)).toMatchObject(unopened);
    },
  },
];
