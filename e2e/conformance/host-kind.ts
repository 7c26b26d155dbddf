import type { Protocol } from "./connection.ts";

/** When a host tells the stream that its client has left. */
export type Notice = "at once" | "at the next write" | "never";

/** What hosts differ in. The suite holds each host to its values, those that are worse than others' included. */
export interface Expectations {
  /** Headers of an event stream besides those of the library, by name. */
  readonly addedHeaders: readonly string[];
  /** When the client gets the head of a response whose source is still silent. */
  readonly headLeaves: "at once" | "with the first byte";
  /** The client ends its half of the connection, and goes on reading. */
  readonly onHalfClose: Notice;
  /** The client closes the connection (FIN). */
  readonly onClose: Notice;
  /** The client resets the connection (RST). */
  readonly onReset: Notice;
  /** The process of the client is killed. */
  readonly onKill: Notice;
  /** The client cancels the stream of HTTP/2 alone; the connection stays. */
  readonly onStreamReset?: Notice;
  /** When `request.signal` is aborted. */
  readonly abortsSignal: "on a disconnect" | "on a disconnect, and after a normal end" | "never";
  /** Milliseconds of silence after which the host cuts the connection. */
  readonly idleLimitMs?: number;
  /** What is ahead of a client that does not read. */
  readonly holdsForSlowClient: "socket buffers" | "the window of HTTP/2";
  /** What the host prints to stderr in the course of the suite, though all is well. */
  readonly complaint?: RegExp;
}

/** A way of running the application, on one or more runtimes that behave alike. */
export interface HostKind {
  readonly name: string;
  /** What is between the Response and the wire besides the host itself, if anything. */
  readonly through?: string;
  /** The file in `hosts/`. */
  readonly entry: string;
  /** What follows its path on the command line. */
  readonly args?: readonly string[];
  readonly protocol: Protocol;
  /** Names of runtimes, as `findRuntime` knows them. */
  readonly runtimes: readonly string[];
  readonly expected: Expectations;
  /** Why a value is what it is, where it is not what one would wish for. */
  readonly reasons: Partial<Record<keyof Expectations, string>>;
}
