import { type ClientRequest, get, type IncomingMessage } from "node:http";

/** How a client behaves: `slow` ones pause for seconds, `dead` ones never read. */
export type Temper = "steady" | "slow" | "dead";

/** A client of the soak's server that checks the sequence of what it reads. */
export interface SoakClient {
  readonly temper: Temper;
  /** How many events have arrived. */
  readonly received: number;
  /** What was wrong: an event that is missing, double or cut, or a stream that ended by itself. */
  readonly problem: string | undefined;
  /** Leaves, by FIN or by RST. */
  leave(): void;
}

const PAUSE_MS = 2_000;

/** Connects a client. */
export function connectClient(port: number, temper: Temper): SoakClient {
  // What a dead client leaves unread has to exceed what the kernel takes for it.
  const query = temper === "dead" ? "everyMs=10&bytes=65536" : "everyMs=500&bytes=200";
  let received = 0;
  let problem: string | undefined;
  let hasLeft = false;
  let pausing: ReturnType<typeof setInterval> | undefined;
  let rest = "";

  const report = (text: string): void => {
    if (!hasLeft) problem ??= text;
  };
  const read = (text: string): void => {
    const blocks = (rest + text).split("\n\n");
    rest = blocks.pop() ?? "";
    for (const block of blocks) {
      const data = /^data: (.*)$/m.exec(block)?.[1];
      if (data === undefined) continue;
      const { index } = JSON.parse(data);
      if (index !== received) report(`event ${index} came in the place of ${received}`);
      received++;
    }
  };
  const onResponse = (response: IncomingMessage): void => {
    if (temper === "dead") return;
    response.setEncoding("utf8").on("data", read);
    response.on("error", (error) => report(`the response failed: ${error.message}`));
    response.on("end", () => report("the stream ended by itself"));
    if (temper === "slow") {
      pausing = setInterval(() => (response.isPaused() ? response.resume() : response.pause()), PAUSE_MS);
    }
  };
  const request: ClientRequest = get(
    { port, host: "127.0.0.1", path: `/?temper=${temper}&${query}`, agent: false },
    onResponse,
  );
  request.on("error", (error) => report(`the request failed: ${error.message}`));

  return {
    temper,
    get received() {
      return received;
    },
    get problem() {
      return problem;
    },
    leave() {
      hasLeft = true;
      clearInterval(pausing);
      // One that is not connected yet has nothing to reset.
      if (Math.random() < 0.5) request.socket?.resetAndDestroy();
      request.destroy();
    },
  };
}
