import { startDocumentService } from "./document-service.ts";
import { parsePort } from "./parse-port.ts";

// The document service in a process of its own, for whoever wants to see it die and come back.
const { address } = await startDocumentService({ port: parsePort(process.env["PORT"] ?? "0") });
process.stdout.write(`document service: ${address}\n`);
