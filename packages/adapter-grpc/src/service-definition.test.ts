import type { DescService } from "@bufbuild/protobuf";
import { type handleServerStreamingCall, type handleUnaryCall, Server } from "@grpc/grpc-js";
import { describe, expect, expectTypeOf, it } from "vitest";
import { ProgressService, type WatchRequest } from "../test/gen/ssewire/test/v1/progress_pb.ts";
import { type GrpcServiceImplementation, serviceDefinition } from "./client.ts";

describe("serviceDefinition", () => {
  const definition = serviceDefinition(ProgressService);

  it("gives path and kind of every method", () => {
    const kinds = Object.entries(definition).map(([name, { path, requestStream, responseStream }]) => [
      name,
      path,
      requestStream,
      responseStream,
    ]);
    expect(kinds).toEqual([
      ["get", "/ssewire.test.v1.ProgressService/Get", false, false],
      ["watch", "/ssewire.test.v1.ProgressService/Watch", false, true],
      ["upload", "/ssewire.test.v1.ProgressService/Upload", true, false],
      ["chat", "/ssewire.test.v1.ProgressService/Chat", true, true],
    ]);
  });

  it("encodes messages and their init forms as a Buffer, and decodes them", () => {
    const { requestSerialize, requestDeserialize, responseSerialize, responseDeserialize } = definition.watch;
    const request = requestSerialize({ task: "build", count: 3 });
    expect(Buffer.isBuffer(request)).toBe(true);
    expect(requestDeserialize(request)).toMatchObject({ task: "build", count: 3 });
    const response = responseSerialize({ percent: 50, payload: new Uint8Array([1, 2]) });
    expect(Buffer.isBuffer(response)).toBe(true);
    const message = responseDeserialize(response);
    expect(message).toMatchObject({ percent: 50, payload: Buffer.from([1, 2]) });
    expect(responseSerialize(message)).toEqual(response);
  });

  it.each([null, ProgressService.methods[0], { service: {} }])("refuses %s", (service) => {
    expect(() => serviceDefinition(service as unknown as DescService)).toThrow(
      /^Cannot define service: `service` must be a service descriptor, as protoc-gen-es 2 generates them, got /,
    );
  });

  it("types what a server implements", () => {
    type Implementation = GrpcServiceImplementation<typeof ProgressService>;
    expectTypeOf<keyof Implementation>().toEqualTypeOf<"get" | "watch" | "upload" | "chat">();
    expectTypeOf<Implementation["watch"]>().toExtend<handleServerStreamingCall<WatchRequest, { percent?: number }>>();
    expectTypeOf<Implementation["get"]>().not.toExtend<handleServerStreamingCall<WatchRequest, unknown>>();
    expectTypeOf<Implementation["get"]>().toExtend<handleUnaryCall<never, { percent?: number }>>();
    expectTypeOf(new Server().addService).toBeCallableWith(definition, {} as Implementation);
  });
});
