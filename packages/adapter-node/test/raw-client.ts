import { connect, type Socket } from "node:net";
import { onTestFinished } from "vitest";

/** A TCP client that shows the bytes as they are. */
export interface RawClient {
  readonly socket: Socket;
  /** Everything received so far, as Latin-1. */
  readonly received: () => string;
  /** Waits until what was received matches; fails when the connection ends before. */
  readonly until: (matches: RegExp | ((received: string) => boolean)) => Promise<string>;
  /** Settles with everything received when the connection has closed, by a reset or not. */
  readonly closed: Promise<string>;
}

export async function rawClient(port: number, request = "", options: { paused?: boolean } = {}): Promise<RawClient> {
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  onTestFinished(() => void socket.destroy());
  let received = "";
  let check = (): void => undefined;
  if (options.paused === true) socket.pause();
  socket.on("data", (chunk: Buffer) => {
    received += chunk.toString("latin1");
    check();
  });
  if (options.paused === true) socket.pause();
  const closed = new Promise<string>((resolve) => socket.once("close", () => resolve(received)));
  const refused = new Promise<never>((_, reject) => socket.on("error", reject));
  // A reset is told as an error, then as 'close'.
  refused.catch(() => undefined);
  // The server's FIN: this client keeps its half open only when a test asks it to.
  socket.once("end", () => socket.end());
  await Promise.race([refused, new Promise<void>((resolve) => socket.once("connect", resolve))]);
  socket.write(request);
  return {
    socket,
    received: () => received,
    closed,
    until: (matches) =>
      new Promise((resolve, reject) => {
        check = () => {
          if (!(typeof matches === "function" ? matches(received) : matches.test(received))) return;
          check = () => undefined;
          resolve(received);
        };
        check();
        void closed.then(() => reject(new Error(`Closed before ${matches} was received: ${received.slice(-500)}`)));
      }),
  };
}

/** A GET of HTTP/1.1, or another request without a body. */
export function get(path = "/", fields = "", method = "GET"): string {
  return `${method} ${path} HTTP/1.1\r\nhost: test\r\n${fields}\r\n`;
}
