import { fileURLToPath } from 'node:url';

/** What runs as a process of its own in tests; `nx test-servers` builds both first. */
export const builtService = fileURLToPath(new URL('../dist/main.js', import.meta.url));
export const builtTrainer = fileURLToPath(new URL('../../../trainers/builtin/dist/main.js', import.meta.url));
