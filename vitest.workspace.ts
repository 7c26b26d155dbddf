import { defineConfig, type ViteUserConfig } from "vitest/config";

/** Packages resolve to their sources through the `paths` of tsconfig.json, so a test needs no build. */
const project = (name: string, root: string, include = "**/*.test.ts"): ViteUserConfig => ({
  resolve: { tsconfigPaths: true },
  // Generous, as a machine may be slow or busy: a time-out means that something hangs.
  test: { name, root, include: [include], testTimeout: 60_000, hookTimeout: 60_000 },
});

const config: ViteUserConfig = defineConfig({
  test: {
    coverage: {
      include: ["packages/core/src/**"],
      exclude: ["**/*.test.ts", "**/*.test-d.ts"],
      reporter: ["text-summary"],
      thresholds: { branches: 97 },
    },
    projects: [
      project("core", "packages/core"),
      project("adapter-grpc", "packages/adapter-grpc"),
      project("adapter-node", "packages/adapter-node"),
      project("adapter-redis", "packages/adapter-redis"),
      project("examples", "examples"),
      project("bench", "bench"),
      // What lies deeper takes longer: vitest.e2e.ts.
      project("e2e", "e2e", "*.test.ts"),
    ],
  },
});

export default config;
