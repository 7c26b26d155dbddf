import type { Any } from "@bufbuild/protobuf/wkt";
import { errorData } from "@ssewire/core";
import { describe, expect, it } from "vitest";
import { collect } from "../test/collect.ts";
import { ErrorInfoSchema, LocalizedMessageSchema, RetryInfoSchema } from "../test/gen/google/rpc/error_details_pb.ts";
import { otherClients, type Watch } from "../test/other-clients.ts";
import { connect, serveProgress, type WatchCall } from "../test/progress-server.ts";
import { detail, trailers } from "../test/status-details.ts";
import { toGrpcFailure } from "./grpc-failure.ts";
import { grpcStatus } from "./grpc-status.ts";
import { GrpcStreamError, grpcStreamToSse } from "./index.ts";

const ADDRESS = "connect ECONNREFUSED 10.0.0.7:50051";
const LOCALIZED = "Später noch einmal";
const CODES = Array.from({ length: 16 }, (_, index) => index + 1);

function grpcJsWatch(address: string): Watch {
  const client = connect(address);
  return (request, { signal }) => client.watch(request, { signal });
}

const clients = [["grpc-js", grpcJsWatch] as const, ...otherClients];
/** nice-grpc's errors come without the trailing metadata. */
const clientsWithTrailers = clients.filter(([name]) => name !== "nice-grpc");

/** What a call gives that fails. */
async function failureOf(
  open: (options: { signal: AbortSignal }) => AsyncIterable<unknown>,
  options: { expose?: boolean } = {},
): Promise<GrpcStreamError> {
  const { error } = await collect(grpcStreamToSse(open, () => 0, options));
  if (!(error instanceof GrpcStreamError)) throw new Error("not recognised", { cause: error });
  return error;
}

/** What a call to a server gives that fails it so. */
async function failure(open: (address: string) => Watch, fail: (call: WatchCall) => void): Promise<GrpcStreamError> {
  const { address } = await serveProgress(fail);
  const watch = open(address);
  return failureOf((options) => watch({}, options));
}

/** The matrix of what a browser is shown: of each client, each code, exposed or not. */
describe.each(clients)("a failure of %s", (name, open) => {
  it.each<[string, string, Any[]]>([
    ["an address in its details", ADDRESS, []],
    ["no details", "", []],
    ["a LocalizedMessage", ADDRESS, [detail(LocalizedMessageSchema, { locale: "de", message: LOCALIZED })]],
  ])("with %s is shown as its code has it", async (_what, details, packed) => {
    const { address } = await serveProgress((call) => {
      const code = call.request.count;
      const metadata = packed.length === 0 ? undefined : trailers(packed, { code, message: details });
      call.emit("error", { code, details, ...(metadata && { metadata }) });
    });
    const watch = open(address);
    for (const code of CODES) {
      for (const expose of [false, true]) {
        const error = await failureOf((options) => watch({ count: code }, options), { expose });
        const { name: status, httpStatus, showsDetails, text } = grpcStatus(code);
        const localized = packed.length > 0 && name !== "nice-grpc" ? LOCALIZED : undefined;
        const shown = details !== "" && showsDetails ? details : text;
        const message = expose && details !== "" ? details : (localized ?? shown);
        const retryable = code === 1 || code === 14;
        expect(error).toMatchObject({ code, status, httpStatus, message, retryable, details });
        expect(error.cause).toBeInstanceOf(Error);
        expect(error[errorData]).toEqual({ code: status, retryable });
      }
    }
  });

  it("with a code that gRPC does not know is UNKNOWN, or what the library says", async () => {
    const error = await failure(open, (call) => call.emit("error", { code: 99, details: ADDRESS }));
    const expected =
      name === "Connect" ? { code: 13, message: "Internal error" } : { code: 2, message: "Unknown error" };
    expect(error).toMatchObject({ name: "GrpcStreamError", ...expected });
  });

  it("that nobody answers does not show the address", async () => {
    const server = await serveProgress((call) => call.end());
    server.shutDown();
    const watch = open(server.address);
    const error = await failureOf((options) => watch({}, options));
    expect(error).toMatchObject({ status: "UNAVAILABLE", message: "Service unavailable", retryable: true });
  });
});

describe.each(clientsWithTrailers)("the trailing metadata of a failure of %s", (_name, open) => {
  it("has its status details", async () => {
    const packed = [
      detail(ErrorInfoSchema, { reason: "QUOTA", domain: "example.com", metadata: { a: "1" } }),
      detail(RetryInfoSchema, { retryDelay: { seconds: 2n, nanos: 1 } }),
    ];
    const metadata = trailers(packed, { code: 8, message: "Quota used up" });
    const error = await failure(open, (call) => call.emit("error", { code: 8, details: "Quota used up", metadata }));
    expect(error).toMatchObject({
      statusDetails: packed.map(({ typeUrl, value }) => ({ typeUrl, value: new Uint8Array(value) })),
      message: "Quota used up",
      retryable: true,
      retryAfterMs: 2001,
    });
    expect(error[errorData]).toEqual({ code: "RESOURCE_EXHAUSTED", retryable: true, retryAfterMs: 2001 });
  });

  it("has texts and bytes under any spelling of the key", async () => {
    const metadata = trailers([], { code: 5, message: "no such task" });
    metadata.set("x-trace", "abc");
    metadata.add("x-data-bin", Buffer.from([0xfb, 0xff, 1]));
    metadata.add("x-data-bin", Buffer.from([2]));
    const error = await failure(open, (call) => call.emit("error", { code: 5, details: "no such task", metadata }));
    expect(error.statusDetails).toEqual([]);
    for (const key of ["x-data-bin", "X-Data-Bin"]) {
      const values = error.metadata?.get(key) ?? [];
      expect(values.map((value) => [...Buffer.from(value)])).toEqual([[0xfb, 0xff, 1], [2]]);
    }
    expect(error.metadata?.get("x-trace")).toEqual(["abc"]);
    expect(error.metadata?.get("x-none")).toEqual([]);
    expect(error.metadata?.get("x-none-bin")).toEqual([]);
  });

  it("may be malformed", async () => {
    const broken = trailers([]);
    broken.set("grpc-status-details-bin", Buffer.from([0x1a, 0x7f]));
    const error = await failure(open, (call) =>
      call.emit("error", { code: 5, details: "no such task", metadata: broken }),
    );
    // Connect's own answer is DATA_LOSS or INTERNAL; whatever it is, it is masked.
    expect(error).toMatchObject({ statusDetails: [], retryable: false });
  });
});

describe("toGrpcFailure", () => {
  const METHOD = "/ssewire.test.v1.ProgressService/Watch";

  function error(fields: object, name = "Error"): Error {
    return Object.assign(new Error(ADDRESS), { name }, fields);
  }

  const connectError = { code: 5, rawMessage: ADDRESS, metadata: new Headers(), details: [] };
  const rpcError = { code: "NOT_FOUND", meta: {} };

  it.each<[string, unknown]>([
    ["an AbortError", new DOMException("aborted", "AbortError")],
    ["a TimeoutError", new DOMException("timed out", "TimeoutError")],
    ["a system error", error({ code: "ENOENT", errno: -2, path: "/etc/x", details: "" })],
    ["a system error with a number", error({ code: -111, errno: -111, address: "10.0.0.7", port: 5432 })],
    ["MySQL's", error({ code: 1062, details: "key" })],
    ["mysql2's", error({ code: "ER_DUP_ENTRY", errno: 1062, sqlState: "23000", sqlMessage: "Duplicate entry" })],
    ["PostgreSQL's", error({ code: "23505", detail: "Key (id)=(1) already exists.", severity: "ERROR" }, "error")],
    ["MongoDB's", error({ code: 11000, details: "dup key", keyPattern: { id: 1 } }, "MongoServerError")],
    ["one with a number for details", error({ code: 13, details: 13, metadata: new Map() })],
    ["one with metadata without get", error({ code: 13, details: "", metadata: {} })],
    ["one with null metadata", error({ code: 13, details: "", metadata: null })],
    ["one with a fraction for a code", error({ code: 1.5, details: "", metadata: new Map() })],
    ["one with a text for a code", error({ code: "13", details: "", metadata: new Map() })],
    ["one with the path of a file", error({ code: 13, details: "", path: "/etc/deep/x" })],
    ["one with a path that is none", error({ code: 13, details: "", path: ["a", "b"] })],
    ["no Error, though of the shape", { code: 13, details: "", metadata: new Map(), path: METHOD }],
    ["a ConnectError with code 0", error({ ...connectError, code: 0 }, "ConnectError")],
    ["a ConnectError with code 17", error({ ...connectError, code: 17 }, "ConnectError")],
    ["a ConnectError with code 1.5", error({ ...connectError, code: 1.5 }, "ConnectError")],
    ["a ConnectError with a name for a code", error({ ...connectError, code: "not_found" }, "ConnectError")],
    ["a ConnectError of another name", error(connectError, "HttpError")],
    ["a ConnectError without a message", error({ ...connectError, rawMessage: undefined }, "ConnectError")],
    ["a ConnectError without metadata", error({ ...connectError, metadata: undefined }, "ConnectError")],
    ["a ConnectError without details", error({ ...connectError, details: undefined }, "ConnectError")],
    ["an RpcError of Twirp", error({ ...rpcError, code: "not_found" }, "RpcError")],
    ["an RpcError with OK", error({ ...rpcError, code: "OK" }, "RpcError")],
    ["an RpcError with a number", error({ ...rpcError, code: 5 }, "RpcError")],
    ["an RpcError of another name", error(rpcError, "JsonRpcError")],
    ["an RpcError without meta", error({ ...rpcError, meta: null }, "RpcError")],
    ["a text", "gone"],
    ["null", null],
    ["undefined", undefined],
  ])("knows no gRPC failure in %s", (_what, thrown) => {
    expect(toGrpcFailure(thrown)).toBeUndefined();
  });

  it("takes of a ConnectError the details that came over the wire", () => {
    const incoming = { type: "google.rpc.DebugInfo", value: new Uint8Array([1]) };
    const outgoing = { desc: ErrorInfoSchema, value: { reason: "QUOTA" } };
    const odd = [null, "text", { type: 5, value: new Uint8Array() }, { type: "a.B", value: "text" }];
    const failure = toGrpcFailure(error({ ...connectError, details: [outgoing, ...odd, incoming] }, "ConnectError"));
    expect(failure?.statusDetails).toEqual([
      { typeUrl: "type.googleapis.com/google.rpc.DebugInfo", value: new Uint8Array([1]) },
    ]);
  });

  it("takes of metadata in base64 what can be read", () => {
    const meta = { "a-bin": ["AQ", "%%%"], "b-bin": "AQ==,Ag==", "c-bin": [5, "Aw=="], d: ["x", "y"] };
    const { metadata } = toGrpcFailure(error({ ...rpcError, meta }, "RpcError")) ?? {};
    expect(metadata?.get("a-bin")).toEqual([new Uint8Array([1])]);
    expect(metadata?.get("b-bin")).toEqual([new Uint8Array([1]), new Uint8Array([2])]);
    expect(metadata?.get("c-bin")).toEqual([new Uint8Array([3])]);
    expect(metadata?.get("D")).toEqual(["x", "y"]);
    expect(metadata?.get("constructor")).toEqual([]);
  });
});
