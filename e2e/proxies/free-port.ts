import { once } from "node:events";
import { createServer } from "node:net";

/**
 * A port for a program that cannot choose one itself. From below the range out of which the system serves port 0 and
 * outgoing connections (32768 up on Linux), so that none of those takes it before the program does.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 12_000);
    const server = createServer();
    const isFree = await Promise.race([
      once(server.listen(port), "listening").then(() => true),
      once(server, "error").then(() => false),
    ]).catch(() => false);
    if (!isFree) continue;
    await once(server.close(), "close");
    return port;
  }
}
