import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { shared } from './vitest.config.js';

/** Tests against real Postgres, real NATS and real processes; the servers are booted once for all of them. */
export default defineConfig({
  ...shared,
  test: {
    include: ['**/*.db-spec.ts', '**/*.service-spec.ts'],
    exclude: ['**/node_modules/**', '**/dist/**'],
    passWithNoTests: true,
    globalSetup: [fileURLToPath(new URL('./libs/testing/src/global-servers.ts', import.meta.url))],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
