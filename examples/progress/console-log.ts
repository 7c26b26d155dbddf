import type { Logger } from "@ssewire/core";

/** Takes what is worth telling about a document, a line at a time. */
export type Log = (level: "debug" | "warn", documentId: string, text: string) => void;

/**
 * A log for people to read.
 *
 * @param name - Of the server that writes it.
 */
export function consoleLog(name: string): Log {
  return (level, documentId, text) => {
    // The id comes from the address: encoded, it cannot break the line.
    const id = encodeURIComponent(documentId);
    const columns = [new Date().toLocaleTimeString("en-GB"), name.padEnd(9), level.padEnd(5), id.padEnd(8), text];
    process.stdout.write(`${columns.join("  ")}\n`);
  };
}

/** The logger of one event stream: pino would do as well. */
export function streamLogger(log: Log, documentId: string): Logger {
  return {
    debug: (details, message) => log("debug", documentId, `${message}${format(details)}`),
    warn: (details, message) => log("warn", documentId, `${message}${format(details)}`),
  };
}

function format(details: object): string {
  let text = "";
  for (const [key, value] of Object.entries(details)) {
    if (value !== undefined) text += ` ${key}=${formatValue(value)}`;
  }
  return text;
}

function formatValue(value: unknown): string {
  if (typeof value === "number") return String(Math.round(value));
  // `details` of a gRPC error is what the browser does not get to see.
  const text = value instanceof Error ? ("details" in value ? value.details : value.message) : value;
  // Quoted, what a client or a server sent cannot break the line either.
  return typeof text === "string" && /^[\w~.-]+$/.test(text) ? text : JSON.stringify(text);
}
