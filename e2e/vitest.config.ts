import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

/** Black box over one embedded platform, booted once; journeys share it and keep apart by organization. */
export default defineConfig({
  resolve: { conditions: ['source'] },
  ssr: { resolve: { conditions: ['source'] } },
  test: {
    include: ['journeys/**/*.e2e-spec.ts', 'conformance/**/*.e2e-spec.ts'],
    globalSetup: [fileURLToPath(new URL('./support/global-platform.ts', import.meta.url))],
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});
