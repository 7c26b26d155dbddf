import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as wait } from "node:timers/promises";
import { expect, onTestFinished } from "vitest";
import { findCurl } from "../../find-component.ts";
import { type Connection, openConnection } from "../connection.ts";
import type { Expectations, Notice } from "../host-kind.ts";
import type { StreamReader } from "../stream-reader.ts";
import { type Check, expectState, newKey, readState, streamPath, type TestedHost } from "../tested-host.ts";

const curl = findCurl();

/** A client that has got the first event of a stream, which is silent from then on. */
interface Watcher {
  /** How it leaves. */
  readonly leave: () => void;
  /** What it gets, if it still reads after that. */
  readonly reader?: StreamReader;
}

type Watch = (host: TestedHost, path: string) => Promise<Watcher>;

/** So long, compared with anything here, that it never comes. */
const NEVER_MS = 3_600_000;
/** Long enough to see that nothing happens before it. */
const HEARTBEAT_MS = 1_500;

/** Opens a stream that is silent after one event, lets its client leave, and looks when that reaches the source. */
async function expectNotice(host: TestedHost, notice: Notice, watch: Watch): Promise<void> {
  const key = newKey();
  const heartbeatMs = { "at once": NEVER_MS, "at the next write": HEARTBEAT_MS, never: 100 }[notice];
  const { leave, reader } = await watch(host, streamPath(key, `events=1&then=hold&heartbeatMs=${heartbeatMs}`));
  leave();
  if (notice === "at the next write") {
    await wait(HEARTBEAT_MS / 3);
    expect(await readState(host, key)).toMatchObject({ released: false });
  }
  if (notice === "never") {
    const before = reader?.text.length ?? 0;
    await reader?.until(({ text }) => text.slice(before).split("\n").length > 5);
    expect(await readState(host, key)).toMatchObject({ released: false });
  } else {
    await expectState(host, key, { released: true, aborted: host.expected.abortsSignal !== "never" });
    expect((await readState(host, key)).closed).toMatchObject({ reason: "cancelled", events: 1 });
  }
}

async function watchByCurl(host: TestedHost, path: string): Promise<Watcher> {
  const protocol = { "http/1.1": "--http1.1", h2: "--http2", h2c: "--http2-prior-knowledge" }[host.protocol];
  const args = ["--silent", "--no-buffer", "--insecure", protocol, host.origin + path];
  const child = spawn(curl.path ?? "", args, { stdio: ["ignore", "pipe", "inherit"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  await once(child.stdout, "data");
  return { leave: () => child.kill("SIGKILL") };
}

function watchAnd(leave: (connection: Connection, reader: StreamReader) => void): Watch {
  return async (host, path) => {
    const connection = await openConnection(host.origin, host.protocol);
    const reader = await connection.open(path);
    await reader.until(({ events }) => events.length === 1);
    return { reader, leave: () => leave(connection, reader) };
  };
}

const ways: readonly (readonly [name: string, expectation: keyof Expectations & `on${string}`, watch: Watch])[] = [
  ["half-closes", "onHalfClose", watchAnd(({ endHalf }) => endHalf())],
  ["closes (FIN)", "onClose", watchAnd(({ socket }) => socket.destroy())],
  ["resets (RST)", "onReset", watchAnd(({ socket }) => socket.resetAndDestroy())],
  ["cancels the stream", "onStreamReset", watchAnd((_, { body }) => body.destroy())],
  ["is killed", "onKill", watchByCurl],
];

export const leaving: readonly Check[] = ways.map(([name, about, watch]) => ({
  name: `the source is released when its client ${name}`,
  about,
  ...(watch === watchByCurl && { needs: curl }),
  run: (host) => expectNotice(host, host.expected[about] ?? "at once", watch),
}));
