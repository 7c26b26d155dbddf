import { setImmediate as nextTurn } from "node:timers/promises";
import { errorData, SSEManager } from "@ssewire/core";
import { describe, expect, expectTypeOf, it } from "vitest";
import { collect } from "../test/collect.ts";
import { DebugInfoSchema, LocalizedMessageSchema, RetryInfoSchema } from "../test/gen/google/rpc/error_details_pb.ts";
import { fail, serveProgress } from "../test/progress-server.ts";
import { detail, trailers } from "../test/status-details.ts";
import { toGrpcStreamError } from "./grpc-stream-error.ts";
import { type GrpcErrorData, type GrpcSseStream, GrpcStreamError, grpcStreamToSse } from "./index.ts";
import { decodeStatusDetails } from "./protobuf.ts";

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
    ["what cannot be looked at", hostile(new Error("odd"))],
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

describe("GrpcStreamError, its details", () => {
  const invalid = {
    code: 3,
    details: "invalid",
    metadata: trailers([
      detail(DebugInfoSchema, { stackEntries: [SECRET] }),
      detail(LocalizedMessageSchema, { locale: "de", message: "Das geht nicht" }),
      detail(RetryInfoSchema, { retryDelay: { seconds: 5n } }),
    ]),
  };

  it("show nothing by themselves but a text and a delay", () => {
    const error = new GrpcStreamError(invalid);
    expect(error).toMatchObject({ message: "Das geht nicht", retryable: true, retryAfterMs: 5000 });
    expect(error[errorData]).toEqual({ code: "INVALID_ARGUMENT", retryable: true, retryAfterMs: 5000 });
    expect(error.statusDetails.map(({ typeUrl }) => typeUrl)).toEqual([
      "type.googleapis.com/google.rpc.DebugInfo",
      "type.googleapis.com/google.rpc.LocalizedMessage",
      "type.googleapis.com/google.rpc.RetryInfo",
    ]);
  });

  it.each([
    [{ field: "percent" }, { details: { field: "percent" } }],
    [null, { details: null }],
    [undefined, {}],
  ])("show what the option `details` gives: %j", (shown, expected) => {
    const error = new GrpcStreamError({ code: 5, details: "" }, { details: () => shown });
    expect(error[errorData]).toStrictEqual({ code: "NOT_FOUND", retryable: false, ...expected });
  });

  it("let the option `retryable` decide", () => {
    const never = new GrpcStreamError(invalid, { retryable: () => false });
    expect(never).toMatchObject({ retryable: false, retryAfterMs: undefined });
    expect(never[errorData]).toStrictEqual({ code: "INVALID_ARGUMENT", retryable: false });
    const always = new GrpcStreamError({ code: 5, details: "" }, { retryable: ({ status }) => status === "NOT_FOUND" });
    expect(always[errorData]).toStrictEqual({ code: "NOT_FOUND", retryable: true });
  });

  it("are asked for once, of the error as it will be", () => {
    const seen: unknown[] = [];
    const error = new GrpcStreamError(invalid, {
      retryable: (asked) => {
        seen.push([asked, asked.retryable, asked.retryAfterMs, asked.message]);
        return false;
      },
      details: (asked) => {
        seen.push([asked, asked.retryable, asked.retryAfterMs, asked.statusDetails.length]);
      },
    });
    expect(seen).toEqual([
      [error, true, 5000, "Das geht nicht"],
      [error, false, undefined, 3],
    ]);
  });

  it("stay when the error is made another of", () => {
    const first = new GrpcStreamError(invalid, { details: () => "shown", retryable: () => false });
    const second = toGrpcStreamError(first, { expose: true });
    if (!(second instanceof GrpcStreamError)) throw new Error("not made");
    expect(second).toMatchObject({ message: "invalid", cause: first, statusDetails: first.statusDetails });
    expect(second[errorData]).toStrictEqual({ code: "INVALID_ARGUMENT", retryable: false, details: "shown" });
    const third = toGrpcStreamError(second, { details: () => undefined, retryable: () => true });
    if (!(third instanceof GrpcStreamError)) throw new Error("not made");
    expect(third.message).toBe("invalid");
    expect(third[errorData]).toStrictEqual({ code: "INVALID_ARGUMENT", retryable: true, retryAfterMs: 5000 });
  });

  it("reach the browser in the error event and in the problem", async () => {
    const { client } = await serveProgress((call) => call.emit("error", { ...invalid, metadata: invalid.metadata }));
    const source = (): GrpcSseStream<number> =>
      grpcStreamToSse(
        ({ signal }) => client.watch({}, { signal }),
        () => 0,
        { details: decodeStatusDetails },
      );
    const data = {
      code: "INVALID_ARGUMENT",
      retryable: true,
      retryAfterMs: 5000,
      details: {
        retryInfo: { retryDelay: "5s" },
        localizedMessage: { locale: "de", message: "Das geht nicht" },
      },
    };
    const text = await SSEManager.createResponse(source()).text();
    const shown = { error: "Das geht nicht", status: "error", ...data };
    expect(text).toBe(`event: error\nretry: 5000\ndata: ${JSON.stringify(shown)}\n\n`);
    const response = await SSEManager.openResponse(source());
    expect(response.status).toBe(400);
    expect(response.headers.get("retry-after")).toBe("5");
    expect(await response.json()).toEqual({ type: "about:blank", status: 400, detail: "Das geht nicht", ...data });
  });
});

describe("toGrpcStreamError", () => {
  const failure = Object.assign(new Error(SECRET), { code: 13, details: SECRET, metadata: { get: () => [] } });
  const internal = expect.objectContaining({ name: "GrpcStreamError", status: "INTERNAL", cause: failure });

  it.each(["details", "retryable"] as const)("gives what %s throws, which names the gRPC error", (name) => {
    const thrown = new RangeError("odd");
    const callback = (): never => {
      throw thrown;
    };
    expect(toGrpcStreamError(failure, { [name]: callback })).toBe(thrown);
    expect(thrown.cause).toEqual(internal);
  });

  it("leaves the cause of what is thrown", () => {
    const thrown = new Error("odd", { cause: "its own" });
    const details = (): never => {
      throw thrown;
    };
    expect(toGrpcStreamError(failure, { details })).toBe(thrown);
    expect(thrown.cause).toBe("its own");
  });

  it.each<[string, unknown]>([
    ["that is frozen", Object.freeze(new Error("odd"))],
    ["that is what the call failed with", failure],
    ["that cannot be looked at", hostile(new Error("odd"))],
    ["that is a text", "odd"],
  ])("leaves alone what is thrown %s", (_what, thrown) => {
    const details = (): never => {
      throw thrown;
    };
    expect(toGrpcStreamError(failure, { details })).toBe(thrown);
    expect(failure.cause).toBeUndefined();
  });

  it.each([undefined, null, 1, "true", {}])("gives a TypeError when `retryable` gives no boolean: %j", (answer) => {
    // What a caller without types may write.
    const error = toGrpcStreamError(failure, { retryable: () => answer as never });
    expect(error).toBeInstanceOf(TypeError);
    expect(error).toHaveProperty("message", expect.stringMatching(/^Cannot .*`retryable\(\)` must be a boolean, got/));
    expect(error).toHaveProperty("cause", internal);
  });

  it.each(["details", "retryable"] as const)(
    "gives a TypeError when %s is async, and its rejection ends",
    async (name) => {
      const callback = (): never => Promise.reject(new Error("nobody waits")) as never;
      const error = toGrpcStreamError(failure, { [name]: callback });
      expect(error).toBeInstanceOf(TypeError);
      expect(error).toHaveProperty("message", `Cannot convert gRPC error: \`${name}\` must not return a promise`);
      expect(error).toHaveProperty("cause", internal);
      // An unhandled rejection would be reported by the end of this turn, and fail the test.
      await nextTurn();
    },
  );

  it("fails the stream with what `details` throws", async () => {
    const thrown = new RangeError("odd");
    const details = (): never => {
      throw thrown;
    };
    expect(await collect(grpcStreamToSse(failing(failure), () => 0, { details }))).toHaveProperty("error", thrown);
  });

  it("asks nothing of what is no gRPC failure", () => {
    const error = new Error("odd");
    const details = (): never => {
      throw new Error("asked");
    };
    expect(toGrpcStreamError(error, { details, expose: true })).toBe(error);
  });
});

/** Throws whatever is asked of it. */
function hostile<Target extends object>(target: Target): Target {
  const handsOff = (): never => {
    throw new Error("hands off");
  };
  return new Proxy(target, { get: handsOff, has: handsOff, getPrototypeOf: handsOff });
}

async function* one(): AsyncGenerator<number> {
  yield 1;
}

// biome-ignore lint/correctness/useYield: it fails before it has anything to yield
async function* failing(error: unknown): AsyncGenerator<number> {
  throw error;
}
