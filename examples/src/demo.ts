import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { childEnvironment } from '@aimass/platform-config';
import { startPlatform } from '@aimass/platform-embedded';
import type { RunningPlatform } from '@aimass/platform-embedded';
import { journey } from './demo/journey.js';
import { Narrator } from './demo/narrator.js';

/** `npm run demo [-- --json] [-- --plots FOLDER]`: boots the platform, walks the main job, and leaves nothing running. */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { json: { type: 'boolean', default: false }, plots: { type: 'string', default: 'demo-output' } },
  });
  // Whoever reads the output may go away; what was started must be stopped all the same.
  for (const output of [process.stdout, process.stderr]) output.on('error', () => undefined);
  const env = childEnvironment({});
  const say = new Narrator();
  const home = await mkdtemp(join(tmpdir(), 'aimass-demo-'));
  const interrupted = new AbortController();
  process.once('SIGINT', () => interrupted.abort());
  process.once('SIGTERM', () => interrupted.abort());
  let platform: RunningPlatform | undefined;
  try {
    say.begin('Boot the embedded platform');
    platform = await startPlatform({
      home,
      env,
      ...(env['NATS_URL'] && { natsUrl: env['NATS_URL'] }),
      signal: interrupted.signal,
      onProgress: (line) => say.line(line),
    });
    const { bootSeconds, gatewayUrl, adminKey } = platform;
    say.line(`up in ${bootSeconds.toFixed(1)} s at ${gatewayUrl}`);
    const stop = new Promise<never>((_, reject) => {
      interrupted.signal.addEventListener('abort', () => reject(new Error('Interrupted.')), { once: true });
    });
    const result = await Promise.race([
      journey({ gatewayUrl, adminKey, plotFolder: resolve(values.plots) }, say),
      stop,
    ]);
    await platform.stop();
    const seconds = round(say.seconds());
    process.stdout.write(`\nDone in ${seconds} s; everything is stopped.\n`);
    if (values.json) print({ ok: true, bootSeconds: round(bootSeconds), seconds, ...result });
  } catch (error) {
    await platform?.stop();
    const message = error instanceof Error ? error.message : String(error);
    process.stderr.write(`\nThe demo failed: ${message}\n`);
    if (values.json) print({ ok: false, error: message });
    process.exitCode = 1;
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}

function print(summary: object): void {
  process.stdout.write(`${JSON.stringify(summary)}\n`);
}

function round(seconds: number): number {
  return Math.round(seconds * 10) / 10;
}

await main();
