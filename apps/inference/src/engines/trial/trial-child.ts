import { readFileSync, writeFileSync } from 'node:fs';
import { memoryUsage, stdin } from 'node:process';
import { readSamples, withoutSamples } from '../../models/warm-up-samples.js';
import { createEngine } from '../create-engine.js';
import type { ModelFiles } from '../engine.js';
import { toRemoteError } from '../remote-error.js';
import { warmUp } from '../warm-up.js';
import type { TrialAnswer, TrialHeader } from './trial-messages.js';

/** Loads and warms up the model that comes in through stdin, in a process that nobody misses. */
async function main(): Promise<void> {
  const { header, files } = parse(await readAll());
  const quiet = { info: () => undefined, warn: () => undefined };
  const engine = await createEngine(header.engine, header.settings, quiet);
  forgetPeak();
  const rssBytes = memoryUsage.rss();
  await say({ kind: 'ready', rssBytes });
  try {
    const model = await engine.load(withoutSamples(files), header.signature, header.format);
    const samples = readSamples(files, header.signature);
    const { runMs } = await warmUp(model, { signature: header.signature, samples, maxRows: header.maxRows });
    await say({ kind: 'passed', runMs, peakBytes: Math.max(0, readPeak() - rssBytes) });
  } catch (error) {
    await say({ kind: 'failed', error: toRemoteError(error) });
  }
}

/** Reading the files took memory that the model does not. */
function forgetPeak(): void {
  try {
    writeFileSync('/proc/self/clear_refs', '5');
  } catch {
    // The peak then counts from the start of the process: it comes out too large rather than too small.
  }
}

/** Most bytes that were resident. Not `maxRSS`, which begins with what the process took that started this one. */
function readPeak(): number {
  try {
    const peak = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
    return peak === undefined ? memoryUsage.rss() : Number(peak) * 1024;
  } catch {
    return memoryUsage.rss();
  }
}

async function readAll(): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stdin) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** Four bytes say how long the header is; the files follow it. */
function parse(content: Buffer): { header: TrialHeader; files: ModelFiles } {
  let offset = 4 + content.readUInt32LE(0);
  const header = JSON.parse(content.toString('utf8', 4, offset)) as TrialHeader;
  const files = new Map<string, Buffer>();
  for (const { path, sizeBytes } of header.files) {
    files.set(path, content.subarray(offset, offset + sizeBytes));
    offset += sizeBytes;
  }
  return { header, files };
}

function say(answer: TrialAnswer): Promise<void> {
  return new Promise((resolve) => {
    process.send?.(answer, undefined, undefined, () => resolve());
  });
}

// Nobody is left to hear what comes of it.
process.on('disconnect', () => process.exit(1));
await main();
// Threads of a native library must not keep it.
process.exit(0);
