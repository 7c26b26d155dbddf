import { describe, expect, it } from "vitest";
import { LazySourceContext } from "./lazy-source-context.ts";

describe("LazySourceContext", () => {
  it("gives one signal, however often it is asked, and to a spread copy, too", () => {
    const context = new LazySourceContext("7");
    const copy = { ...context };
    expect(Object.keys(copy)).toEqual(["lastEventId", "signal"]);
    expect(copy.signal).toBe(context.signal);
    expect(copy.lastEventId).toBe("7");
  });

  it("aborts the signal with the reason, for who asked before and for who asks after", () => {
    const [before, after] = [new LazySourceContext(undefined), new LazySourceContext(undefined)];
    const { signal } = before;
    expect(signal.aborted).toBe(false);
    before.abort("gone");
    after.abort("gone");
    expect(signal).toMatchObject({ aborted: true, reason: "gone" });
    expect(after.signal).toMatchObject({ aborted: true, reason: "gone" });
  });
});
