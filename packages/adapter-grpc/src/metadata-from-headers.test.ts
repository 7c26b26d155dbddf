import { SSEManager } from "@ssewire/core";
import { describe, expect, it } from "vitest";
import { serveProgress } from "../test/progress-server.ts";
import { metadataFromHeaders } from "./client.ts";
import { GrpcStreamError, grpcStreamToSse } from "./index.ts";

describe("metadataFromHeaders", () => {
  it("copies what is listed, nothing else", () => {
    const { headers } = new Request("http://localhost/", {
      headers: { TraceParent: "00-1f", "X-Tenant": "acme", authorization: "Bearer a", "x-other": "1" },
    });
    const metadata = metadataFromHeaders(headers, ["traceparent", "X-TENANT", "x-tenant", "x-missing"]);
    expect(metadata.toJSON()).toEqual({ traceparent: ["00-1f"], "x-tenant": ["acme"] });
  });

  it("copies credentials when they are listed", () => {
    const headers = new Headers({ authorization: "Bearer a", cookie: "a=1; b=2" });
    expect(metadataFromHeaders(headers, ["authorization", "cookie"]).getMap()).toEqual({
      authorization: "Bearer a",
      cookie: "a=1; b=2",
    });
  });

  it("keeps several values joined, and an empty one", () => {
    const headers = new Headers([
      ["x-a", "1"],
      ["x-a", "2"],
      ["x-b", ""],
    ]);
    expect(metadataFromHeaders(headers, ["x-a", "x-b"]).toJSON()).toEqual({ "x-a": ["1, 2"], "x-b": [""] });
  });

  it("decodes base64 where the name ends in -bin, padded or not", () => {
    const headers = new Headers([
      ["x-bin", "/+8="],
      ["x-bin", "AQ"],
      ["grpc-trace-bin", ""],
    ]);
    expect(metadataFromHeaders(headers, ["x-bin", "grpc-trace-bin"]).toJSON()).toEqual({
      "x-bin": [Buffer.from([255, 239]), Buffer.from([1])],
      "grpc-trace-bin": [Buffer.alloc(0)],
    });
  });

  it.each([
    ["x-name", "Zoë", "Header `x-name` is not printable ASCII"],
    ["x-name", "a\tb", "Header `x-name` is not printable ASCII"],
    ["x-bin", "_-8=", "Header `x-bin` is not base64"],
    ["x-bin", "AQ==AQ", "Header `x-bin` is not base64"],
  ])("refuses %s: %s with INVALID_ARGUMENT", (name, value, message) => {
    const read = (): unknown => metadataFromHeaders(new Headers({ [name]: value }), [name]);
    expect(read).toThrow(GrpcStreamError);
    expect(read).toThrow(expect.objectContaining({ status: "INVALID_ARGUMENT", httpStatus: 400, message }));
  });

  it("makes openResponse answer with 400", async () => {
    const server = await serveProgress((call) => call.end());
    const request = new Request("http://localhost/", { headers: { "x-tenant": "Zoë" } });
    const response = await SSEManager.openResponse(
      grpcStreamToSse(
        ({ signal }) =>
          server.client.watch({}, { signal, metadata: metadataFromHeaders(request.headers, ["x-tenant"]) }),
        ({ percent }) => ({ percent }),
      ),
      { request },
    );
    expect(response.status).toBe(400);
    expect(response.headers.get("content-type")).toBe("application/problem+json");
    const body = await response.text();
    expect(body).toContain("Header `x-tenant` is not printable ASCII");
    expect(body).not.toContain("Zo");
    await server.barrier();
    expect(server.watchCount()).toBe(0);
  });

  it.each([
    "Connection",
    "keep-alive",
    "te",
    "transfer-encoding",
    "upgrade",
    "host",
    "content-length",
    "content-type",
    "user-agent",
    "grpc-timeout",
    ":path",
  ])("refuses a list with %s, whatever the request has", (name) => {
    expect(() => metadataFromHeaders(new Headers(), ["x-a", name])).toThrow(
      new TypeError(`Cannot make metadata from headers: \`${name}\` in \`allowList\` is reserved for HTTP/2 and gRPC`),
    );
  });

  it.each<[unknown, unknown, string]>([
    [undefined, [], "`headers` must be Headers, got undefined"],
    [{ "x-a": "1" }, [], "`headers` must be Headers, got object"],
    [new Headers(), "x-a", "`allowList` must be an array of strings, got string"],
    [new Headers(), undefined, "`allowList` must be an array of strings, got undefined"],
    [new Headers(), [1], "`allowList` must be an array of strings, got number"],
    [new Headers(), ["x a"], "`x a` in `allowList` is illegal, allowed are letters, digits, `_`, `-` and `.`"],
  ])("refuses wrong arguments: %#", (headers, allowList, message) => {
    expect(() => metadataFromHeaders(headers as Headers, allowList as string[])).toThrow(
      new TypeError(`Cannot make metadata from headers: ${message}`),
    );
  });
});
