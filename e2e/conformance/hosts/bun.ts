import { createConformanceApp } from "../app.ts";
import { announce } from "./announce.ts";

/** What is used here of Bun's own API, whose types would shadow those of Node. */
declare const Bun: {
  serve(options: { hostname: string; port: number; fetch: (request: Request) => Promise<Response> }): { port: number };
};

const { port } = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: createConformanceApp().fetch });
announce(`http://127.0.0.1:${port}`);
