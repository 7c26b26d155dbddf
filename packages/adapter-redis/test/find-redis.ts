import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";

const folders = (process.env["PATH"] ?? "").split(delimiter);
const places = [process.env["REDIS_SERVER_PATH"] ?? "", ...folders.map((folder) => join(folder, "redis-server"))];

/** Where redis-server is; `undefined` when it is missing. */
export const redisPath: string | undefined = places.find((place) => place !== "" && existsSync(place));

/** For the name of a test: where it was found, or how to install it. */
export const redisNote: string =
  redisPath ?? "missing: install redis-server (Debian: apt-get install redis-server) or set REDIS_SERVER_PATH";

// A test that is skipped there is a test that is missing.
if (redisPath === undefined && process.env["CI"] === "true") throw new Error(redisNote);
