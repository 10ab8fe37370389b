import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

/** Clients that others have written, in programs of their own, against one embedded platform. They need Python. */
export default defineConfig({
  resolve: { conditions: ['source'] },
  ssr: { resolve: { conditions: ['source'] } },
  test: {
    include: ['conformance/clients/**/*.client-spec.ts'],
    globalSetup: [fileURLToPath(new URL('../../support/global-platform.ts', import.meta.url))],
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});
