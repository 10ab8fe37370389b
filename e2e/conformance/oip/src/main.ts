import { parseArgs } from 'node:util';
import { loadModels } from './load-models.js';
import { toReport, toText } from './report.js';
import type { FeatureReport, Report } from './report.js';
import { Suite } from './suite.js';
import type { Target } from './suite.js';
import { loadFeatures } from './vector.js';
import type { Feature } from './vector.js';

const USAGE = `Asks an Open Inference Protocol server whether it keeps to the protocol.

  npm run conformance -- --url http://host:port [options]

  --grpc host:port       its gRPC address; without it nothing is asked over gRPC
  --header 'name: value' sent with everything; may be repeated
  --models prefix        what the models' names begin with there (oip-)
  --alias name           an alias of version 1 of the model oip-linear
  --load                 registers and deploys the models first, on an AI Mass platform (alias: champion)
  --only pattern         features and vectors whose "feature: name" holds this
  --all                  asks for extensions that the server does not say it has, too
  --strict               what is tolerated, and a missing model, are failures
  --json                 prints the report as one line of JSON
  --list                 prints the vectors and asks nothing

Exit code: 0 when nothing failed, 1 when something did, 2 when the options are wrong.
`;

const options = readOptions();

/** Where `--load` points its alias when none is named. */
const ALIAS = 'champion';
const alias = options.alias ?? (options.load ? ALIAS : undefined);
const headers = Object.fromEntries(options.header.map(toHeader));
const features = loadFeatures({ prefix: options.models, alias })
  .map((feature) => ({ ...feature, vectors: feature.vectors.filter(isWanted) }))
  .filter(({ vectors }) => vectors.length > 0);

if (options.list) {
  for (const { name, vectors } of features)
    process.stdout.write(vectors.map((vector) => `${name}: ${vector.name}\n`).join(''));
} else if (options.url === undefined) {
  process.stderr.write(USAGE);
  process.exitCode = 2;
} else {
  if (options.load) await loadModels({ url: options.url, headers, alias: alias ?? ALIAS });
  const report = await runAll({
    url: options.url,
    grpc: options.grpc,
    headers,
    hasAlias: alias !== undefined,
    isAll: options.all,
    isStrict: options.strict,
  });
  process.stdout.write(options.json ? `${JSON.stringify(report)}\n` : toText(report));
  process.exitCode = report.failed > 0 ? 1 : 0;
}

function isWanted({ feature, name }: Feature['vectors'][number]): boolean {
  return `${feature}: ${name}`.includes(options.only);
}

function toHeader(text: string): [string, string] {
  const colon = text.indexOf(':');
  return [text.slice(0, colon).trim().toLowerCase(), text.slice(colon + 1).trim()];
}

async function runAll(target: Target): Promise<Report> {
  const suite = new Suite(target);
  const reports: FeatureReport[] = [];
  for (const feature of features) {
    const notOffered = await suite.notOffered(feature);
    if (notOffered === undefined) {
      const results = [];
      for (const vector of feature.vectors) results.push(await suite.run(vector));
      reports.push({ feature: feature.name, results });
    } else {
      reports.push({ feature: feature.name, notOffered, results: [] });
    }
  }
  suite.close();
  return toReport(reports);
}

function readOptions() {
  try {
    return parseArgs({
      options: {
        url: { type: 'string' },
        grpc: { type: 'string' },
        header: { type: 'string', multiple: true, default: [] },
        models: { type: 'string' },
        alias: { type: 'string' },
        load: { type: 'boolean', default: false },
        only: { type: 'string', default: '' },
        all: { type: 'boolean', default: false },
        strict: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        list: { type: 'boolean', default: false },
      },
    }).values;
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
    process.exit(2);
  }
}
