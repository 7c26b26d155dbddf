import { create } from "@bufbuild/protobuf";
import { anyPack, DurationSchema } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import fc from "fast-check";
import { describe, expect, expectTypeOf, it } from "vitest";
import { collect } from "../test/collect.ts";
import {
  BadRequestSchema,
  DebugInfoSchema,
  ErrorInfoSchema,
  HelpSchema,
  LocalizedMessageSchema,
  RetryInfoSchema,
} from "../test/gen/google/rpc/error_details_pb.ts";
import { serveProgress } from "../test/progress-server.ts";
import { detail, statusBytes, trailers } from "../test/status-details.ts";
import { GrpcStreamError, grpcStreamToSse } from "./index.ts";
import { type BadRequestJson, decodeStatusDetails } from "./protobuf.ts";

const all = [
  detail(DebugInfoSchema, { stackEntries: ["at secret (10.0.0.7)"], detail: "secret" }),
  detail(BadRequestSchema, { fieldViolations: [{ field: "task", description: "is empty" }] }),
  detail(ErrorInfoSchema, { reason: "EMPTY", domain: "example.com", metadata: { field: "task" } }),
  detail(RetryInfoSchema, { retryDelay: { seconds: 1n, nanos: 500_000_000 } }),
  detail(LocalizedMessageSchema, { locale: "de", message: "Leer" }),
  detail(HelpSchema, { links: [{ url: "http://secret" }] }),
  anyPack(DurationSchema, create(DurationSchema, { seconds: 5n })),
];

const decoded = {
  badRequest: { fieldViolations: [{ field: "task", description: "is empty" }] },
  errorInfo: { reason: "EMPTY", domain: "example.com", metadata: { field: "task" } },
  retryInfo: { retryDelay: "1.500s" },
  localizedMessage: { locale: "de", message: "Leer" },
};

describe("decodeStatusDetails", () => {
  it("gives the standard details as JSON, and no others", async () => {
    const { client } = await serveProgress((call) =>
      call.emit("error", { code: 3, details: "empty", metadata: trailers(all) }),
    );
    const { error } = await collect(grpcStreamToSse(client.watch({}), () => 0));
    if (!(error instanceof GrpcStreamError)) throw new Error("not recognised", { cause: error });
    const details = decodeStatusDetails(error);
    expect(details).toStrictEqual(decoded);
    expect(JSON.stringify(details)).not.toContain("secret");
    expectTypeOf(details.badRequest).toEqualTypeOf<BadRequestJson | undefined>();
  });

  it("takes the error of a library, and anything with status details", async () => {
    const serviceError = { code: 3, details: "empty", metadata: trailers(all) };
    expect(decodeStatusDetails(Object.assign(new Error("3"), serviceError))).toEqual(decoded);
    const connectError = new ConnectError("empty", Code.InvalidArgument);
    connectError.details = all.map(({ typeUrl, value }) => ({ type: typeUrl.replace(/.*\//, ""), value }));
    expect(decodeStatusDetails(connectError)).toEqual(decoded);
    expect(decodeStatusDetails({ statusDetails: all })).toEqual(decoded);
  });

  it("is empty without details", () => {
    expect(decodeStatusDetails(new GrpcStreamError({ code: 3, details: "empty" }))).toStrictEqual({});
  });

  it("takes the first of a type that can be decoded", () => {
    const [, badRequest] = all;
    const typeUrl = badRequest?.typeUrl ?? "";
    const beyond = detail(RetryInfoSchema, { retryDelay: { seconds: 2n ** 62n } });
    const statusDetails = [
      { typeUrl, value: new Uint8Array([0x0a, 0x7f]) },
      detail(BadRequestSchema, { fieldViolations: [{ field: "first" }] }),
      detail(BadRequestSchema, { fieldViolations: [{ field: "second" }] }),
      beyond,
    ];
    expect(decodeStatusDetails({ statusDetails })).toStrictEqual({
      badRequest: { fieldViolations: [{ field: "first" }] },
    });
  });

  it("throws for no bytes", () => {
    const types = ["BadRequest", "ErrorInfo", "RetryInfo", "LocalizedMessage"].map((name) => `x/google.rpc.${name}`);
    const statusDetails = fc.array(fc.record({ typeUrl: fc.constantFrom(...types), value: fc.uint8Array() }));
    fc.assert(fc.property(statusDetails, (statusDetails) => void decodeStatusDetails({ statusDetails })));
  });

  it("passes over what is no detail", () => {
    // What a caller without types may write.
    const statusDetails = [null, "text", {}, { typeUrl: 5, value: statusBytes() }, { typeUrl: "x" }] as never[];
    expect(decodeStatusDetails({ statusDetails })).toEqual({});
  });

  it.each([undefined, null, "text", {}, new Error("other"), { statusDetails: "text" }])("refuses %j", (error) => {
    // What a caller without types may write.
    expect(() => decodeStatusDetails(error as never)).toThrow(
      /^Cannot decode status details: `error` must be a GrpcStreamError or the error of a gRPC library, got /,
    );
  });
});
