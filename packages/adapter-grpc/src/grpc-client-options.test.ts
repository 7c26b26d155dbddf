import { once } from "node:events";
import { type AddressInfo, connect as connectTcp, createServer, type Socket } from "node:net";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { collect } from "../test/collect.ts";
import { deferred } from "../test/deferred.ts";
import { serveHttp2 } from "../test/http2-server.ts";
import { connectWith } from "../test/listen.ts";
import { serveProgress } from "../test/progress-server.ts";
import { grpcStreamToSse } from "./index.ts";

/** A TCP proxy that can be made to swallow everything, like a NAT that forgot. */
async function proxyTo(port: number): Promise<{ address: string; goSilent(): void }> {
  const sockets: Socket[] = [];
  const proxy = createServer((client) => {
    const server = connectTcp(port, "127.0.0.1");
    for (const socket of [client, server]) socket.on("error", () => undefined);
    client.pipe(server).pipe(client);
    sockets.push(client, server);
  });
  await once(proxy.listen(0, "127.0.0.1"), "listening");
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    proxy.close();
  });
  // That of a server that listens on a port is no string.
  const address = proxy.address() as AddressInfo;
  return {
    address: `127.0.0.1:${address.port}`,
    goSilent() {
      for (const socket of sockets) {
        socket.unpipe();
        socket.resume();
      }
    },
  };
}

describe("keepalive", () => {
  it("pings while there is a call, every 310 s", async () => {
    const setTimeout = vi.spyOn(globalThis, "setTimeout");
    onTestFinished(() => void setTimeout.mockRestore());
    const server = await serveProgress((call) => call.write({ percent: 1 }));
    const client = connectWith(server.address);
    const stream = grpcStreamToSse(client.watch({}), ({ percent }) => percent);
    await stream.next();
    expect(setTimeout.mock.calls.map(([, ms]) => ms)).toContain(310_000);
    stream.cancel();
  });

  it("pings at the pace of channelOptions", async () => {
    let pings = 0;
    const three = deferred();
    const server = await serveHttp2({
      session: (session) => session.on("ping", () => ++pings === 3 && three.resolve()),
    });
    const call = connectWith(server.address, { channelOptions: { "grpc.keepalive_time_ms": 20 } }).watch({});
    await three.promise;
    call.cancel();
  });

  it("ends a call with UNAVAILABLE whose peer has gone without a word", async () => {
    const server = await serveProgress((call) => call.write({ percent: 1 }));
    const proxy = await proxyTo(Number(server.address.split(":")[1]));
    // Time enough for the first message on a busy machine.
    const channelOptions = { "grpc.keepalive_time_ms": 200, "grpc.keepalive_timeout_ms": 400 };
    const client = connectWith(proxy.address, { channelOptions });
    const { values, error } = await collect(
      grpcStreamToSse(client.watch({}), ({ percent }) => percent),
      () => proxy.goSilent(),
    );
    expect(values).toEqual([1]);
    expect(error).toMatchObject({ status: "UNAVAILABLE", retryable: true });
  });
});

describe("channelOptions", () => {
  it("may give a client a connection of its own, which grpc-js would share", async () => {
    const ports: (number | undefined)[] = [];
    const arrivals = [deferred(), deferred(), deferred()];
    const server = await serveHttp2({
      stream(stream) {
        ports.push(stream.session?.socket.remotePort);
        arrivals[ports.length - 1]?.resolve();
      },
    });
    const shared = { "grpc.use_local_subchannel_pool": 0 };
    const clients = [shared, shared, {}].map((channelOptions) => connectWith(server.address, { channelOptions }));
    const calls = clients.map((client) => client.watch({}));
    await Promise.all(arrivals.map(({ promise }) => promise));
    expect(new Set(ports).size).toBe(2);
    for (const call of calls) call.cancel();
  });
});
