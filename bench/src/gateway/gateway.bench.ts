import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { childEnvironment } from '@aimass/platform-config';
import { startPlatform } from '@aimass/platform-embedded';
import type { Bench, BenchOptions } from '../bench.js';
import { applyLoad } from '../load/load.js';
import type { LoadResult } from '../load/load.js';
import { median, round, spread } from '../load/statistics.js';
import { deployModel } from './deployed-model.js';
import { startNoHop } from './no-hop.js';

const CONNECTIONS = [1, 32];
const WARM_UP_SECONDS = 2;

/** What each target is sent. */
interface Request {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** One target at one number of connections. */
interface Cell {
  readonly target: 'no-hop' | 'aimass';
  readonly connections: number;
  readonly request: Request;
  readonly rounds: LoadResult[];
}

/** Requests per second through the whole platform, beside the same answer from bare Fastify. */
export const gatewayBench: Bench = {
  title: 'predictions through the gateway (key, limit and metering on) beside no hop at all',
  defaults: { rounds: 3, seconds: 5 },
  run: runGatewayBench,
};

async function runGatewayBench(options: BenchOptions): Promise<object> {
  const { say, signal } = options;
  const home = await mkdtemp(join(tmpdir(), 'aimass-bench-'));
  const platform = await startPlatform({ home, env: childEnvironment({}), onProgress: say, signal });
  try {
    const model = await deployModel(platform.gatewayUrl, platform.adminKey, signal);
    const noHop = await startNoHop(model.answer);
    try {
      const { headers, body } = model;
      return await measure(options, { 'no-hop': { url: noHop.url, headers, body }, aimass: model });
    } finally {
      noHop.stop();
    }
  } finally {
    await platform.stop();
    await rm(home, { recursive: true, force: true });
  }
}

async function measure(options: BenchOptions, requests: Record<Cell['target'], Request>): Promise<object> {
  const targets = ['no-hop', 'aimass'] as const;
  const cells = CONNECTIONS.flatMap((connections) =>
    targets.map((target): Cell => ({ target, connections, request: requests[target], rounds: [] })),
  );
  for (const target of targets) {
    options.say(`warming up ${target}`);
    await load(requests[target], Math.max(...CONNECTIONS), WARM_UP_SECONDS, options.signal);
  }
  for (let round = 1; round <= options.rounds; round++) {
    for (const cell of cells) {
      const result = await load(cell.request, cell.connections, options.seconds, options.signal);
      cell.rounds.push(result);
      options.say(`round ${round}: ${describe(cell, result)}`);
    }
  }
  return report(cells, options);
}

function load(
  request: Request,
  connections: number,
  seconds: number,
  signal: AbortSignal,
): Promise<LoadResult> {
  const { url, headers, body } = request;
  return applyLoad({ protocol: 'http', url, headers, body: Buffer.from(body), connections, seconds }, signal);
}

function report(cells: readonly Cell[], { rounds, say }: BenchOptions): object {
  const results = cells.map(({ target, connections, rounds: measured }) => ({
    target,
    connections,
    rps: round(median(measured.map(({ rps }) => rps)), 0),
    p50Ms: round(median(measured.map(({ p50Ms }) => p50Ms)), 3),
    p99Ms: round(median(measured.map(({ p99Ms }) => p99Ms)), 3),
  }));
  say(`\nmedians of ${rounds} rounds:`);
  for (const [index, cell] of cells.entries()) {
    const result = results[index];
    if (result) say(`${describe(cell, result)}  ${spread(cell.rounds.map(({ rps }) => rps))}`);
  }
  for (const connections of CONNECTIONS) say(ratio(results, connections));
  return { bench: 'gateway', rounds, results };
}

function ratio(
  results: readonly (LoadResult & Pick<Cell, 'target' | 'connections'>)[],
  connections: number,
): string {
  const rps = (target: Cell['target']): number =>
    results.find((result) => result.target === target && result.connections === connections)?.rps ??
    Number.NaN;
  const share = (rps('aimass') / rps('no-hop')) * 100;
  return `${connections} connections: aimass does ${share.toFixed(0)} % of no-hop`;
}

function describe({ target, connections }: Cell, { rps, p50Ms, p99Ms }: LoadResult): string {
  const columns = [
    target.padEnd(7),
    `${connections} connections`.padStart(14),
    `${rps.toFixed(0)} req/s`.padStart(13),
  ];
  return `${columns.join('  ')}  p50 ${p50Ms.toFixed(2)} ms  p99 ${p99Ms.toFixed(2)} ms`;
}
