import { fileURLToPath } from 'node:url';

/** How Node starts a module of ours in another thread or process. */
export interface EntryPoint {
  readonly path: string;
  readonly execArgv: readonly string[];
}

const COMPILER = '../../test/source/ts-register.mjs';

/**
 * The module `name` beside the module of this URL. Built code runs as it is; where this code runs from its sources, as it
 * does in tests, so does the other thread or process, through the tests' compiler.
 */
export function entryPoint(name: string, beside: string): EntryPoint {
  if (!beside.endsWith('.ts')) return { path: fileURLToPath(new URL(`${name}.js`, beside)), execArgv: [] };
  const compiler = new URL(COMPILER, import.meta.url).href;
  return {
    path: fileURLToPath(new URL(`${name}.ts`, beside)),
    execArgv: ['--conditions=source', '--import', compiler],
  };
}
