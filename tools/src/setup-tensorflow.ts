import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { loadConfig } from '@aimass/platform-config';
import { z } from 'zod';
import { bindingPackageFolder, checkBinding, removeBinding } from './tensorflow/binding.js';
import { existingLibrary, ownDownload, pythonWheel, type TensorflowSource } from './tensorflow/sources.js';

const configSchema = z.object({
  LIBTENSORFLOW_DIR: z
    .string()
    .min(1)
    .optional()
    .describe(
      'Folder of an existing libtensorflow (lib/ and include/), used when nothing can be downloaded.',
    ),
});

/**
 * Builds the native binding of @tensorflow/tfjs-node, by the first way that works:
 * the package's own download, a Python wheel, an existing library. Does nothing when the binding works already.
 */
async function main(): Promise<number> {
  const config = loadConfig(configSchema);
  const before = await checkBinding();
  if (before.works) return done(`TensorFlow ${before.detail} is already built and trains: nothing to do.`);
  say(`The native TensorFlow binding: ${before.detail}.`);
  const reasons: string[] = [];
  for (const source of [ownDownload, pythonWheel, existingLibrary(config.LIBTENSORFLOW_DIR)]) {
    const failure = await attempt(source);
    if (failure === undefined) return 0;
    reasons.push(`  - ${source.title}: ${failure}`);
  }
  say(`\nNo way worked:\n${reasons.join('\n')}`);
  say(
    'The platform still runs: TensorFlow.js falls back to WebAssembly. Mend one of the above and run this again.',
  );
  return 1;
}

/** Resolves to the reason when the source did not lead to a binding that trains. */
async function attempt(source: TensorflowSource): Promise<string | undefined> {
  say(`Trying ${source.title} ...`);
  const started = performance.now();
  // Beside its destination, so that 800 MB of libraries are moved by renaming.
  const workFolder = mkdtempSync(join(bindingPackageFolder(), '.setup-'));
  const clean = (): void => rmSync(workFolder, { recursive: true, force: true });
  process.once('exit', clean);
  try {
    await source.build(workFolder);
    const check = await checkBinding();
    if (!check.works) throw new Error(`built, but the training check fails: ${check.detail}`);
    const seconds = ((performance.now() - started) / 1000).toFixed(0);
    done(
      `TensorFlow ${check.detail} is built and trains (${seconds} s, ${await sizeMegabytes()} MB on disk).`,
    );
    return undefined;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    await removeBinding();
    say(`  does not work: ${reason}`);
    return reason;
  } finally {
    clean();
    process.removeListener('exit', clean);
  }
}

async function sizeMegabytes(): Promise<number> {
  const files = await Promise.all(
    ['deps', 'lib'].map(async (name) => {
      const folder = join(bindingPackageFolder(), name);
      const entries = await readdir(folder, { recursive: true, withFileTypes: true });
      return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
    }),
  );
  return Math.round(files.flat().reduce((sum, file) => sum + statSync(file).size, 0) / 1e6);
}

function done(message: string): number {
  say(message);
  return 0;
}

function say(message: string): void {
  process.stdout.write(`${message}\n`);
}

for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const) {
  process.once(signal, () => process.exit(code));
}
process.exitCode = await main();
