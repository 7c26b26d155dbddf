import { setImmediate as endOfLoop } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ControlledSource, deferred } from "../test/controlled-source.ts";
import { readOne, readText } from "../test/read-stream.ts";
import { createEventStream } from "./index.ts";

const frame = (value: unknown): string => `event: message\ndata: ${JSON.stringify(value)}\n\n`;

/** Channels that were made, and how many of their ports were closed. */
const channels = { made: 0, closed: 0 };

class CountingChannel extends MessageChannel {
  constructor() {
    super();
    channels.made++;
    const close = this.port1.close.bind(this.port1);
    this.port1.close = () => {
      channels.closed++;
      close();
    };
  }
}

const runtimes: [string, () => void][] = [
  ["setImmediate", () => undefined],
  ["MessageChannel, without setImmediate", () => void vi.stubGlobal("setImmediate", undefined)],
  [
    "setTimeout, without either",
    () => {
      vi.stubGlobal("setImmediate", undefined);
      vi.stubGlobal("MessageChannel", undefined);
    },
  ],
];

/** Until all of them had their turn. */
const turn = async (): Promise<void> => {
  for (let index = 0; index < 3; index++) await endOfLoop();
};

describe.each(runtimes)("createEventStream over %s", (name, stub) => {
  const isChannel = name.startsWith("MessageChannel");

  beforeEach(() => {
    channels.made = 0;
    channels.closed = 0;
    vi.stubGlobal("MessageChannel", CountingChannel);
    stub();
  });
  afterEach(() => void vi.unstubAllGlobals());

  it("puts what becomes ready in one turn into one chunk, over many microtasks", async () => {
    const arrived = deferred();
    async function* source(): AsyncGenerator<number> {
      yield 1;
      for (let index = 0; index < 100; index++) await undefined;
      yield 2;
      await arrived.promise;
      yield 3;
    }
    const reader = createEventStream(source).getReader();
    expect(await readOne(reader)).toBe(frame(1) + frame(2));
    arrived.resolve();
    expect(await readOne(reader)).toBe(frame(3));
    expect(await readOne(reader)).toBeUndefined();
  });

  it("takes as many turns as it needs, and closes every channel that it made", async () => {
    const values = Array.from({ length: 5_000 }, (_, index) => index);
    expect(await readText(createEventStream(values))).toBe(values.map(frame).join(""));
    expect(channels.made > 0).toBe(isChannel);
    expect(channels.closed).toBe(channels.made);
  });

  it("makes no channel before the first event", async () => {
    const source = new ControlledSource();
    const reader = createEventStream(source).getReader();
    const read = readOne(reader);
    await turn();
    expect(channels.made).toBe(0);
    source.yield(1);
    expect(await read).toBe(frame(1));
    expect(channels.made).toBe(isChannel ? 1 : 0);
    await reader.cancel();
    expect(channels.closed).toBe(channels.made);
  });

  it("sends nothing that was due when the reader left", async () => {
    const source = new ControlledSource();
    const onClose = vi.fn();
    const reader = createEventStream(source, { onClose }).getReader();
    void reader.read();
    await turn();
    source.yield(1);
    await Promise.resolve();
    await Promise.resolve();
    await reader.cancel();
    await turn();
    expect(onClose).toHaveBeenCalledExactlyOnceWith(
      expect.objectContaining({ reason: "cancelled", events: 1, bytes: 0 }),
    );
    expect(channels.closed).toBe(channels.made);
  });

  it("keeps no channel open when a hook ends the stream at its first event", async () => {
    const controller = new AbortController();
    const options = { signal: controller.signal, onEvent: () => controller.abort() };
    expect(await readText(createEventStream([1, 2], options))).toBe("");
    await turn();
    expect(channels.closed).toBe(channels.made);
  });
});
