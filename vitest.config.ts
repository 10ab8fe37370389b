import swc from 'unplugin-swc';
import { defineConfig } from 'vitest/config';

/**
 * Decorators with metadata, and workspace packages from their sources. Shared by every tier. `.swcrc` is for builds: it
 * leaves the tests out.
 */
export const shared = {
  plugins: [swc.vite({ swcrc: false, module: { type: 'es6' } })],
  resolve: { conditions: ['source'] },
  ssr: { resolve: { conditions: ['source'] } },
} as const;

/** Unit tests: pure, in milliseconds, beside their sources. */
export default defineConfig({
  ...shared,
  test: {
    include: ['**/*.spec.ts'],
    exclude: ['**/node_modules/**', '**/dist/**'],
    passWithNoTests: true,
    pool: 'threads',
    testTimeout: 20_000,
  },
});
