export { decodeStatusDetails, type StatusDetails } from "./decode-status-details.ts";
export type {
  BadRequestJson,
  ErrorInfoJson,
  LocalizedMessageJson,
  RetryInfoJson,
} from "./gen/google/rpc/error_details_pb.ts";
export { type JsonEvent, jsonEvent } from "./json-event.ts";
export type { JsonEventOptions } from "./json-event-options.ts";
