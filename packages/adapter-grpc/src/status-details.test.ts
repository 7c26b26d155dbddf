import { create, toBinary } from "@bufbuild/protobuf";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { AnySchema } from "@bufbuild/protobuf/wkt";
import { Metadata } from "@grpc/grpc-js";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DebugInfoSchema, LocalizedMessageSchema, RetryInfoSchema } from "../test/gen/google/rpc/error_details_pb.ts";
import { StatusSchema } from "../test/gen/google/rpc/status_pb.ts";
import { detail, statusBytes, trailers } from "../test/status-details.ts";
import { localizedText, readStatusDetails, retryInfo } from "./status-details.ts";
import { readFields } from "./wire-reader.ts";

const KEY = "grpc-status-details-bin";

function metadata(...values: unknown[]): { get(key: string): never } {
  // As whatever a library gives.
  return { get: (key) => (key === KEY ? values : []) as never };
}

const text = fc.string({ unit: "grapheme" });
const bytes = fc.uint8Array({ maxLength: 64 });

/** Fields that the reader does not know, of every wire type. */
const unknownFields = fc.array(
  fc.oneof(
    fc.record({ no: fc.integer({ min: 16, max: 536_870_911 }), varint: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }) }),
    fc.record({ no: fc.integer({ min: 16, max: 536_870_911 }), bytes }),
    fc.record({ no: fc.integer({ min: 16, max: 536_870_911 }), fixed: fc.constantFrom(32, 64) }),
    fc.record({ no: fc.integer({ min: 16, max: 536_870_911 }), group: fc.bigInt({ min: 0n, max: 300n }) }),
  ),
  { maxLength: 4 },
);

function writeUnknown(fields: readonly { no: number }[]): Uint8Array {
  const writer = new BinaryWriter();
  for (const field of fields) {
    if ("varint" in field) writer.tag(field.no, WireType.Varint).uint64(field.varint as bigint);
    else if ("bytes" in field) writer.tag(field.no, WireType.LengthDelimited).bytes(field.bytes as Uint8Array);
    else if ("fixed" in field && field.fixed === 32) writer.tag(field.no, WireType.Bit32).fixed32(7);
    else if ("fixed" in field) writer.tag(field.no, WireType.Bit64).fixed64(7n);
    else {
      // What is in a group is not the message's, though it has the number of one of its fields.
      writer
        .tag(field.no, WireType.StartGroup)
        .tag(3, WireType.LengthDelimited)
        .bytes(new Uint8Array([1, 2]));
      writer.tag(field.no, WireType.EndGroup);
    }
  }
  return writer.finish();
}

function concat(...parts: Uint8Array[]): Uint8Array {
  return new Uint8Array(parts.flatMap((part) => [...part]));
}

describe("readStatusDetails", () => {
  it("reads any status that protobuf-es writes as protobuf-es does, past fields it does not know", () => {
    const anys = fc.array(fc.record({ typeUrl: text, value: bytes }), { maxLength: 5 });
    fc.assert(
      fc.property(fc.integer(), text, anys, unknownFields, (code, message, details, unknown) => {
        const init = { code, message, details: details.map((any) => create(AnySchema, any)) };
        const written = concat(writeUnknown(unknown), toBinary(StatusSchema, create(StatusSchema, init)));
        expect(readStatusDetails(metadata(written))).toEqual(details);
      }),
      { numRuns: 500 },
    );
  });

  it("takes any bytes, and any part of a status", () => {
    const status = statusBytes(
      detail(RetryInfoSchema, { retryDelay: { seconds: 5n, nanos: 1 } }),
      detail(LocalizedMessageSchema, { locale: "de", message: "Später" }),
    );
    const damaged = fc
      .tuple(fc.nat(status.length - 1), fc.nat(255))
      .map(([index, byte]) => status.map((each, at) => (at === index ? byte : each)));
    const cut = fc.nat(status.length).map((length) => status.subarray(0, length));
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 200 }), damaged, cut), (value) => {
        const details = readStatusDetails(metadata(value));
        localizedText(details);
        retryInfo(details);
        const any = [
          { typeUrl: "google.rpc.RetryInfo", value },
          { typeUrl: "google.rpc.LocalizedMessage", value },
        ];
        localizedText(any);
        retryInfo(any);
      }),
      { numRuns: 2000 },
    );
  });

  it("reads all values, and none of a malformed one", () => {
    const one = statusBytes(detail(DebugInfoSchema, { detail: "1" }));
    const two = statusBytes(detail(DebugInfoSchema, { detail: "2" }));
    const values = readStatusDetails(metadata(one, new Uint8Array([0x1a, 0x7f]), "text", null, two));
    expect(values.map(({ value }) => value.at(-1))).toEqual(["1".charCodeAt(0), "2".charCodeAt(0)]);
  });

  it("reads none of a status that has a malformed detail, or one whose type is no UTF-8", () => {
    const one = statusBytes(detail(DebugInfoSchema, { detail: "1" }));
    expect(readStatusDetails(metadata(concat(one, new Uint8Array([0x1a, 0x01, 0x0a]))))).toEqual([]);
    expect(readStatusDetails(metadata(concat(one, new Uint8Array([0x1a, 0x03, 0x0a, 0x01, 0xff]))))).toEqual([]);
  });

  it("gives copies that are no Buffers", () => {
    const [first] = readStatusDetails(trailers([detail(DebugInfoSchema, { detail: "x" })]));
    expect(Object.getPrototypeOf(first?.value)).toBe(Uint8Array.prototype);
    expect(first?.value.buffer.byteLength).toBe(first?.value.byteLength);
  });

  it.each<[string, unknown]>([
    ["no metadata", undefined],
    ["no such key", new Metadata()],
    [
      "metadata that throws",
      {
        get: () => {
          throw new Error("hands off");
        },
      },
    ],
    ["metadata that gives nothing", { get: () => undefined }],
    ["metadata that gives a text", { get: () => "CAk=" }],
  ])("finds nothing in %s", (_what, given) => {
    // As whatever a library gives.
    expect(readStatusDetails(given as Metadata)).toEqual([]);
  });
});

describe("readFields", () => {
  it.each<[string, number[]]>([
    ["a varint that ends early", [0x08, 0x80]],
    ["a varint of eleven bytes", [0x08, ...new Array(10).fill(0x80), 0x01]],
    ["a varint that never ends", [0x08, ...new Array(100).fill(0xff)]],
    ["a length beyond the end", [0x12, 0x05, 0x01]],
    ["a huge length", [0x12, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]],
    ["a fixed64 that ends early", [0x09, 1, 2, 3]],
    ["a fixed32 that ends early", [0x0d, 1, 2, 3]],
    ["field number 0", [0x00, 0x00]],
    ["a tag beyond 32 bits", [0x88, 0x80, 0x80, 0x80, 0x80, 0x01, 0x00]],
    ["wire type 6", [0x0e, 0x00]],
    ["wire type 7", [0x0f, 0x00]],
    ["a group without its end", [0x0b]],
    ["the end of no group", [0x0c]],
    ["the end of another group", [0x0b, 0x14]],
  ])("refuses %s", (_what, wire) => {
    expect(readFields(new Uint8Array(wire))).toBeUndefined();
  });

  it("takes the largest varint, and one that is longer than it need be", () => {
    const largest = [0x08, ...new Array(9).fill(0xff), 0x01];
    expect(readFields(new Uint8Array(largest))).toEqual([{ number: 1, value: 2n ** 64n - 1n }]);
    expect(readFields(new Uint8Array([0x08, 0x81, 0x80, 0x00]))).toEqual([{ number: 1, value: 1n }]);
  });
});

describe("localizedText", () => {
  it("is the first that there is", () => {
    const details = readStatusDetails(
      trailers([
        detail(DebugInfoSchema, { detail: "stack" }),
        detail(LocalizedMessageSchema, { locale: "en" }),
        detail(LocalizedMessageSchema, { locale: "en", message: " \n" }),
        detail(LocalizedMessageSchema, { locale: "de", message: "\u{FEFF}Später 🕐" }),
        detail(LocalizedMessageSchema, { locale: "en", message: "Later" }),
      ]),
    );
    expect(localizedText(details)).toBe("\u{FEFF}Später 🕐");
  });

  it.each<[string, number[]]>([
    ["is no UTF-8", [0x12, 0x01, 0xff]],
    ["is of another wire type", [0x10, 0x01]],
    ["is cut off", [0x12, 0x05, 0x41]],
    ["is missing", []],
  ])("is none when the text %s", (_how, wire) => {
    const details = [{ typeUrl: "type.googleapis.com/google.rpc.LocalizedMessage", value: new Uint8Array(wire) }];
    expect(localizedText(details)).toBeUndefined();
  });
});

describe("retryInfo", () => {
  it("agrees with protobuf-es about every duration, rounds up, and ignores what is negative or beyond a day", () => {
    const seconds = fc.oneof(
      fc.bigInt({ min: -3n, max: 86_401n }),
      fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    );
    const nanos = fc.oneof(fc.integer({ min: -1, max: 1_000_000_000 }), fc.integer());
    fc.assert(
      fc.property(seconds, nanos, (seconds, nanos) => {
        const details = readStatusDetails(trailers([detail(RetryInfoSchema, { retryDelay: { seconds, nanos } })]));
        const isDuration = seconds >= 0n && nanos >= 0 && nanos <= 999_999_999;
        const ms = Number(seconds) * 1000 + Math.ceil(nanos / 1e6);
        expect(retryInfo(details)).toEqual({ retryAfterMs: isDuration && ms <= 86_400_000 ? ms : undefined });
      }),
      { numRuns: 1000 },
    );
  });

  it.each<[string, { seconds: bigint; nanos: number }, number | undefined]>([
    ["nothing", { seconds: 0n, nanos: 0 }, 0],
    ["a nanosecond", { seconds: 0n, nanos: 1 }, 1],
    ["a second and a half", { seconds: 1n, nanos: 500_000_000 }, 1500],
    ["a day", { seconds: 86_400n, nanos: 0 }, 86_400_000],
    ["more than a day", { seconds: 86_400n, nanos: 1 }, undefined],
    ["less than nothing", { seconds: -1n, nanos: 0 }, undefined],
    ["a little less than nothing", { seconds: 0n, nanos: -1 }, undefined],
  ])("takes a delay of %s", (_what, retryDelay, retryAfterMs) => {
    expect(retryInfo(readStatusDetails(trailers([detail(RetryInfoSchema, { retryDelay })])))).toEqual({ retryAfterMs });
  });

  it("is there without a delay, and is not when it is malformed or of another type", () => {
    const typeUrl = "type.googleapis.com/google.rpc.RetryInfo";
    expect(retryInfo([{ typeUrl, value: new Uint8Array() }])).toEqual({ retryAfterMs: undefined });
    expect(retryInfo([{ typeUrl, value: new Uint8Array([0x0a, 0x05]) }])).toBeUndefined();
    expect(retryInfo([{ typeUrl, value: new Uint8Array([0x0a, 0x02, 0x08, 0x80]) }])).toBeUndefined();
    expect(retryInfo([{ typeUrl: `${typeUrl}2`, value: new Uint8Array() }])).toBeUndefined();
    expect(retryInfo([{ typeUrl: "google.rpc.RetryInfo", value: new Uint8Array() }])).toBeDefined();
  });

  it("puts a delay together that is given in parts", () => {
    const parts = [0x0a, 0x02, 0x08, 0x01, 0x0a, 0x04, 0x10, 0xc0, 0x84, 0x3d];
    const details = [{ typeUrl: "google.rpc.RetryInfo", value: new Uint8Array(parts) }];
    expect(retryInfo(details)).toEqual({ retryAfterMs: 1001 });
  });
});
