import { createServer } from "node:http";
import { toNodeHandler } from "@ssewire/adapter-node";
import { createConformanceApp } from "../app.ts";
import { listen } from "./listen.ts";

listen(createServer(toNodeHandler(createConformanceApp().fetch)));
