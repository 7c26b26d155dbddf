import { createServer } from "node:http";
import { toNodeHandler } from "@ssewire/adapter-node";
import { createConformanceApp } from "../app.ts";
import { listen } from "./listen.ts";

const app = createConformanceApp();

/** The same body through a stream of somebody else's, as a middleware makes one: there is no short way through it. */
async function fetch(request: Request): Promise<Response> {
  const response = await app.fetch(request);
  const reader = response.body?.getReader();
  if (reader === undefined) return response;
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await reader.read();
        if (done) controller.close();
        else controller.enqueue(value);
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
  return new Response(body, response);
}

listen(createServer(toNodeHandler(fetch)));
