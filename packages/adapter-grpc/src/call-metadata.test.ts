import { Metadata, type MetadataValue } from "@grpc/grpc-js";
import { describe, expect, it } from "vitest";
import { connectWith, listen } from "../test/listen.ts";
import { type ProgressClient, serveProgress } from "../test/progress-server.ts";
import type { GrpcMetadataInit } from "./client.ts";

interface MetadataServer {
  readonly address: string;
  /** The metadata a unary call arrives with. */
  received(client: ProgressClient, metadata?: GrpcMetadataInit): Promise<Record<string, MetadataValue[]>>;
}

async function serveMetadata(): Promise<MetadataServer> {
  let last = new Metadata();
  const address = await listen({
    get(call, respond) {
      last = call.metadata;
      respond(null, {});
    },
  });
  return {
    address,
    async received(client, metadata) {
      await client.get({}, { metadata });
      last.remove("user-agent");
      last.remove("accept-encoding");
      return last.toJSON();
    },
  };
}

const metadataOf = (entries: Record<string, MetadataValue>): Metadata => {
  const metadata = new Metadata();
  for (const [key, value] of Object.entries(entries)) metadata.set(key, value);
  return metadata;
};

const PREFIX = "Cannot call ssewire.test.v1.ProgressService.Watch:";

describe("the metadata of a call", () => {
  it("is a grpc-js Metadata or a plain object", async () => {
    const { address, received } = await serveMetadata();
    const client = connectWith(address);
    expect(await received(client, metadataOf({ "x-a": "1" }))).toEqual({ "x-a": ["1"] });
    expect(
      await received(client, {
        "X-A": "1",
        "x-b": ["2", "3"],
        "x-none": undefined,
        "x-empty": "",
        "x-bin": new Uint8Array([0, 255]).subarray(1),
        "y-bin": [Buffer.from("a"), Buffer.from("b")],
        "grpc-trace-bin": Buffer.from("t"),
      }),
    ).toEqual({
      "x-a": ["1"],
      "x-b": ["2, 3"],
      "x-empty": [""],
      "x-bin": [Buffer.from([255])],
      "y-bin": [Buffer.from("a"), Buffer.from("b")],
      "grpc-trace-bin": [Buffer.from("t")],
    });
  });

  it("is read when the call is made", async () => {
    const { address, received } = await serveMetadata();
    const metadata = metadataOf({ "x-a": "1" });
    const pending = received(connectWith(address), metadata);
    metadata.set("x-a", "2");
    expect(await pending).toEqual({ "x-a": ["1"] });
  });

  it("replaces the client's, key by key", async () => {
    const { address, received } = await serveMetadata();
    const client = connectWith(address, { metadata: { authorization: "Bearer a", "dapr-app-id": "documents" } });
    expect(await received(client)).toEqual({ authorization: ["Bearer a"], "dapr-app-id": ["documents"] });
    expect(await received(client, { Authorization: "Bearer b" })).toEqual({
      authorization: ["Bearer b"],
      "dapr-app-id": ["documents"],
    });
  });

  it("is asked of the client's function for each call", async () => {
    const { address, received } = await serveMetadata();
    let calls = 0;
    const client = connectWith(address, { metadata: () => metadataOf({ "x-call": String(++calls) }) });
    expect(await received(client)).toEqual({ "x-call": ["1"] });
    expect(await received(client)).toEqual({ "x-call": ["2"] });
  });

  it("fails the call when the client's function does", async () => {
    const server = await serveProgress((call) => call.end());
    const failure = new Error("no token");
    const client = connectWith(server.address, {
      metadata: () => {
        throw failure;
      },
    });
    expect(() => client.watch({})).toThrow(failure);
    await expect(client.get({})).rejects.toBe(failure);
  });

  it("keeps the options of a Metadata", async () => {
    const server = await serveProgress((call) => call.end());
    server.shutDown();
    const client = connectWith(server.address, { metadata: new Metadata({ waitForReady: true }) });
    // A call that does not wait for the server fails with UNAVAILABLE.
    await expect(client.get({}, { timeoutMs: 50 })).rejects.toMatchObject({ status: "DEADLINE_EXCEEDED" });
    const metadata = new Metadata({ waitForReady: false });
    await expect(client.get({}, { metadata })).rejects.toMatchObject({ status: "UNAVAILABLE" });
  });

  it.each([
    "connection",
    "Keep-Alive",
    "proxy-connection",
    "transfer-encoding",
    "upgrade",
    "http2-settings",
    "te",
    "host",
    "content-length",
    "content-type",
    "accept-encoding",
    "user-agent",
    "grpc-timeout",
    "grpc-encoding",
    "grpc-status",
    ":path",
    ":authority",
  ])("has no key %s, before anything is sent", async (key) => {
    const server = await serveProgress((call) => call.end());
    const message = `\`metadata\` key \`${key.toLowerCase()}\` is reserved for HTTP/2 and gRPC`;
    for (const metadata of [{ [key]: "1" }, metadataOf({ [key]: "1" })]) {
      expect(() => server.client.watch({}, { metadata })).toThrow(new TypeError(`${PREFIX} ${message}`));
      await expect(server.client.get({}, { metadata })).rejects.toThrow(message);
    }
    expect(() => connectWith(server.address, { metadata: { [key]: "1" } })).toThrow(
      new TypeError(`Cannot create gRPC client: ${message}`),
    );
    await server.barrier();
    expect(server.watchCount()).toBe(0);
  });

  it.each<[string, unknown, string]>([
    ["a space in a key", { "x a": "1" }, "key `x a` is illegal, allowed are letters, digits, `_`, `-` and `.`"],
    ["a colon in a key", metadataOf({ "x:a": "1" }), "key `x:a` is illegal, allowed are"],
    ["an empty key", { "": "1" }, "key `` is illegal"],
    ["a line break", { "x-a": "1\r\nx-b: 2" }, "key `x-a` takes printable ASCII without spaces at the ends"],
    ["a letter that is not ASCII", { "x-a": "ü" }, "key `x-a` takes printable ASCII without spaces at the ends"],
    ["a space at an end", metadataOf({ "x-a": "1 " }), "key `x-a` takes printable ASCII without spaces at the ends"],
    ["a number", { "x-a": 1 }, "key `x-a` takes a string, bytes only when it ends in `-bin`"],
    ["null", { "x-a": null }, "key `x-a` takes a string"],
    ["bytes", { "x-a": Buffer.from("1") }, "key `x-a` takes a string, bytes only when it ends in `-bin`"],
    ["text for bytes", { "x-bin": "1" }, "key `x-bin` takes a Uint8Array, as it ends in `-bin`"],
    ["one of several", { "x-a": ["1", 2] }, "key `x-a` takes a string"],
    ["two of one", { authorization: ["a", "b"] }, "key `authorization` takes one value only"],
    ["two of one by case", { Date: "a", date: "b" }, "key `date` takes one value only"],
  ])("does not hold %s", async (_what, metadata, message) => {
    const server = await serveProgress((call) => call.end());
    const options = { metadata: metadata as GrpcMetadataInit };
    expect(() => server.client.watch({}, options)).toThrow(TypeError);
    expect(() => server.client.watch({}, options)).toThrow(`${PREFIX} \`metadata\` ${message}`);
    await expect(server.client.get({}, options)).rejects.toThrow(message);
    await server.barrier();
    expect(server.watchCount()).toBe(0);
  });

  it.each<[unknown, string]>([
    ["x", "string"],
    [null, "object"],
    [[], "an array"],
    [new Headers(), "object"],
    [Promise.resolve({}), "object"],
  ])("is not %s", async (metadata, got) => {
    const server = await serveProgress((call) => call.end());
    const message = `\`metadata\` must be a Metadata of @grpc/grpc-js or a plain object, got ${metadata === null ? "null" : got}`;
    const options = { metadata: metadata as GrpcMetadataInit };
    expect(() => server.client.watch({}, options)).toThrow(new TypeError(`${PREFIX} ${message}`));
    expect(() => connectWith(server.address, options)).toThrow(new TypeError(`Cannot create gRPC client: ${message}`));
  });

  it("shows no value in an error", async () => {
    const client = connectWith("localhost:1");
    expect(() => client.watch({}, { metadata: { authorization: "sécret" } })).toThrow(/^(?!.*s.cret)/);
  });
});
