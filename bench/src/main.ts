import { parseArgs } from 'node:util';
import type { Bench, BenchOptions } from './bench.js';
import { gatewayBench } from './gateway/gateway.bench.js';
import { inferenceBench } from './inference/inference.bench.js';
import { ingestBench } from './ingest/ingest.bench.js';
import { overloadBench } from './overload/overload.bench.js';

/** Every benchmark by name. */
const BENCHES: Readonly<Record<string, Bench>> = {
  gateway: gatewayBench,
  inference: inferenceBench,
  ingest: ingestBench,
  overload: overloadBench,
};

const USAGE = `npm run bench -- NAME [--json] [--rounds N] [--seconds N] [--targets A,B] [--work A,B] [--connections N,M] [--megabytes N]

  --rounds N         how often each target is measured; targets take turns
  --seconds N        how long each measurement takes
  --json             the last line is one JSON object
  --targets A,B      inference: these targets only
  --work A,B         inference: these works only
  --connections N,M  inference: these numbers of connections
  --megabytes N      ingest: size of the file, 1000 unless told`;

/** As a shell reports a program that Ctrl-C ended. */
const INTERRUPTED = 130;

process.exitCode = await main();

async function main(): Promise<number> {
  const { values, positionals } = readArguments();
  const [name] = positionals;
  const bench = name === undefined ? undefined : BENCHES[name];
  if (!bench) {
    process.stdout.write(`${USAGE}\n\nBenchmarks:\n${listBenches()}\n`);
    if (name !== undefined) process.stderr.write(`There is no benchmark "${name}".\n`);
    return name === undefined ? 0 : 1;
  }
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
  try {
    const result = await bench.run(readOptions(values, bench, stop.signal));
    if (values.json) process.stdout.write(`${JSON.stringify(result)}\n`);
    return 0;
  } catch (error) {
    if (!stop.signal.aborted) throw error;
    process.stderr.write('stopped\n');
    return INTERRUPTED;
  }
}

function readOptions(
  { rounds, seconds, targets, work, connections, megabytes }: ReturnType<typeof readArguments>['values'],
  { defaults }: Bench,
  signal: AbortSignal,
): BenchOptions {
  return {
    rounds: positive(rounds ?? defaults.rounds, '--rounds'),
    seconds: positive(seconds ?? defaults.seconds, '--seconds'),
    ...(targets !== undefined && { targets: targets.split(',') }),
    ...(work !== undefined && { works: work.split(',') }),
    ...(connections !== undefined && {
      connections: connections.split(',').map((count) => positive(count, '--connections')),
    }),
    ...(megabytes !== undefined && { megabytes: positive(megabytes, '--megabytes') }),
    say: (line) => void process.stdout.write(`${line}\n`),
    signal,
  };
}

function readArguments() {
  return parseArgs({
    allowPositionals: true,
    options: {
      json: { type: 'boolean', default: false },
      rounds: { type: 'string' },
      seconds: { type: 'string' },
      targets: { type: 'string' },
      work: { type: 'string' },
      connections: { type: 'string' },
      megabytes: { type: 'string' },
    },
  });
}

function listBenches(): string {
  return Object.entries(BENCHES)
    .map(([name, { title }]) => `  ${name.padEnd(12)} ${title}`)
    .join('\n');
}

function positive(text: string | number, flag: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new Error(`${flag} takes a whole number, 1 or more.`);
  return value;
}
