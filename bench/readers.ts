import { connect } from "node:net";

// A process of clients that read what they are sent, and say so when the last of them has read a certain text.
process.on("message", ({ port, count }: { port: number; count: number }) => {
  let connected = 0;
  let done = 0;
  for (let index = 0; index < count; index++) {
    const socket = connect(port, "127.0.0.1");
    let hasHead = false;
    socket.setEncoding("latin1");
    socket.on("connect", () => socket.write("GET / HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n"));
    socket.on("data", (text: string) => {
      if (!hasHead) {
        hasHead = true;
        if (++connected === count) process.send?.("connected");
      }
      if (text.includes("the last one") && ++done === count) {
        done = 0;
        process.send?.("done");
      }
    });
  }
});
process.on("disconnect", () => process.exit());
