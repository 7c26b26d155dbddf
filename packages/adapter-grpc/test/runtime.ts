/** Deno's `node:http2` differs from Node's in two ways that tests have to know. */
const isDeno = "Deno" in globalThis;

/**
 * How many of `calls` that were made and cancelled in the same tick, on a connection that is there, reach the server. Node
 * and Bun open the stream, so that a cancellation that is lost would leave it open; Deno never opens it.
 */
export const reaching = (calls: number): number => (isDeno ? 0 : calls);

/** Whether the end of a stream may overtake the last of its data, so that clients without a remedy lose messages. */
export const endOvertakesData: boolean = isDeno;
