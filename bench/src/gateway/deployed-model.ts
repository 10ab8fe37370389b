import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { findRepositoryRoot } from '@aimass/platform-embedded';
import { ControlApi } from '../platform/control-api.js';

const NAME = 'bench-faithful';
/** High enough to refuse nothing, so that the check is paid for and passes. */
const LIMIT_PER_SECOND = 1_000_000;

/** A deployed model, and how to ask it. */
export interface DeployedModel {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** What it answers. */
  readonly answer: string;
}

interface Tensor {
  readonly name: string;
  readonly datatype: string;
  readonly shape: readonly number[];
}

/** Imports, trains, deploys and limits through the public API, and waits for the first prediction. */
export async function deployModel(
  gatewayUrl: string,
  adminKey: string,
  signal: AbortSignal,
): Promise<DeployedModel> {
  const api = new ControlApi(gatewayUrl, adminKey, signal);
  await train(api, await splitDataset(api));
  const variants = [{ model: NAME, version: 'production', weight: 100 }];
  // The version is registered by an event, a moment after the job.
  await api.until('registering the version', () => api.post('/deployments', { name: NAME, variants }));
  const key = await api.post<{ id: string; secret: string }>('/keys', { name: 'bench', role: 'developer' });
  const limit = {
    target: 'POLICY_TARGET_KEY',
    targetId: key.id,
    requests: LIMIT_PER_SECOND,
    windowSeconds: 1,
  };
  await api.post('/policies', limit);
  const target = await api.until('routing the deployment', () => describeTarget(api, gatewayUrl, key.secret));
  return { ...target, answer: await api.until('the first prediction', () => predictOnce(target)) };
}

async function splitDataset(api: ControlApi): Promise<string> {
  const csv = await readFile(join(findRepositoryRoot(), 'examples', 'old-faithful.csv'));
  const upload = await api.upload<{ id: string }>(csv, 'text/csv');
  await api.post('/datasets', { name: NAME, uploadId: upload.id });
  const ratios = { train: 0.7, validation: 0.15, test: 0.15 };
  const split = await api.post<{ id: string }>(`/datasets/${NAME}/versions/1/splits`, { ratios, seed: 7 });
  return split.id;
}

async function train(api: ControlApi, splitId: string): Promise<void> {
  const { id } = await api.post<{ id: string }>('/jobs', {
    algorithm: 'linear-regression',
    splitId,
    hyperparameters: { target: 'waiting', learningRates: [0.1], epochs: 200 },
    output: { model: NAME, alias: 'production' },
  });
  const state = await api.until('the training job', async () => {
    const job = await api.get<{ state: string }>(`/api/v1/jobs/${id}`);
    return /_(SUCCEEDED|FAILED|CANCELLED)$/.test(job.state) ? job.state : undefined;
  });
  if (!state.endsWith('_SUCCEEDED')) throw new Error(`The training job ended as ${state}.`);
}

/** One row for whatever inputs the model has. */
async function describeTarget(api: ControlApi, gatewayUrl: string, secret: string) {
  const { inputs } = await api.get<{ inputs: Tensor[] }>(`/v2/models/${NAME}`);
  const tensors = inputs.map(({ name, datatype, shape }) => {
    const row = shape.map((dimension) => Math.max(1, dimension));
    const size = row.reduce((product, dimension) => product * dimension, 1);
    return { name, datatype, shape: row, data: Array.from({ length: size }, () => 3.6) };
  });
  return {
    url: `${gatewayUrl}/v2/models/${NAME}/infer`,
    headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
    body: JSON.stringify({ inputs: tensors }),
  };
}

async function predictOnce(target: Omit<DeployedModel, 'answer'>): Promise<string> {
  const response = await fetch(target.url, { method: 'POST', headers: target.headers, body: target.body });
  const text = await response.text();
  if (!response.ok) throw new Error(`The first prediction answered ${response.status}: ${text}`);
  if (!response.headers.has('ratelimit')) throw new Error('The limit does not hold for the key yet.');
  return text;
}
