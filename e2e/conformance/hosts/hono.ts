import { serve } from "@hono/node-server";
import { Hono } from "hono";
import { createConformanceApp } from "../app.ts";
import { announce } from "./announce.ts";

const { fetch } = createConformanceApp();
const app = new Hono().all("*", (context) => fetch(context.req.raw));

serve({ fetch: app.fetch, hostname: "127.0.0.1", port: 0 }, ({ port }) => announce(`http://127.0.0.1:${port}`));
