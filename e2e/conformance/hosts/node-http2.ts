import { createSecureServer } from "node:http2";
import { toNodeHandler } from "@ssewire/adapter-node";
import { createConformanceApp } from "../app.ts";
import { listen } from "./listen.ts";

/** Key and certificate, both in PEM. */
const pem = process.env["CONFORMANCE_PEM"];

listen(createSecureServer({ key: pem, cert: pem }, toNodeHandler(createConformanceApp().fetch)), "https");
