import { create, createRegistry, type DescMessage } from "@bufbuild/protobuf";
import {
  anyPack,
  DurationSchema,
  ListValueSchema,
  NullValue,
  Syntax,
  TimestampSchema,
  ValueSchema,
} from "@bufbuild/protobuf/wkt";
import { isSseEvent, SSEManager, sse } from "@ssewire/core";
import { describe, expect, it } from "vitest";
import { collect } from "../test/collect.ts";
import { KindsSchema } from "../test/gen/ssewire/test/v1/kinds_pb.ts";
import { WatchResponseSchema } from "../test/gen/ssewire/test/v1/progress_pb.ts";
import { serveProgress } from "../test/progress-server.ts";
import { grpcStreamToSse } from "./index.ts";
import { jsonEvent } from "./protobuf.ts";

const TYPE = "ssewire.test.v1.Kinds";
const watchResponse = create(WatchResponseSchema, { percent: 50 });
const withAny = create(KindsSchema, { detail: anyPack(WatchResponseSchema, watchResponse) });

describe("jsonEvent", () => {
  it("gives ProtoJSON of every kind of field", () => {
    const message = create(KindsSchema, {
      signed: -(2n ** 63n),
      unsigned: 2n ** 64n - 1n,
      bytes: new Uint8Array([0xfb, 0xff]),
      at: create(TimestampSchema, { seconds: 1n, nanos: 500_000_000 }),
      took: create(DurationSchema, { seconds: 90n }),
      syntax: Syntax.PROTO3,
      counts: { a: 1n },
      result: { case: "failure", value: { reason: "full" } },
      ratio: Number.NaN,
      tags: ["x"],
    });
    expect(jsonEvent(KindsSchema)(message)).toEqual({
      signed: "-9223372036854775808",
      unsigned: "18446744073709551615",
      bytes: "+/8=",
      at: "1970-01-01T00:00:01.500Z",
      took: "90s",
      syntax: "SYNTAX_PROTO3",
      counts: { a: "1" },
      failure: { reason: "full" },
      ratio: "NaN",
      tags: ["x"],
    });
  });

  it("leaves out what has its default, and names fields and enums, unless told otherwise", () => {
    const message = create(KindsSchema, { syntax: Syntax.PROTO3, result: { case: "documentUrl", value: "/" } });
    expect(jsonEvent(KindsSchema)(message)).toEqual({ syntax: "SYNTAX_PROTO3", documentUrl: "/" });
    expect(jsonEvent(KindsSchema, { enumAsInteger: true })(message)).toMatchObject({ syntax: 1 });
    expect(jsonEvent(KindsSchema, { useProtoFieldName: true })(message)).toMatchObject({ document_url: "/" });
    expect(jsonEvent(KindsSchema, { alwaysEmitImplicit: true })(message)).toEqual({
      signed: "0",
      unsigned: "0",
      bytes: "",
      syntax: "SYNTAX_PROTO3",
      counts: {},
      documentUrl: "/",
      ratio: 0,
      tags: [],
    });
  });

  it("writes an Any whose type the registry has", () => {
    const write = jsonEvent(KindsSchema, { registry: createRegistry(WatchResponseSchema) });
    const detail = { "@type": "type.googleapis.com/ssewire.test.v1.WatchResponse", percent: 50 };
    expect(write(withAny)).toEqual({ detail });
  });

  it.each([undefined, createRegistry(KindsSchema)])(
    "names the type of an Any that the registry has not",
    (registry) => {
      expect(() => jsonEvent(KindsSchema, { registry })(withAny)).toThrow(
        new TypeError(
          `Cannot write ${TYPE} as JSON: \`registry\` does not have ssewire.test.v1.WatchResponse, the type of a google.protobuf.Any in the message`,
        ),
      );
    },
  );

  it("gives events with `event` or `id`", () => {
    const { output, data } = { output: WatchResponseSchema, data: { percent: 50 } };
    expect(jsonEvent(output, { event: "progress" })(watchResponse)).toEqual(sse(data, { event: "progress" }));
    expect(jsonEvent(output, { id: ({ percent }) => `p${percent}` })(watchResponse)).toEqual(sse(data, { id: "p50" }));
    expect(jsonEvent(output, { id: () => undefined })(watchResponse)).toEqual(sse(data));
    const both = jsonEvent(output, {
      event: ({ percent }) => (percent < 100 ? "progress" : "done"),
      id: ({ percent }) => String(percent),
    });
    expect(both(watchResponse)).toEqual(sse(data, { event: "progress", id: "50" }));
    expect(both(create(output, { percent: 100 }))).toEqual(sse({ percent: 100 }, { event: "done", id: "100" }));
  });

  it.each([
    ["a list", ListValueSchema, create(ListValueSchema, { values: [] }), []],
    ["null", ValueSchema, create(ValueSchema, { kind: { case: "nullValue", value: NullValue.NULL_VALUE } }), null],
  ])("gives %s as one event", async (_what, schema: DescMessage, message, json) => {
    const event = jsonEvent(schema)(message);
    expect(isSseEvent(event)).toBe(true);
    const { values } = await collect(grpcStreamToSse(one(message), jsonEvent(schema)));
    expect(values).toEqual([sse(json)]);
  });

  it("is a transform of a real stream", async () => {
    const { client } = await serveProgress((call) => {
      call.write({ percent: 0 });
      call.write({ percent: 100, payload: new Uint8Array([1]) });
      call.end();
    });
    const source = grpcStreamToSse(
      ({ signal }) => client.watch({}, { signal }),
      jsonEvent(WatchResponseSchema, { event: "progress", id: ({ percent }) => String(percent) }),
    );
    expect(await SSEManager.createResponse(source).text()).toBe(
      'id: 0\nevent: progress\ndata: {}\n\nid: 100\nevent: progress\ndata: {"percent":100,"payload":"AQ=="}\n\n',
    );
  });

  it.each<[string, unknown, string]>([
    ["of another schema", watchResponse, "got one of ssewire.test.v1.WatchResponse"],
    ["of another library", { percent: 5 }, "got an object without a `$typeName`"],
    ["that is none", undefined, "got undefined"],
  ])("refuses a message %s", (_what, message, reason) => {
    // What a caller without types may write.
    const write = jsonEvent(KindsSchema) as (message: unknown) => unknown;
    expect(() => write(message)).toThrow(
      new TypeError(
        `Cannot write ${TYPE} as JSON: \`message\` must be one of that schema, made by protobuf-es, ${reason}`,
      ),
    );
  });

  it.each<[string, unknown, string]>([
    ["event()", { event: () => 5 }, "a string, got number"],
    ["id()", { id: () => 5 }, "a string, got number"],
  ])("refuses a result of %s that is no text", (name, options, reason) => {
    // What a caller without types may write.
    const write = jsonEvent(KindsSchema, options as never) as (message: unknown) => unknown;
    expect(() => write(create(KindsSchema))).toThrow(
      new TypeError(`Cannot write ${TYPE} as JSON: \`${name}\` must be ${reason}`),
    );
  });

  it.each<[object, string]>([
    [{ event: 5 }, "`event` must be a string or a function, got number"],
    [{ event: "" }, "`event` must be an event type, not empty and without line breaks"],
    [{ event: "a\nb" }, "`event` must be an event type, not empty and without line breaks"],
    [{ id: "1" }, "`id` must be a function, got string"],
    [{ registry: {} }, "`registry` must be a registry of @bufbuild/protobuf, got object"],
    [{ alwaysEmitImplicit: 1 }, "`alwaysEmitImplicit` must be a boolean, got number"],
    [{ useProtoFieldName: "no" }, "`useProtoFieldName` must be a boolean, got string"],
    [{ enumAsInteger: null }, "`enumAsInteger` must be a boolean, got null"],
    [{ type: "progress" }, "unknown option `type`, allowed are `event`, `id`"],
  ])("refuses the options %j", (options, reason) => {
    // What a caller without types may write.
    expect(() => jsonEvent(KindsSchema, options as never)).toThrow(`Cannot write ${TYPE} as JSON: ${reason}`);
  });

  it.each([undefined, null, "Kinds", {}, { kind: "service" }])("refuses the schema %j", (schema) => {
    // What a caller without types may write.
    expect(() => jsonEvent(schema as never)).toThrow(
      /^Cannot write messages as JSON: `schema` must be a message schema, as protoc-gen-es 2 generates them, got /,
    );
  });
});

async function* one<Value>(value: Value): AsyncGenerator<Value> {
  yield value;
}
