import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { eventually } from '@aimass/testing';
import { inject } from 'vitest';

/** An answer, read whole. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The parsed body when it is JSON. */
  readonly body: Json;
}

/** JSON of any form: the tests say what they expect of it. */
// A black box knows no types; every expectation is checked at run time.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type Json = any;

/** What a request may carry besides method and path. */
export interface RequestOptions {
  readonly json?: unknown;
  readonly body?: string | Uint8Array<ArrayBuffer> | ReadableStream;
  readonly headers?: Readonly<Record<string, string>>;
}

/** One organization's view of the gateway. */
export class Api {
  constructor(
    readonly baseUrl: string,
    readonly key: string,
    readonly organization: string,
  ) {}

  /** The same organization with another key. */
  withKey(key: string): Api {
    return new Api(this.baseUrl, key, this.organization);
  }

  async request(method: string, path: string, options: RequestOptions = {}): Promise<Answer> {
    const headers: Record<string, string> = { authorization: `Bearer ${this.key}`, ...options.headers };
    if (options.json !== undefined) headers['content-type'] ??= 'application/json';
    const body = options.json === undefined ? options.body : JSON.stringify(options.json);
    const init = {
      method,
      headers,
      body,
      duplex: 'half',
      signal: AbortSignal.timeout(30_000),
    } as RequestInit;
    const response = await fetch(`${this.baseUrl}${path}`, init);
    const text = await response.text();
    const isJson = (response.headers.get('content-type') ?? '').includes('json');
    return {
      status: response.status,
      headers: response.headers,
      text,
      // The answer to HEAD has none.
      body: isJson && text !== '' ? JSON.parse(text) : null,
    };
  }

  get(path: string): Promise<Answer> {
    return this.request('GET', `/api/v1${path}`);
  }

  post(path: string, json: unknown = {}, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
    return this.request('POST', `/api/v1${path}`, { json, headers });
  }

  upload(
    content: string | Uint8Array<ArrayBuffer> | ReadableStream,
    headers: Readonly<Record<string, string>> = {},
  ) {
    return this.request('POST', '/api/v1/uploads', {
      body: content,
      headers: { 'content-type': 'text/csv', ...headers },
    });
  }

  /** Uploads a CSV text and imports it as a dataset. */
  async importCsv(name: string, csv: string): Promise<Answer> {
    const upload = await this.upload(csv);
    if (upload.status !== 201) return upload;
    return this.post('/datasets', { name, uploadId: upload.body.id as string });
  }

  /** One Open Inference Protocol request. */
  infer(model: string, inputs: unknown, version?: string): Promise<Answer> {
    const slot = version === undefined ? '' : `/versions/${version}`;
    return this.request('POST', `/v2/models/${model}${slot}/infer`, { json: { inputs } });
  }
}

/** One row for the Old Faithful model. */
export function row(eruptions: number) {
  return [{ name: 'features', shape: [1, 1], datatype: 'FP32', data: [eruptions] }];
}

/** The platform administrator. */
export function platformAdmin(): Api {
  return new Api(inject('gatewayUrl'), inject('adminKey'), 'platform');
}

/** A new organization and a key of its owner. */
export async function newOrganization(admin: Api = platformAdmin()): Promise<Api> {
  const name = `org-${randomUUID().slice(0, 8)}`;
  await must(admin.post('/organizations', { name, kinds: ['vendor', 'consumer'] }), 201);
  const key = await must(admin.post('/keys', { name: 'owner', role: 'owner', organization: name }), 201);
  return new Api(admin.baseUrl, key.body.secret as string, name);
}

/** The answer, when it has the expected status. */
export async function must(pending: Promise<Answer>, status: number): Promise<Answer> {
  const answer = await pending;
  if (answer.status !== status) throw new Error(`expected ${status}, got ${answer.status}: ${answer.text}`);
  return answer;
}

/** Imports Old Faithful and splits it; returns the split's id. */
export async function oldFaithfulSplit(api: Api): Promise<string> {
  const csv = await readFile(new URL('../../examples/old-faithful.csv', import.meta.url), 'utf8');
  await must(api.importCsv('old-faithful', csv), 201);
  const ratios = { train: 0.7, validation: 0.15, test: 0.15 };
  const split = await must(api.post('/datasets/old-faithful/versions/1/splits', { ratios, seed: 7 }), 201);
  return split.body.id as string;
}

/** Starts a job on a split; returns its id. */
export async function startJob(
  api: Api,
  splitId: string,
  hyperparameters: object = {},
  alias?: string,
): Promise<string> {
  const job = await must(
    api.post('/jobs', {
      algorithm: 'linear-regression',
      splitId,
      hyperparameters: { target: 'waiting', ...hyperparameters },
      output: { model: 'old-faithful', ...(alias === undefined ? {} : { alias }) },
    }),
    202,
  );
  return job.body.id as string;
}

/** The job once it has finished. */
export function finishedJob(api: Api, id: string): Promise<Json> {
  return eventually(async () => {
    const { body } = await must(api.get(`/jobs/${id}`), 200);
    return ['JOB_STATE_SUCCEEDED', 'JOB_STATE_FAILED', 'JOB_STATE_CANCELLED'].includes(body.state as string)
      ? body
      : undefined;
  }, 45_000);
}

/** Trains `alias` of the Old Faithful model and waits for the version; returns its number. */
export async function trainVersion(api: Api, splitId: string, alias: string): Promise<number> {
  await startJob(api, splitId, { learningRates: [0.1], epochs: 200 }, alias);
  return eventually(async () => {
    const answer = await api.get(`/models/old-faithful/versions/${alias}`);
    return answer.status === 200 ? (answer.body.number as number) : undefined;
  }, 45_000);
}

/** Deploys a version under the model's name and waits until it answers. */
export async function deploy(api: Api, version: number): Promise<void> {
  await must(
    api.post('/deployments', { name: 'old-faithful', variants: [{ model: 'old-faithful', version }] }),
    201,
  );
  await eventually(async () => ((await api.infer('old-faithful', row(1))).status === 200 ? true : undefined));
}
