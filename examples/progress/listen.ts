import { once } from "node:events";
import type { Server } from "node:net";

/**
 * Has a server listen.
 *
 * @param port - 0 to 65535; 0 takes a free one.
 * @returns Where it can be reached, as the origin of a URL.
 * @throws {Error} When the port is taken; the message says what to do.
 */
export async function listen(server: Server, port: number): Promise<string> {
  try {
    await once(server.listen(port), "listening");
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EADDRINUSE")) throw error;
    throw new Error(`Port ${port} is taken. Set PORT to a free one, or to 0 for any.`, { cause: error });
  }
  const address = server.address();
  return `http://localhost:${typeof address === "object" ? address?.port : port}`;
}
