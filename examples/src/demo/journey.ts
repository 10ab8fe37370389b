import { GatewayClient } from '../gateway-client.js';
import type { ModelVersion } from './api-types.js';
import { importData } from './data.js';
import type { ImportedData } from './data.js';
import { publish, subscribeAndCall } from './market.js';
import type { Traders } from './market.js';
import type { Narrator } from './narrator.js';
import { writePlots } from './plots.js';
import { deploy, exceedLimit, predict, splitTraffic } from './serving.js';
import { describeReport, registeredVersion, train } from './training.js';
import type { FinishedJob } from './training.js';

/** Where the journey starts. */
export interface Departure {
  readonly gatewayUrl: string;
  /** The platform administrator's key. */
  readonly adminKey: string;
  /** Folder for the plots. */
  readonly plotFolder: string;
}

const INPUT_MINUTES = 4;
const SPLIT_REQUESTS = 500;
const LIMIT_PER_SECOND = 20;
const MARKET_CALLS = 25;

/** The main job, through the gateway's public API only: from a CSV file to a paid-for prediction. */
export async function journey(departure: Departure, say: Narrator) {
  const traders = await enter(departure);
  const { vendor } = traders;

  say.begin('Import old-faithful.csv and split it');
  const data = await importData(vendor, say);

  say.begin('Train linear regression; the validation set chooses the learning rate');
  const first = await trainFirst(vendor, say, data);
  const fit = fitOf(first.report);

  say.begin('The output registers itself as a model version');
  const production = await registeredVersion(vendor, first.job.id);
  describeVersion(say, production);

  say.begin('Deploy it and predict with an API key');
  await deploy(vendor, say, production);
  const output = await predict(vendor, say, INPUT_MINUTES);

  say.begin('Train a second version and split the traffic 80/20');
  const second = await train(vendor, say, {
    splitId: data.split.id,
    hyperparameters: { learningRates: [0.1], seed: 7 },
  });
  const candidate = await registeredVersion(vendor, second.job.id);
  const variants = await splitTraffic(vendor, say, [production, candidate], SPLIT_REQUESTS);

  say.begin('Limit a key and exceed the limit');
  const limit = await exceedLimit(vendor, say, LIMIT_PER_SECOND);

  say.begin('Sell it: another organization subscribes, calls and pays');
  await publish(traders, say);
  const usage = await subscribeAndCall(traders, say, MARKET_CALLS);

  say.begin('Draw the plots');
  const plots = await writePlots(vendor, say, first, departure.plotFolder);

  return {
    dataset: { rows: Number(data.version.rowCount), ...data.rows },
    fit: { ...fit, rmse: first.report.rmse },
    prediction: { input: INPUT_MINUTES, output },
    split: { requests: SPLIT_REQUESTS, variants },
    limit,
    usage,
    plots,
  };
}

async function trainFirst(client: GatewayClient, say: Narrator, data: ImportedData): Promise<FinishedJob> {
  const hyperparameters = { learningRates: [3, 0.3, 0.1, 0.03], epochs: 800, refit: 'all', seed: 7 };
  const job = await train(client, say, { splitId: data.split.id, alias: 'production', hyperparameters });
  describeReport(say, job.report);
  const { intercept, slope, olsIntercept, olsSlope } = fitOf(job.report);
  say.line(
    `refitted on all ${data.version.rowCount} rows: waiting = ${intercept.toFixed(4)} + ${slope.toFixed(4)} · eruptions`,
  );
  say.line(
    `ordinary least squares:  waiting = ${olsIntercept.toFixed(4)} + ${olsSlope.toFixed(4)} · eruptions`,
  );
  return job;
}

function describeVersion(say: Narrator, { id, number, aliases, manifest, lineage }: ModelVersion): void {
  const digest = manifest.sha256.slice(0, 16);
  say.line(
    `version ${number}, aliases ${aliases.join(', ')}, manifest sha256 ${digest}… over ${manifest.files.length} files`,
  );
  say.line(`lineage: ${lineage.datasetVersionId} → ${lineage.jobId} → ${id}`);
}

/** The administrator lets a vendor and a consumer in. */
async function enter({ gatewayUrl, adminKey }: Departure): Promise<Traders> {
  const platform = new GatewayClient(gatewayUrl, adminKey);
  const join = async (name: string, kinds: string[]): Promise<GatewayClient> => {
    await platform.post('/organizations', { name, kinds });
    const { secret } = await platform.post<{ secret: string }>('/keys', {
      name: 'owner',
      role: 'owner',
      organization: name,
    });
    return platform.as(secret);
  };
  return {
    platform,
    vendor: await join('geyser-labs', ['vendor']),
    consumer: await join('park-visitors', ['consumer']),
  };
}

function fitOf({ coefficients, ols }: { coefficients: Line; ols: Line }) {
  return {
    slope: coefficients.weights['eruptions'] ?? Number.NaN,
    intercept: coefficients.intercept,
    olsSlope: ols.weights['eruptions'] ?? Number.NaN,
    olsIntercept: ols.intercept,
  };
}

interface Line {
  readonly intercept: number;
  readonly weights: Readonly<Record<string, number>>;
}
