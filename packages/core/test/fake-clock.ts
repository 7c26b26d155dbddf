import { vi } from "vitest";
import { endOfTurn } from "./read-stream.ts";

/** Turns of the event loop stay real, only time is not. */
export function useFakeClock(): void {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval", "Date", "performance"] });
}

/** What stands in a record where the stream closed. */
export const END = "(end)";

/** Reads on and on, and keeps what came with the time it came at, the end of the stream included. */
export async function record(stream: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<[ms: number, text: string][]> {
  const decoder = new TextDecoder();
  const record: [number, string][] = [];
  const startedAt = Date.now();
  const read = async (): Promise<void> => {
    for await (const chunk of stream) record.push([Date.now() - startedAt, decoder.decode(chunk)]);
  };
  void read().then(
    () => record.push([Date.now() - startedAt, END]),
    (error: unknown) => record.push([Date.now() - startedAt, `(${error instanceof Error ? error.name : "error"})`]),
  );
  await endOfTurn();
  return record;
}

/** Lets time pass, then what it set off. */
export async function pass(ms: number): Promise<void> {
  await vi.advanceTimersByTimeAsync(ms);
  await endOfTurn();
}
