import { execFile, spawn } from 'node:child_process';
import { createHash, createHmac } from 'node:crypto';
import {
  accessSync,
  constants,
  mkdirSync,
  mkdtempSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { childEnvironment } from '@aimass/platform-config';
import { defaultCacheDir, pickFreePorts } from '@aimass/platform-embedded';
import { eventually } from './eventually.js';

const run = promisify(execFile);
const MODULE = 'github.com/versity/versitygw/cmd/versitygw';
const VERSION = '1.8.0';
const COMPILE_MS = 15 * 60_000;
const START_MS = 30_000;
const REGION = 'us-east-1';

/** A real S3 server on loopback, with its data in a folder of its own. */
export interface S3Server {
  /** `http://127.0.0.1:<port>`; buckets are part of the path. */
  readonly endpoint: string;
  readonly region: string;
  readonly accessKey: string;
  readonly secretKey: string;
  createBucket(bucket: string): Promise<void>;
  put(bucket: string, key: string, content: string | Buffer): Promise<void>;
  remove(bucket: string, key: string): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Starts versitygw, from PATH, else from the platform's cache, else compiled into it with Go, which takes some minutes
 * once: give the hook that calls this time. Throws an Error that says what to install when there is neither.
 */
export async function startS3Server(secretKey = 'secret-of-the-s3-server'): Promise<S3Server> {
  const binary = await findOrInstall();
  const folder = await mkdtemp(join(tmpdir(), 'aimass-s3-'));
  const [port] = await pickFreePorts(1);
  const endpoint = `http://127.0.0.1:${String(port)}`;
  const keys = { accessKey: 'key-of-the-tests', secretKey };
  const stop = launch(binary, folder, String(port), keys);
  const send = (method: string, path: string, body: Buffer) =>
    sendSigned(endpoint, keys, { method, path, body });
  try {
    await eventually(() => send('GET', '/', Buffer.alloc(0)).then(() => true), START_MS);
  } catch (error) {
    await stop();
    throw error;
  }
  const pathOf = (bucket: string, key: string) => `/${bucket}/${key.split('/').map(encode).join('/')}`;
  return {
    endpoint,
    region: REGION,
    ...keys,
    createBucket: (bucket) => send('PUT', `/${bucket}`, Buffer.alloc(0)),
    put: (bucket, key, content) => send('PUT', pathOf(bucket, key), Buffer.from(content as string)),
    remove: (bucket, key) => send('DELETE', pathOf(bucket, key), Buffer.alloc(0)),
    stop,
  };
}

interface Keys {
  readonly accessKey: string;
  readonly secretKey: string;
}

/** The shell ends the server when its input ends, however this process goes. */
const KEEPER = '"$@" & pid=$!; read -r _; kill $pid; wait $pid';

function launch(binary: string, folder: string, port: string, keys: Keys): () => Promise<void> {
  mkdirSync(join(folder, 'data'));
  mkdirSync(join(folder, 'meta'));
  const log = openSync(join(folder, 'server.log'), 'w');
  const args = [
    '--access',
    keys.accessKey,
    '--secret',
    keys.secretKey,
    '--port',
    `127.0.0.1:${port}`,
    '--quiet',
  ];
  const backend = ['posix', '--sidecar', join(folder, 'meta'), join(folder, 'data')];
  const shell = spawn('sh', ['-c', KEEPER, 'sh', binary, ...args, ...backend], {
    env: childEnvironment({}),
    stdio: ['pipe', log, log],
  });
  const ended = new Promise<void>((resolve) =>
    shell.once('exit', () => {
      resolve();
    }),
  );
  return async () => {
    shell.stdin?.end();
    await ended;
    await rm(folder, { recursive: true, force: true });
  };
}

async function findOrInstall(): Promise<string> {
  const env = childEnvironment({});
  const home = join(defaultCacheDir(env), 'versitygw', VERSION);
  const onPath = (env['PATH'] ?? '').split(delimiter).map((folder) => join(folder, 'versitygw'));
  const cached = join(home, 'versitygw');
  const found = [...onPath, cached].find(isExecutable);
  if (found !== undefined) return found;
  try {
    await install(home, env);
  } catch (cause) {
    throw new Error(
      `These tests need a real S3 server: versitygw ${VERSION}. It is neither on PATH nor in ${home}, and could not be ` +
        `compiled (${String(cause)}). Install Go (https://go.dev/dl), or put versitygw on PATH.`,
      { cause },
    );
  }
  return cached;
}

/** Into a folder of its own first: a second run at the same time never sees half a server. */
async function install(home: string, env: NodeJS.ProcessEnv): Promise<void> {
  mkdirSync(join(home, '..'), { recursive: true });
  const folder = mkdtempSync(join(home, '..', '.installing-'));
  try {
    const goEnv = { ...env, GOBIN: folder, CGO_ENABLED: '0' };
    const args = ['install', '-trimpath', '-ldflags=-s -w', `${MODULE}@v${VERSION}`];
    await run('go', args, { env: goEnv, cwd: folder, timeout: COMPILE_MS });
    try {
      renameSync(folder, home);
    } catch (error) {
      // Somebody else was faster: theirs is as good as ours.
      if (!isExecutable(join(home, 'versitygw'))) throw error;
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

interface S3Call {
  readonly method: string;
  readonly path: string;
  readonly body: Buffer;
}

/** Signed by hand, so that the tests do not rest on the library that they test. */
async function sendSigned(
  endpoint: string,
  { accessKey, secretKey }: Keys,
  { method, path, body }: S3Call,
): Promise<void> {
  const { host } = new URL(endpoint);
  const time = new Date().toISOString().replace(/[-:]|\.\d+/g, '');
  const scope = `${time.slice(0, 8)}/${REGION}/s3/aws4_request`;
  const digest = createHash('sha256').update(body).digest('hex');
  const headers = { host, 'x-amz-content-sha256': digest, 'x-amz-date': time };
  const names = Object.keys(headers).join(';');
  const lines = Object.entries(headers).map(([name, value]) => `${name}:${value}\n`);
  const canonical = [method, path, '', lines.join(''), names, digest].join('\n');
  const text = ['AWS4-HMAC-SHA256', time, scope, createHash('sha256').update(canonical).digest('hex')].join(
    '\n',
  );
  const key = scope
    .split('/')
    .reduce<string | Buffer>(
      (key, part) => createHmac('sha256', key).update(part).digest(),
      `AWS4${secretKey}`,
    );
  const signature = createHmac('sha256', key).update(text).digest('hex');
  const authorization = `AWS4-HMAC-SHA256 Credential=${accessKey}/${scope}, SignedHeaders=${names}, Signature=${signature}`;
  const response = await fetch(`${endpoint}${path}`, {
    method,
    headers: { ...headers, authorization },
    ...(method === 'PUT' && { body: new Uint8Array(body) }),
  });
  const answer = await response.text();
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${answer}`);
}

function encode(segment: string): string {
  return encodeURIComponent(segment).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
