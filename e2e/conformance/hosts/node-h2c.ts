import { createServer } from "node:http2";
import { toNodeHandler } from "@ssewire/adapter-node";
import { createConformanceApp } from "../app.ts";
import { listen } from "./listen.ts";

listen(createServer(toNodeHandler(createConformanceApp().fetch)));
