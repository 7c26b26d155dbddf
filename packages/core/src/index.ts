export { type EventFields, encodeEvent } from "./encode-event.ts";
export { encodedEvent } from "./encoded-event.ts";
export { errorData } from "./error-data.ts";
export type { EventLog, EventLogReadOptions } from "./event-log.ts";
export type { AnyEvents, DefaultType, EventType, WholeEvent } from "./event-map.ts";
export { createEventStream } from "./event-stream.ts";
export type {
  CloseReason,
  CloseReport,
  EventStreamOptions,
  Logger,
  SentEvent,
  Serializer,
} from "./event-stream-options.ts";
export { MemoryEventLog } from "./memory-event-log.ts";
export type { MemoryEventLogOptions, OverflowPolicy } from "./memory-event-log-options.ts";
export type { SourceContext, StreamSource, ValueIterable } from "./open-source.ts";
export type { DrainOptions } from "./open-streams.ts";
export { OverflowError } from "./overflow-error.ts";
export type { ResponseOptions } from "./response-options.ts";
export { serializeJson } from "./serialize-json.ts";
export { type ShareSourceOptions, shareSource, type WatchedSource } from "./share-source.ts";
export { isSseEvent, type SseEvent, type SseFields, sse } from "./sse-event.ts";
export { SSEManager } from "./sse-manager.ts";
