import { create, type DescMessage, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { type Any, anyPack } from "@bufbuild/protobuf/wkt";
import { Metadata } from "@grpc/grpc-js";
import { StatusSchema } from "./gen/google/rpc/status_pb.ts";

/** A detail of a status, packed. */
export function detail<Schema extends DescMessage>(schema: Schema, init: MessageInitShape<Schema>): Any {
  return anyPack(schema, create(schema, init));
}

/** The binary form of a `google.rpc.Status` with these details. */
export function statusBytes(...details: Any[]): Uint8Array {
  return toBinary(StatusSchema, create(StatusSchema, { code: 9, message: "raw", details }));
}

/** Trailing metadata as a server sends it with these details. Connect believes the code and the message in it. */
export function trailers(details: Any[], status = { code: 9, message: "raw" }): Metadata {
  const metadata = new Metadata();
  const bytes = toBinary(StatusSchema, create(StatusSchema, { ...status, details }));
  metadata.set("grpc-status-details-bin", Buffer.from(bytes));
  return metadata;
}
