import { promisify } from "node:util";
import { type Metadata, Server, ServerCredentials } from "@grpc/grpc-js";
import { type GrpcServiceImplementation, serviceDefinition } from "@ssewire/adapter-grpc/client";
import { EventSourceParserStream } from "eventsource-parser/stream";
import { describe, expect, it, onTestFinished } from "vitest";
import { createDaprBff, type DaprBff } from "./dapr.ts";
import { DocumentService } from "./gen/documents_pb.ts";

interface Sidecar {
  readonly bff: DaprBff;
  /** Metadata of the calls. */
  readonly received: Metadata[];
  /** Resolves when a call is cancelled. */
  readonly cancelled: Promise<void>;
}

/** Stands in for daprd: takes calls itself instead of passing them on, and keeps the metadata it would go by. */
async function startSidecar(): Promise<Sidecar> {
  const received: Metadata[] = [];
  const server = new Server();
  const cancelled = new Promise<void>((resolve) => {
    const implementation: GrpcServiceImplementation<typeof DocumentService> = {
      streamDocumentProgress(call) {
        call.once("cancelled", resolve);
        received.push(call.metadata);
        call.write({ percent: 50, message: call.request.documentId });
      },
    };
    server.addService(serviceDefinition(DocumentService), implementation);
  });
  onTestFinished(() => server.forceShutdown());
  const port = await promisify(server.bindAsync.bind(server))("127.0.0.1:0", ServerCredentials.createInsecure());
  const bff = createDaprBff(`127.0.0.1:${port}`, "documents");
  onTestFinished(() => bff.close());
  return { bff, received, cancelled };
}

describe("createDaprBff", () => {
  it("streams through the sidecar, telling it where to and that it is a stream", async () => {
    const sidecar = await startSidecar();
    const headers = { traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", cookie: "session=1" };
    const request = new Request("http://localhost/documents/report/progress", { headers });
    const response = await sidecar.bff.fetch(request);
    expect(response.headers.get("content-type")).toBe("text/event-stream");
    const events = response.body?.pipeThrough(new TextDecoderStream()).pipeThrough(new EventSourceParserStream());
    const reader = events?.getReader();
    expect((await reader?.read())?.value).toMatchObject({
      event: "progress",
      data: '{"percent":50,"message":"report"}',
    });
    await reader?.cancel();
    await sidecar.cancelled;
    expect(sidecar.received.map((metadata) => metadata.getMap())).toEqual([
      {
        "dapr-app-id": "documents",
        "dapr-stream": "true",
        traceparent: headers.traceparent,
        "user-agent": expect.any(String),
      },
    ]);
  });

  it("answers 400 for a header that gRPC cannot carry", async () => {
    const sidecar = await startSidecar();
    const headers = { traceparent: "é" };
    const request = new Request("http://localhost/documents/report/progress", { headers });
    const response = await sidecar.bff.fetch(request);
    expect(response.status).toBe(400);
    expect(response.headers.get("content-type")).toBe("application/problem+json");
    expect(sidecar.received).toEqual([]);
  });

  it("answers 404 elsewhere", async () => {
    const sidecar = await startSidecar();
    const response = await sidecar.bff.fetch(new Request("http://localhost/documents/a%20b/progress"));
    expect(response.status).toBe(404);
    expect(sidecar.received).toEqual([]);
  });
});
