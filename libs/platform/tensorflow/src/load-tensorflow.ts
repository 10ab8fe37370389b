import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
// TensorFlow's C++ library takes these settings from the environment of the process and offers no other way.
import { env } from 'node:process';
import type * as tfjs from '@tensorflow/tfjs';
import type * as tfjsWasm from '@tensorflow/tfjs-backend-wasm';

export type Tensorflow = typeof tfjs;
export type TensorflowPreference = 'tfjs-node' | 'tfjs';

export interface TensorflowRuntime {
  tf: Tensorflow;
  /** For people: `tfjs-node (TensorFlow 2.21.0)`, `tfjs (wasm)` or `tfjs (cpu)`. */
  backend: string;
}

export interface LoadTensorflowOptions {
  log: { info(message: string): void; warn(message: string): void };
  /**
   * `tfjs` never tries the native library; `tfjs-node` warns when it cannot be used. Without a preference the
   * native library is used when it is built.
   */
  prefer?: TensorflowPreference;
}

const require = createRequire(import.meta.url);
let loaded: Promise<TensorflowRuntime> | undefined;

/**
 * Loads TensorFlow.js once per process and says which backend was chosen: the native library when its binding
 * was built (`npm run setup:tensorflow`), else WebAssembly, else plain JavaScript.
 *
 * The preference of the first call holds, because TensorFlow.js keeps one engine per process.
 */
export function loadTensorflow(options: LoadTensorflowOptions): Promise<TensorflowRuntime> {
  loaded ??= choose(options);
  return loaded;
}

async function choose({ log, prefer }: LoadTensorflowOptions): Promise<TensorflowRuntime> {
  const native = prefer === 'tfjs' ? undefined : await loadNative(log, prefer === 'tfjs-node');
  const runtime = native ?? (await loadPortable(log));
  log.info(`TensorFlow backend: ${runtime.backend}`);
  return runtime;
}

async function loadNative(
  log: LoadTensorflowOptions['log'],
  wanted: boolean,
): Promise<TensorflowRuntime | undefined> {
  const hint = 'run `npm run setup:tensorflow` to build it; using the portable backend';
  if (!isNativeBindingBuilt()) {
    if (wanted) log.warn(`The native TensorFlow binding is not built: ${hint}`);
    return undefined;
  }
  try {
    restoreRemovedNodeFunctions();
    quietNative();
    // The boundary rule does not see optional dependencies; loading fails softly when it is not installed.
    // eslint-disable-next-line @nx/enforce-module-boundaries
    const tf = require('@tensorflow/tfjs-node') as Tensorflow;
    tf.enableProdMode();
    await tf.ready();
    return { tf, backend: `tfjs-node (TensorFlow ${nativeVersion(tf)})` };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    log.warn(`The native TensorFlow binding does not load (${reason}): ${hint}`);
    return undefined;
  }
}

/**
 * WebAssembly first. Measured on two cores with Node 20 (µs per call; wasm / cpu, and tfjs-node for comparison):
 * one-row predict of a linear model 62 / 51 (108), a full-batch gradient step on 190 rows 165 / 179 (305), the
 * same step on 5 000 rows × 20 features 289 / 1 436 (530). So wasm costs nothing on tiny models and is five times
 * as fast as plain JavaScript on larger ones.
 */
async function loadPortable(log: LoadTensorflowOptions['log']): Promise<TensorflowRuntime> {
  const tf = require('@tensorflow/tfjs') as Tensorflow;
  // Production mode also silences the banner that advertises tfjs-node.
  tf.enableProdMode();
  try {
    const wasm = require('@tensorflow/tfjs-backend-wasm') as typeof tfjsWasm;
    wasm.setWasmPaths(join(packageFolder('@tensorflow/tfjs-backend-wasm'), 'dist/'));
    if (await tf.setBackend('wasm')) return { tf, backend: 'tfjs (wasm)' };
  } catch (error) {
    log.warn(
      `The WebAssembly backend does not start: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
  if (!(await tf.setBackend('cpu'))) throw new Error('No TensorFlow.js backend starts: run `npm ci` again.');
  return { tf, backend: 'tfjs (cpu)' };
}

/** The package throws while loading, and prints advice, when its binding is absent: so look before requiring. */
function isNativeBindingBuilt(): boolean {
  try {
    const folder = packageFolder('@tensorflow/tfjs-node');
    return existsSync(join(folder, 'lib')) && bindingFiles(folder).length > 0;
  } catch {
    return false; // an optional dependency that is not installed
  }
}

function bindingFiles(folder: string): string[] {
  const napi = Number(process.versions.napi);
  return Array.from({ length: napi }, (_, index) =>
    join(folder, 'lib', `napi-v${index + 1}`, 'tfjs_binding.node'),
  ).filter((file) => existsSync(file));
}

function packageFolder(name: string): string {
  return dirname(require.resolve(`${name}/package.json`));
}

/**
 * Silences the library's banners. oneDNN announces itself whatever the log level, and changes the order of sums
 * from run to run: off by default, for runs that can be repeated; a user's own setting is kept.
 */
function quietNative(): void {
  env.TF_CPP_MIN_LOG_LEVEL ??= '2';
  env.TF_ENABLE_ONEDNN_OPTS ??= '0';
}

/** tfjs-node 4.22 calls functions that Node 23 removed from `node:util`. */
function restoreRemovedNodeFunctions(): void {
  const util = require('node:util') as Record<string, unknown>;
  util.isNullOrUndefined ??= (value: unknown) => value === null || value === undefined;
  util.isArray ??= Array.isArray;
}

function nativeVersion(tf: Tensorflow): string {
  const { binding } = tf.backend() as { binding?: { TF_Version?: string } };
  return binding?.TF_Version ?? 'unknown version';
}
