import { createConformanceApp } from "../app.ts";
import { announce } from "./announce.ts";

/** What is used here of Deno's own API. */
declare const Deno: {
  serve(
    options: { hostname: string; port: number; onListen: (address: { port: number }) => void },
    handler: (request: Request) => Promise<Response>,
  ): unknown;
};

Deno.serve(
  { hostname: "127.0.0.1", port: 0, onListen: ({ port }) => announce(`http://127.0.0.1:${port}`) },
  createConformanceApp().fetch,
);
