import { defineConfig, type ViteUserConfig } from "vitest/config";

/** What takes minutes, or programs that have to be installed: `pnpm test:e2e`. One file at a time, as they share the machine. */
const config: ViteUserConfig = defineConfig({
  resolve: { tsconfigPaths: true },
  test: {
    root: "e2e",
    include: ["*/**/*.test.ts"],
    exclude: ["**/node_modules/**", "**/dist/**"],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    fileParallelism: false,
  },
});

export default config;
