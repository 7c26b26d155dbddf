import type { DescMessage, JsonValue, MessageShape } from "@bufbuild/protobuf";
import type { GenMessage } from "@bufbuild/protobuf/codegenv2";
import type { ListValueJson, ListValueSchema } from "@bufbuild/protobuf/wkt";
import { SSEManager, type SseEvent } from "@ssewire/core";
import { describe, expectTypeOf, it } from "vitest";
import type { Kinds, KindsJson, KindsSchema } from "../test/gen/ssewire/test/v1/kinds_pb.ts";
import {
  type WatchResponse,
  type WatchResponseJson,
  WatchResponseSchema,
} from "../test/gen/ssewire/test/v1/progress_pb.ts";
import { grpcStreamToSse } from "./index.ts";
import { type JsonEventOptions, jsonEvent } from "./protobuf.ts";

declare const kinds: typeof KindsSchema;
declare const list: typeof ListValueSchema;
declare const untyped: GenMessage<WatchResponse>;
declare const messages: AsyncIterable<WatchResponse>;
type Events = { progress: WatchResponseJson; done: { url: string } };

/** Compiled by `pnpm typecheck`, never run: a wrong type that is accepted is an unused `@ts-expect-error`. */
describe("types of jsonEvent", () => {
  it("gives what the browser receives, if the schema knows it", () => {
    expectTypeOf(jsonEvent(kinds)).toEqualTypeOf<(message: Kinds) => KindsJson>();
    expectTypeOf(jsonEvent(kinds, { alwaysEmitImplicit: true })).returns.toEqualTypeOf<KindsJson>();
    expectTypeOf(jsonEvent(kinds, { enumAsInteger: false })).returns.toEqualTypeOf<KindsJson>();
    expectTypeOf(jsonEvent(untyped, { event: "progress" })).returns.toEqualTypeOf<SseEvent<JsonValue, "progress">>();
    expectTypeOf<string>().toExtend<ReturnType<ReturnType<typeof jsonEvent<typeof untyped>>>>();
  });

  it("knows no more than JSON when names or enums are written in another way", () => {
    expectTypeOf(jsonEvent(kinds, { event: "a", enumAsInteger: true })).returns.toEqualTypeOf<
      SseEvent<JsonValue, "a">
    >();
    expectTypeOf(jsonEvent(kinds, { event: "a", useProtoFieldName: true })).returns.toEqualTypeOf<
      SseEvent<JsonValue, "a">
    >();
  });

  it("gives an event with `event` or `id`, and for an array", () => {
    expectTypeOf(jsonEvent(kinds, { event: "kinds" })).returns.toEqualTypeOf<SseEvent<KindsJson, "kinds">>();
    expectTypeOf(jsonEvent(kinds, { id: ({ signed }) => String(signed) })).returns.toEqualTypeOf<
      SseEvent<KindsJson, undefined>
    >();
    expectTypeOf(jsonEvent(kinds, { event: ({ ratio }) => (ratio > 1 ? "done" : "progress") })).returns.toEqualTypeOf<
      SseEvent<KindsJson, "done" | "progress">
    >();
    expectTypeOf(jsonEvent(list)).returns.toEqualTypeOf<SseEvent<ListValueJson, undefined>>();
  });

  it("gives either when the options are not known", () => {
    const options = (): JsonEventOptions<typeof kinds> => ({});
    expectTypeOf(jsonEvent(kinds, options())).returns.toExtend<JsonValue | KindsJson | SseEvent>();
    expectTypeOf<SseEvent<JsonValue, string | undefined>>().toExtend<ReturnType<typeof unknownOptions>>();
    const unknownOptions = jsonEvent(kinds, options());
  });

  it("refuses what is no option", () => {
    // @ts-expect-error: no such option
    jsonEvent(kinds, { type: "progress" });
    // @ts-expect-error: an event type is text
    jsonEvent(kinds, { event: 5 });
    // @ts-expect-error: no schema
    jsonEvent("Kinds");
    // @ts-expect-error: the message has no such field
    jsonEvent(kinds, { id: ({ percent }) => String(percent) });
  });

  const manager = new SSEManager<Events>();

  it("fits the declared events of a manager", () => {
    manager.createResponse(grpcStreamToSse(messages, jsonEvent(WatchResponseSchema)), "progress");
    manager.createResponse(grpcStreamToSse(messages, jsonEvent(WatchResponseSchema, { event: "progress" })), "done");
    manager.createResponse(grpcStreamToSse(messages, jsonEvent(WatchResponseSchema, { id: () => "1" })), "progress");
  });

  it("does not fit another pair", () => {
    // @ts-expect-error: the data of `done` is another
    manager.createResponse(grpcStreamToSse(messages, jsonEvent(WatchResponseSchema)), "done");
    // @ts-expect-error: the data of `done` is another
    manager.createResponse(grpcStreamToSse(messages, jsonEvent(WatchResponseSchema, { event: "done" })), "progress");
    // @ts-expect-error: no such event
    manager.createResponse(grpcStreamToSse(messages, jsonEvent(WatchResponseSchema, { event: "other" })), "progress");
    // @ts-expect-error: messages of another schema
    grpcStreamToSse(messages, jsonEvent(kinds));
  });

  it("takes any schema", () => {
    const write = <Schema extends DescMessage>(schema: Schema): ((message: MessageShape<Schema>) => unknown) =>
      jsonEvent(schema);
    expectTypeOf(write(kinds)).toEqualTypeOf<(message: Kinds) => unknown>();
  });
});
