import { describe, expectTypeOf, it } from "vitest";
import { createEventStream, SSEManager, type SseEvent, type SseFields, sse } from "./index.ts";

interface Progress {
  percent: number;
}
interface Done {
  url: string;
}
type Events = { progress: Progress; done: Done };

declare function yields<Items extends unknown[]>(...items: Items): AsyncGenerator<Items[number]>;

const progress: Progress = { percent: 50 };
const done: Done = { url: "/" };

/** Compiled by `pnpm typecheck`, never run: a wrong type that is accepted is an unused `@ts-expect-error`. */
describe("types", () => {
  it("sse() knows its data and its type", () => {
    expectTypeOf(sse(progress)).toEqualTypeOf<SseEvent<Progress, undefined>>();
    expectTypeOf(sse(progress, { id: "1" })).toEqualTypeOf<SseEvent<Progress, undefined>>();
    expectTypeOf(sse(done, { event: "done" })).toEqualTypeOf<SseEvent<Done, "done">>();
    // @ts-expect-error: no such field
    sse(done, { type: "done" });
  });

  it("without declared events, the type of plain values is inferred", () => {
    const id = (value: Progress, index: number): string => `${value.percent}-${index}`;
    SSEManager.createResponse(yields(progress), { id });
    SSEManager.createResponse(yields(progress), "progress");
    SSEManager.createResponse(yields(sse(progress, { id: "1" })), "progress");
    SSEManager.createResponse(yields(progress, sse(done, { event: "done" })), { eventType: "progress", id });
    SSEManager.createResponse(() => yields(progress), { id: (value) => String(value.percent) });
    SSEManager.createResponse(async () => yields(progress), { id: (value) => String(value.percent) });
    SSEManager.createResponse([progress], { id: (value) => String(value.percent) });
    SSEManager.createResponse(new ReadableStream<Progress>(), { id: (value) => String(value.percent) });
    createEventStream(yields(progress, sse(done)), { id });
    // @ts-expect-error: `id` is for another value
    SSEManager.createResponse(yields(done), { id });
    // @ts-expect-error: no source
    SSEManager.createResponse(42, "progress");
    // @ts-expect-error: no such option
    SSEManager.createResponse(yields(progress), { heartbeat: 5 });
  });

  const manager = new SSEManager<Events>();

  it("a manager with declared events takes the right pairs of type and data", () => {
    manager.createResponse(yields(progress), "progress");
    manager.createResponse(yields(done), "done");
    manager.createResponse(yields(progress, sse(done, { event: "done" })), "progress");
    manager.createResponse(yields(sse(progress), sse(done, { event: "done" })), { eventType: "progress" });
    manager.createResponse(yields(sse(undefined, { comment: "still here" })), "progress");
    manager.createResponse(yields(progress), { eventType: "progress", id: ({ percent }) => String(percent) });
    void manager.openResponse(yields(progress), "progress");
  });

  it("a manager with declared events takes them from an inline generator", () => {
    manager.createResponse(async function* ({ signal }) {
      yield progress;
      if (!signal.aborted) yield sse(done, { event: "done", id: "1" });
    }, "progress");
    manager.createResponse(yields(progress), { eventType: "progress", endEvent: sse(done, { event: "done" }) });
  });

  it("fields whose type is not known may be passed on", () => {
    const fields = (): SseFields => ({ event: "x" });
    const maybe = (): string | undefined => undefined;
    expectTypeOf(sse(progress, fields())).toEqualTypeOf<SseEvent<Progress>>();
    expectTypeOf(sse(progress, { event: maybe() })).toEqualTypeOf<SseEvent<Progress>>();
  });

  it("a serializer may be compiled for one type", () => {
    SSEManager.createResponse(yields(progress), { serialize: (value: Progress) => String(value.percent) });
  });

  it("and refuses the wrong ones", () => {
    // @ts-expect-error: plain values of no named type are of type `message`, which is not declared
    manager.createResponse(yields(done));
    // @ts-expect-error: also where there is a default that the compiler does not know
    new SSEManager<Events>({ eventType: "progress" }).createResponse(yields(done));
    // @ts-expect-error: the data of `done`
    manager.createResponse(yields(progress), { eventType: "progress", endEvent: sse({ wrong: 1 }, { event: "done" }) });
    // @ts-expect-error: plain values are of type `progress`
    manager.createResponse(yields(done), "progress");
    // @ts-expect-error: a whole event without a type is of type `progress`, too
    manager.createResponse(yields(sse(done)), "progress");
    // @ts-expect-error: the data of `done`
    manager.createResponse(yields(sse(progress, { event: "done" })), "progress");
    // @ts-expect-error: no such type
    manager.createResponse(yields(sse(done, { event: "finished" })), "progress");
    // @ts-expect-error: no such type
    manager.createResponse(yields(progress), "progres");
    // @ts-expect-error: the data of `done`
    void manager.openResponse(yields(sse(progress, { event: "done" })), "progress");
  });

  it("the static methods take a map of events, too", () => {
    SSEManager.createResponse<Events>(yields(progress, sse(done, { event: "done" })), "progress");
    // @ts-expect-error: the data of `done`
    SSEManager.createResponse<Events>(yields(sse(progress, { event: "done" })), "progress");
    // @ts-expect-error: no such type
    SSEManager.createResponse<Events>(yields(progress), "progres");
    // @ts-expect-error: of no declared type
    void SSEManager.openResponse<Events>(yields({ other: 1 }), "progress");
  });
});
