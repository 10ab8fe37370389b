import { parseArgs } from 'node:util';
import { gatewayBench } from './gateway/gateway.bench.js';
import type { Bench, BenchOptions } from './bench.js';

/** Every benchmark by name. */
const BENCHES: Readonly<Record<string, Bench>> = { gateway: gatewayBench };

const USAGE = `npm run bench -- NAME [--json] [--rounds N] [--seconds N]

  --rounds N   how often each target is measured; targets take turns (3)
  --seconds N  how long each measurement takes (5)
  --json       the last line is one JSON object`;

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
  const options: BenchOptions = {
    rounds: positive(values.rounds, '--rounds'),
    seconds: positive(values.seconds, '--seconds'),
    say: (line) => void process.stdout.write(`${line}\n`),
    signal: stop.signal,
  };
  const result = await bench.run(options);
  if (values.json) process.stdout.write(`${JSON.stringify(result)}\n`);
  return 0;
}

function readArguments() {
  return parseArgs({
    allowPositionals: true,
    options: {
      json: { type: 'boolean', default: false },
      rounds: { type: 'string', default: '3' },
      seconds: { type: 'string', default: '5' },
    },
  });
}

function listBenches(): string {
  return Object.entries(BENCHES)
    .map(([name, { title }]) => `  ${name.padEnd(12)} ${title}`)
    .join('\n');
}

function positive(text: string, flag: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new Error(`${flag} takes a whole number, 1 or more.`);
  return value;
}
