import { readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

/** An AI Mass gateway and a key that may develop and operate. */
export interface Platform {
  readonly url: string;
  /** `authorization: Bearer …` */
  readonly headers: Readonly<Record<string, string>>;
  /** Points at version 1 of `oip-linear`. */
  readonly alias: string;
}

/** One entry of `models.json`. */
interface ModelEntry {
  readonly name: string;
  readonly inputs: readonly object[];
  readonly outputs: readonly object[];
  /** The tensors differ from those of the file, so that they must be declared. */
  readonly isDeclared: boolean;
}

const FOLDER = fileURLToPath(new URL('../models/', import.meta.url));
const READY_WITHIN_MS = 60_000;
const RETRY_MS = 100;

/**
 * Uploads, registers and deploys the models that the vectors ask, under their names, and waits until they are ready.
 * What is there already stays. Throws with the answer of the first request that fails.
 */
export async function loadModels(platform: Platform): Promise<void> {
  const models = JSON.parse(readFileSync(`${FOLDER}models.json`, 'utf8')) as readonly ModelEntry[];
  for (const model of models) {
    const { status } = await send(platform, 'GET', `/api/v1/models/${model.name}`);
    if (status === 404) await loadModel(platform, model);
  }
  for (const { name } of models) await untilReady(platform, name);
}

async function loadModel(platform: Platform, { name, isDeclared, ...signature }: ModelEntry): Promise<void> {
  const file = readFileSync(`${FOLDER}${name}/1/model.onnx`);
  const upload = await must(
    send(platform, 'POST', '/api/v1/uploads?filename=model.onnx', new Uint8Array(file)),
  );
  await must(
    send(platform, 'POST', `/api/v1/models/${name}/versions`, {
      files: [{ path: 'model.onnx', uploadId: upload.id }],
      source: 'the conformance suite',
      ...(isDeclared ? { signature } : {}),
      ...(name === 'oip-linear' ? { alias: platform.alias } : {}),
    }),
  );
  const variants = [{ model: name, version: 1 }];
  await must(send(platform, 'POST', '/api/v1/deployments', { name, variants }));
}

async function untilReady(platform: Platform, name: string): Promise<void> {
  const deadline = Date.now() + READY_WITHIN_MS;
  for (;;) {
    const { status, text } = await send(platform, 'GET', `/v2/models/${name}/ready`);
    if (status === 200) return;
    if (Date.now() > deadline) throw new Error(`${name} is not ready: ${status} ${text}`);
    await wait(RETRY_MS);
  }
}

interface Reply {
  readonly status: number;
  readonly text: string;
}

async function send(
  { url, headers }: Platform,
  method: string,
  path: string,
  body?: object | Uint8Array<ArrayBuffer>,
): Promise<Reply> {
  const isBytes = body instanceof Uint8Array;
  const response = await fetch(`${url}${path}`, {
    method,
    headers: {
      ...headers,
      ...(body && { 'content-type': isBytes ? 'application/octet-stream' : 'application/json' }),
    },
    ...(body && { body: isBytes ? body : JSON.stringify(body) }),
  });
  return { status: response.status, text: await response.text() };
}

async function must(pending: Promise<Reply>): Promise<{ readonly id: string }> {
  const { status, text } = await pending;
  if (status !== 201) throw new Error(`The platform answered ${status}: ${text}`);
  return JSON.parse(text) as { id: string };
}
