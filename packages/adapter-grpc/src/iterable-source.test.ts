import { describe, expect, it } from "vitest";
import { collect } from "../test/collect.ts";
import { grpcStreamToSse } from "./index.ts";

const DONE = { done: true, value: undefined };

/** An iterable whose `next()` never settles, and that records what is asked of it. */
function stuck(): { source: AsyncIterable<number>; asked: string[] } {
  const asked: string[] = [];
  const never = new Promise<never>(() => undefined);
  const iterator: AsyncIterator<number> = {
    next() {
      asked.push("next");
      return never;
    },
    return() {
      asked.push("return");
      return never;
    },
  };
  return { source: { [Symbol.asyncIterator]: () => iterator }, asked };
}

describe("readAsyncIterable", () => {
  it("asks for one message at a time", async () => {
    const { source, asked } = stuck();
    const stream = grpcStreamToSse(source, (message) => message);
    expect(asked).toEqual([]);
    const pending = [stream.next(), stream.next()];
    expect(asked).toEqual(["next"]);
    stream.cancel();
    await Promise.all(pending);
  });

  it("returns it without waiting, while its next() is pending", async () => {
    const { source, asked } = stuck();
    const stream = grpcStreamToSse(source, (message) => message);
    const pending = stream.next();
    expect(await stream.return()).toEqual(DONE);
    expect(await pending).toEqual(DONE);
    stream.cancel();
    expect(asked).toEqual(["next", "return"]);
  });

  it("does not return it after its own end or failure", async () => {
    for (const next of [() => Promise.resolve(DONE), () => Promise.reject(new Error("gone"))]) {
      let returned = 0;
      const iterator = {
        next,
        return() {
          returned++;
          return Promise.resolve(DONE);
        },
      };
      const source = { [Symbol.asyncIterator]: () => iterator } as AsyncIterable<number>;
      await collect(grpcStreamToSse(source, (message) => message));
      expect(returned).toBe(0);
    }
  });

  it.each([
    [
      "throws",
      () => {
        throw new Error("clean-up failed");
      },
    ],
    ["rejects", () => Promise.reject(new Error("clean-up failed"))],
  ])("is not told when its return() %s", async (_how, giveBack) => {
    const iterator = { next: () => Promise.resolve({ done: false as const, value: 1 }), return: giveBack };
    for await (const value of grpcStreamToSse({ [Symbol.asyncIterator]: () => iterator }, (message) => message)) {
      expect(value).toBe(1);
      break;
    }
  });

  it.each([
    [
      "throws",
      () => {
        throw new Error("gone");
      },
    ],
    ["rejects", () => Promise.reject(new Error("gone"))],
  ])("fails with its error unchanged when its next() %s", async (_how, next: () => Promise<IteratorResult<number>>) => {
    const stream = grpcStreamToSse({ [Symbol.asyncIterator]: () => ({ next }) }, (message) => message);
    await expect(stream.next()).rejects.toThrow(new Error("gone"));
  });

  it("gives messages that are null or undefined to the transform", async () => {
    async function* source(): AsyncGenerator<number | null | undefined> {
      yield null;
      yield undefined;
      yield 1;
    }
    const { values } = await collect(grpcStreamToSse(source(), (message) => String(message)));
    expect(values).toEqual(["null", "undefined", "1"]);
  });
});
