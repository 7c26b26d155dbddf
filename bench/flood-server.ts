import { once } from "node:events";
import { promisify } from "node:util";
import { Server, ServerCredentials } from "@grpc/grpc-js";
import { type GrpcServiceImplementation, serviceDefinition } from "@ssewire/adapter-grpc/client";
import { DocumentService, DocumentStatus } from "../examples/progress/gen/documents_pb.ts";
import { progress } from "./ready-events.ts";
import { answerCommands } from "./worker-process.ts";

// A gRPC server that writes as many messages as `after` says, as fast as it is let.
const implementation: GrpcServiceImplementation<typeof DocumentService> = {
  async streamDocumentProgress(call) {
    const { after: count } = call.request;
    for (let sequence = 1; sequence <= count && !call.cancelled; sequence++) {
      const message = { ...progress(sequence), status: DocumentStatus.PROCESSING };
      if (!call.write(message)) await once(call, "drain");
    }
    call.end();
  },
};

const server = new Server();
server.addService(serviceDefinition(DocumentService), implementation);
const port = await promisify(server.bindAsync.bind(server))("127.0.0.1:0", ServerCredentials.createInsecure());
answerCommands({ address: () => `127.0.0.1:${port}` });
