import { StreamClient } from "./stream-client.ts";
import { answerCommands } from "./worker-process.ts";
import type { HoldPlan, ReadPlan, Received } from "./workload.ts";

// The process of all clients: the same one for all contestants and rounds.

/** Connections that are opened at a time: more would overflow the queue of the listening socket. */
const MAX_OPENING = 100;

let held: StreamClient[] = [];
let onHeldProgress: (client: StreamClient) => void = () => undefined;
let onHeldError: (error: Error) => void = fail;

function fail(error: Error): void {
  throw error;
}

async function read({ port, streams, concurrency, events, parsed }: ReadPlan): Promise<Received> {
  const clients: StreamClient[] = [];
  await new Promise<void>((resolve, reject) => {
    let ended = 0;
    const open = (): void => {
      const client = new StreamClient({ port, parsed, onProgress, onError: reject });
      clients.push(client);
    };
    const onProgress = (client: StreamClient): void => {
      if (!client.isEnded) return;
      ended++;
      if (clients.length < streams) open();
      else if (ended === streams) resolve();
    };
    for (let count = 0; count < Math.min(concurrency, streams); count++) open();
  });
  for (const client of clients) {
    if (client.events !== events) throw wrongCount(client, events);
  }
  return report(clients);
}

function hold({ port, streams }: HoldPlan): Promise<void> {
  return new Promise((resolve, reject) => {
    let opened = 0;
    const open = (): void => {
      const client = new StreamClient({
        port,
        parsed: true,
        onProgress: (each) => onHeldProgress(each),
        onError: (error) => onHeldError(error),
      });
      held.push(client);
    };
    onHeldError = reject;
    const seen = new Set<StreamClient>();
    onHeldProgress = (client) => {
      if (seen.has(client) || !client.hasHead) return;
      seen.add(client);
      opened++;
      if (held.length < streams) open();
      else if (opened === streams) {
        onHeldError = fail;
        onHeldProgress = () => undefined;
        resolve();
      }
    };
    for (let count = 0; count < Math.min(MAX_OPENING, streams); count++) open();
  });
}

function restart(parsed: boolean): void {
  onHeldProgress = () => undefined;
  for (const client of held) client.restart(parsed);
}

async function receive(events: number): Promise<Received> {
  await new Promise<void>((resolve, reject) => {
    const waiting = new Set(held);
    const look = (client: StreamClient): void => {
      if (client.events > events) reject(wrongCount(client, events));
      else if (client.events === events && waiting.delete(client) && waiting.size === 0) resolve();
    };
    onHeldError = reject;
    onHeldProgress = look;
    for (const client of held) look(client);
  });
  onHeldError = fail;
  onHeldProgress = (client) => fail(wrongCount(client, events));
  return report(held);
}

function wrongCount(client: StreamClient, events: number): Error {
  return new Error(`${client.events} events arrived in place of ${events}`);
}

function report(clients: readonly StreamClient[]): Received {
  const digests = new Set(clients.map((client) => client.digest()));
  const latencies = clients.flatMap((client) => client.latencies).sort((a, b) => a - b);
  const percentile = (share: number): number => (latencies[Math.floor(latencies.length * share)] ?? 0) / 1_000;
  return {
    digest: [...digests].sort().join(" "),
    latency: latencies.length === 0 ? undefined : { p50: percentile(0.5), p99: percentile(0.99) },
  };
}

async function release(): Promise<void> {
  const clients = held;
  held = [];
  await Promise.all(clients.map((client) => client.destroy()));
}

answerCommands({
  read,
  hold,
  restart,
  receive,
  release,
  countComments: () => held.reduce((sum, { comments }) => sum + comments, 0),
});
