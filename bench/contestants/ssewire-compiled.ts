import compile from "fast-json-stringify";
import type { Contestant } from "../contestant.ts";
import { ssewireWithSerializer } from "./ssewire.ts";

/** With a serializer that fast-json-stringify has compiled from the schema of `ready-events.ts`. */
export const ssewireCompiled: Contestant = ssewireWithSerializer(
  compile({
    type: "object",
    properties: { percent: { type: "integer" }, message: { type: "string" }, sequence: { type: "integer" } },
    required: ["percent", "message", "sequence"],
  }),
);
