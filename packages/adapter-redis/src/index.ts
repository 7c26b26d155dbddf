export type { RedisClient, RedisClientCopy, RedisClientOverrides } from "./redis-client.ts";
export { RedisEventLog } from "./redis-event-log.ts";
export { RedisEventLogError, type RedisEventLogErrorCode } from "./redis-event-log-error.ts";
export { RedisEventLogs } from "./redis-event-logs.ts";
export type { RedisEventLogsOptions } from "./redis-event-logs-options.ts";
