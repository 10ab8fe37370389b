import { beforeAll, describe, expect, inject, it } from 'vitest';
import { newOrganization } from '../../support/api.js';
import { loadModels } from '../oip/src/load-models.js';
import { clientPython, perfAnalyzer, run, runChecks } from './run.js';

const BOTH = [
  'health',
  'metadata',
  'configuration',
  'inference',
  'chosen outputs',
  'datatypes',
  'several datatypes in one request',
  'a large tensor',
  'parameters priority and timeout',
  'refusals',
  'a wrong key',
  'statistics',
  'repository',
];
const CHECKS = [
  ...BOTH.flatMap((name) => [`http ${name}`, `grpc ${name}`]),
  'http json both ways',
  'http json in binary out',
  'http async infer',
  'http asyncio',
  'grpc async infer',
  'grpc asyncio',
  'grpc stream',
  'grpc asyncio stream',
  'grpc typed contents',
  'grpc client timeout',
  'grpc standard health',
];
const url = inject('gatewayUrl');
const grpc = new URL(url).host;
let authorization: string;

beforeAll(async () => {
  const { key } = await newOrganization();
  authorization = `Bearer ${key}`;
  await loadModels({ url, headers: { authorization }, alias: 'champion' });
});

describe("Triton's Python client", () => {
  let results: ReadonlyMap<string, string | null>;
  beforeAll(async () => {
    results = await runChecks(await clientPython(), { url, grpc, authorization });
  }, 900_000);

  it('is checked for all that its script checks', () => {
    expect([...results.keys()].sort()).toEqual([...CHECKS].sort());
  });

  it.each(CHECKS)('%s', (name) => {
    expect(results.get(name)).toBeNull();
  });
});

describe("NVIDIA's perf_analyzer", () => {
  let program: string;
  beforeAll(async () => {
    program = await perfAnalyzer();
  }, 900_000);

  it.each([
    ['http', []],
    ['grpc', []],
    ['grpc', ['--streaming', '--async']],
  ])(
    'measures %s %j with the statistics of the server',
    async (protocol, more) => {
      const printed = await run(
        program,
        [
          ...['-m', 'oip-add-sub', '-u', grpc, '-i', protocol, '-H', `authorization:${authorization}`],
          ...['--shape', 'INPUT0:1,4', '--shape', 'INPUT1:1,4', '--concurrency-range', '2'],
          ...['--request-count', '200', ...more],
        ],
        120_000,
      );
      expect(printed).toMatch(/Throughput: [1-9]/u);
      expect(printed).toMatch(/Inference count: [1-9]/u);
    },
    150_000,
  );
});
