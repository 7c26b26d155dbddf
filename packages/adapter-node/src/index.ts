export { type CloseGracefullyReport, closeGracefully, type Drainable } from "./close-gracefully.ts";
export type { CloseGracefullyOptions } from "./close-options.ts";
export type { NodeRequest, NodeResponse } from "./node-message.ts";
export type { ToWebRequestOptions } from "./request-options.ts";
export { RequestRefusedError } from "./request-refused-error.ts";
export type { Next } from "./respond.ts";
export type { SendResponseOptions } from "./send-options.ts";
export { sendResponse } from "./send-response.ts";
export type { NodeServer } from "./server-connections.ts";
export {
  type NodeContext,
  type NodeHandler,
  type ToNodeHandlerOptions,
  toNodeHandler,
  type WebHandler,
} from "./to-node-handler.ts";
export { toWebRequest } from "./to-web-request.ts";
