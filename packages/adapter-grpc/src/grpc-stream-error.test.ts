import { errorData } from "@ssewire/core";
import { describe, expect, expectTypeOf, it } from "vitest";
import { collect } from "../test/collect.ts";
import { fail, serveProgress } from "../test/progress-server.ts";
import { type GrpcErrorData, GrpcStreamError, grpcStreamToSse } from "./index.ts";

const SECRET = "connect ECONNREFUSED 10.0.0.7:50051";

/** Code, name, HTTP status, what a browser sees of the details above. */
const TABLE: readonly (readonly [number, string, number, string])[] = [
  [1, "CANCELLED", 499, "The call was cancelled"],
  [2, "UNKNOWN", 500, "Unknown error"],
  [3, "INVALID_ARGUMENT", 400, SECRET],
  [4, "DEADLINE_EXCEEDED", 504, "The deadline was exceeded"],
  [5, "NOT_FOUND", 404, SECRET],
  [6, "ALREADY_EXISTS", 409, SECRET],
  [7, "PERMISSION_DENIED", 403, SECRET],
  [8, "RESOURCE_EXHAUSTED", 429, SECRET],
  [9, "FAILED_PRECONDITION", 400, SECRET],
  [10, "ABORTED", 409, SECRET],
  [11, "OUT_OF_RANGE", 400, SECRET],
  [12, "UNIMPLEMENTED", 501, "Not implemented"],
  [13, "INTERNAL", 500, "Internal error"],
  [14, "UNAVAILABLE", 503, "Service unavailable"],
  [15, "DATA_LOSS", 500, "Data loss"],
  [16, "UNAUTHENTICATED", 401, SECRET],
];

describe("GrpcStreamError", () => {
  it.each(TABLE)("stands for status %i, %s", (code, status, httpStatus, message) => {
    const error = new GrpcStreamError({ code, details: SECRET });
    const retryable = status === "UNAVAILABLE" || status === "CANCELLED";
    expect(error).toMatchObject({ name: "GrpcStreamError", code, status, httpStatus, message, retryable });
    expect(error.details).toBe(SECRET);
    expect(error[errorData]).toEqual({ code: status, retryable });
  });

  it.each(TABLE)("has a text of its own for status %i, %s, without details", (code) => {
    expect(new GrpcStreamError({ code, details: "" }).message).toMatch(/^[A-Z][a-z ]+$/);
  });

  it.each(TABLE)("shows the details of status %i, %s, when they are exposed", (code) => {
    expect(new GrpcStreamError({ code, details: SECRET }, { expose: true }).message).toBe(SECRET);
  });

  it.each([0, 17, 99, -1, 1.5, Number.NaN])("takes the code %d for UNKNOWN", (code) => {
    expect(new GrpcStreamError({ code, details: SECRET })).toMatchObject({
      code: 2,
      status: "UNKNOWN",
      httpStatus: 500,
      message: "Unknown error",
    });
  });

  it("is an Error that keeps what it was made from", () => {
    const cause = new Error("the original");
    const error = new GrpcStreamError({ code: 5, details: "no such task", metadata: { get: () => [] } }, { cause });
    expect(error).toBeInstanceOf(Error);
    expect(error.cause).toBe(cause);
    expect(error.metadata?.get("any")).toEqual([]);
    expectTypeOf(error[errorData]).toEqualTypeOf<GrpcErrorData>();
  });
});

describe("grpcStreamToSse, its errors", () => {
  it.each(TABLE)(
    "shows of a real failure with status %i, %s, what is safe",
    async (code, status, httpStatus, message) => {
      const { client } = await serveProgress((call) => fail(call, code, SECRET));
      const { error } = await collect(grpcStreamToSse(client.watch({}), () => 0));
      expect(error).toBeInstanceOf(GrpcStreamError);
      expect(error).toMatchObject({ code, status, httpStatus, message, details: SECRET });
      expect(error).toHaveProperty("cause.message", `${code} ${status}: ${SECRET}`);
      expect(error).toHaveProperty("metadata.get", expect.any(Function));
    },
  );

  it("shows the details of a real failure when they are exposed", async () => {
    const { client } = await serveProgress((call) => fail(call, 13, SECRET));
    const { error } = await collect(grpcStreamToSse(client.watch({}), () => 0, { expose: true }));
    expect(error).toMatchObject({ status: "INTERNAL", message: SECRET });
  });

  it("takes a status code that gRPC does not know for UNKNOWN", async () => {
    const { client } = await serveProgress((call) => fail(call, 99, SECRET));
    const { error } = await collect(grpcStreamToSse(client.watch({}), () => 0));
    expect(error).toMatchObject({ code: 2, message: "Unknown error", details: SECRET });
  });

  it.each<[string, object]>([
    ["nice-grpc", { code: 13, details: SECRET, path: "/ssewire.test.v1.ProgressService/Watch" }],
    ["grpc-js", { code: 13, details: SECRET, metadata: { get: () => [] } }],
  ])("recognises a failure of %s, from a transform too", async (_client, shape) => {
    const failure = Object.assign(new Error(SECRET), shape);
    for (const stream of [
      grpcStreamToSse(failing(failure), (message) => message),
      grpcStreamToSse(one(), () => Promise.reject(failure)),
    ]) {
      const { error } = await collect(stream);
      expect(error).toMatchObject({
        name: "GrpcStreamError",
        status: "INTERNAL",
        message: "Internal error",
        cause: failure,
      });
    }
  });

  it("leaves a GrpcStreamError as it is, unless it is to be exposed", async () => {
    const failure = new GrpcStreamError({ code: 13, details: SECRET, metadata: { get: () => [] } });
    expect(await collect(grpcStreamToSse(failing(failure), () => 0))).toHaveProperty("error", failure);
    const { error } = await collect(grpcStreamToSse(failing(failure), () => 0, { expose: true }));
    expect(error).toMatchObject({ message: SECRET, cause: failure });
  });

  it.each<[string, unknown]>([
    ["an AbortError", new DOMException("aborted", "AbortError")],
    ["a system error", Object.assign(new Error("no such file"), { code: "ENOENT", path: "/etc/x", details: "" })],
    ["a database error", Object.assign(new Error("duplicate"), { code: 1062, details: "key" })],
    ["a number for details", Object.assign(new Error("odd"), { code: 13, details: 13, metadata: new Map() })],
    ["metadata without get", Object.assign(new Error("odd"), { code: 13, details: "", metadata: {} })],
    ["null metadata", Object.assign(new Error("odd"), { code: 13, details: "", metadata: null })],
    ["a fraction for code", Object.assign(new Error("odd"), { code: 1.5, details: "", metadata: new Map() })],
    ["no Error", { code: 13, details: "", metadata: new Map() }],
    ["a string", "gone"],
    ["undefined", undefined],
  ])("passes on what is not a gRPC failure: %s", async (_what, thrown) => {
    let caught: unknown = "nothing";
    try {
      await grpcStreamToSse(failing(thrown), (message) => message).next();
    } catch (error) {
      caught = error;
    }
    expect(caught).toBe(thrown);
  });
});

async function* one(): AsyncGenerator<number> {
  yield 1;
}

// biome-ignore lint/correctness/useYield: it fails before it has anything to yield
async function* failing(error: unknown): AsyncGenerator<number> {
  throw error;
}
