import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { GatewayClient } from '../gateway-client.js';
import type { FinishedJob } from './training.js';
import type { Narrator } from './narrator.js';

/** Fetches a job's plots and writes them as SVG files. Returns their paths. */
export async function writePlots(
  client: GatewayClient,
  say: Narrator,
  { job, report }: FinishedJob,
  folder: string,
): Promise<string[]> {
  await mkdir(folder, { recursive: true });
  const paths: string[] = [];
  for (const name of report.plots) {
    const path = join(folder, `old-faithful-${name}.svg`);
    await writeFile(path, await client.text(`/jobs/${job.id}/plots/${name}.svg`));
    say.line(path);
    paths.push(path);
  }
  return paths;
}
