import { defineConfig, type UserConfig } from "vite";

/** The page here, the event streams from the demo. */
const config: UserConfig = defineConfig({
  server: { proxy: { "/documents": process.env["DEMO_URL"] ?? "http://localhost:8080" } },
});

export default config;
