import { once } from "node:events";
import { connect } from "node:net";

/** Opens as many streams as the second argument says, on the port that the first one names, and stays. */
const [port, count] = process.argv.slice(2).map(Number);

await Promise.all(
  Array.from({ length: count ?? 0 }, async () => {
    const socket = connect({ port: port ?? 0, host: "127.0.0.1" });
    socket.write("GET / HTTP/1.1\r\nhost: test\r\n\r\n");
    await once(socket, "data");
    socket.resume();
  }),
);
process.send?.("watching");
