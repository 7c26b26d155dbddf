import { type Metadata, type StatusObject, status } from "@grpc/grpc-js";
import { SSEManager } from "@ssewire/core";
import { describe, expect, it } from "vitest";
import { DebugInfoSchema } from "../test/gen/google/rpc/error_details_pb.ts";
import { serveProgress } from "../test/progress-server.ts";
import { detail, trailers } from "../test/status-details.ts";
import { metadataFromHeaders } from "./client.ts";
import { type GrpcSseStream, grpcStreamToSse } from "./index.ts";

// The table in SECURITY.md says which threats there are, and which tests of other files hold them.

const SECRET = "postgres://admin:hunter2@10.0.0.7";

/** The codes whose texts are written by libraries, proxies and runtimes, for those who run them. */
const MASKED = [
  "CANCELLED",
  "UNKNOWN",
  "DEADLINE_EXCEEDED",
  "UNIMPLEMENTED",
  "INTERNAL",
  "UNAVAILABLE",
  "DATA_LOSS",
] as const;

/** A failure that has the secret wherever a server can put it. */
function failure(code: status): Partial<StatusObject> {
  const metadata = trailers([detail(DebugInfoSchema, { stackEntries: [SECRET], detail: SECRET })], {
    code,
    message: SECRET,
  });
  metadata.set("x-upstream", SECRET);
  return { code, details: SECRET, metadata };
}

describe("a gRPC failure that tells of what is behind the service", () => {
  it.each(MASKED)("shows nothing of it on the wire: %s", async (name) => {
    const { client } = await serveProgress((call) => call.emit("error", failure(status[name])));
    const source = (): GrpcSseStream<number> =>
      grpcStreamToSse(
        ({ signal }) => client.watch({}, { signal }),
        ({ percent }) => percent,
      );
    const stream = await SSEManager.createResponse(source(), { openingMs: false }).text();
    expect(stream).toMatch(/^event: error\n/);
    expect(stream).toContain(`"code":"${name}"`);
    const response = await SSEManager.openResponse(source(), { openTimeoutMs: 60_000 });
    const shown = stream + JSON.stringify([...response.headers]) + (await response.text());
    for (const part of ["hunter2", "10.0.0.7", "postgres", Buffer.from(SECRET).toString("base64")]) {
      expect(shown).not.toContain(part);
    }
  });
});

describe("the headers of a browser", () => {
  it("reach the service only by name: no cookie, no authority that it gives itself", async () => {
    const seen: Metadata[] = [];
    const { client } = await serveProgress((call) => {
      seen.push(call.metadata);
      call.end();
    });
    const headers = new Headers({
      Cookie: "session=1",
      Authorization: "Bearer 1",
      "X-Tenant": "a",
      "X-Internal-User": "root",
      "Grpc-Timeout": "1n",
    });
    const metadata = metadataFromHeaders(headers, ["x-tenant"]);
    await SSEManager.createResponse(grpcStreamToSse(client.watch({}, { metadata }), () => 0)).text();
    const [received] = seen;
    expect(received?.get("x-tenant")).toEqual(["a"]);
    for (const name of ["cookie", "authorization", "x-internal-user", "grpc-timeout"]) {
      expect(received?.get(name), name).toEqual([]);
    }
  });
});
