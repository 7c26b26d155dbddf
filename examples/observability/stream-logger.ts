import { type DestinationStream, type Logger, pino } from "pino";

/** What a failed gRPC call carries besides its message, and what only its server should know of. */
const SECRETS = ["metadata", "statusDetails"];

/**
 * A pino for event streams: core reports failures as `err`, at warn, and the end of a stream with its `error`, at debug.
 *
 * @param destination - Where the lines go. @defaultValue standard output
 */
export function createLogger(destination: DestinationStream = pino.destination(1)): Logger {
  return pino(
    {
      level: "info",
      // pino knows `err` by itself; any other error would be written without its message.
      serializers: { err: pino.stdSerializers.err, error: pino.stdSerializers.err },
      redact: { paths: SECRETS.flatMap((name) => [`err.${name}`, `error.${name}`]), censor: "[redacted]" },
    },
    destination,
  );
}

/**
 * The logger of one stream. Where `logger` is at info it tells of the start and the end of streams, too, which are debug:
 * two lines a stream, not one an event.
 */
export function streamLogger(logger: Logger, request: Request): Logger {
  const requestId = request.headers.get("x-request-id") ?? crypto.randomUUID();
  // Without the query: as EventSource sends no headers, there may be a token in it.
  const { pathname: path } = new URL(request.url);
  return logger.child({ requestId, path }, logger.isLevelEnabled("info") ? { level: "debug" } : {});
}
