import { EventEmitter, once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { repeated, startHttpServer, stream } from '../../../test/http-server.js';
import { parseAllowList } from '../../net/allow-list.js';
import { Egress } from '../../net/egress.js';
import type { SourceCredentials } from '../../sources/source-config.js';
import { CONTRACT_SECRET, describeConnector } from '../connector.contract-spec.js';
import type { ConnectorScene, FailingOrigin } from '../connector.contract-spec.js';
import type { OriginOf } from '../connector.js';
import { FetchSink } from '../fetch-sink.js';
import { HttpConnector } from './http.connector.js';

const PATIENCE = {
  FETCH_TIMEOUT_SECONDS: 30,
  FETCH_MINIMUM_BYTES_PER_SECOND: 1024,
  FETCH_PATIENCE_SECONDS: 2,
};
const credentials: SourceCredentials = { user: 'ana', secret: CONTRACT_SECRET, sessionToken: '' };
const authorization = `Basic ${Buffer.from(`ana:${CONTRACT_SECRET}`).toString('base64')}`;

function originOf(url: string, who: SourceCredentials | null = credentials): OriginOf<'http'> {
  return { kind: 'http', organizationId: 'org_1', config: { kind: 'http', url }, credentials: who };
}

async function createScene(): Promise<ConnectorScene<'http'>> {
  const content = { version: 1, text: 'a,b\n1,2\n' };
  const reading = new EventEmitter();
  const server = await startHttpServer((request, response) => {
    answer(request, response, content, reading);
  });
  const canary = await startHttpServer();
  const { origin, port } = server;
  const secretQuery = `?token=${CONTRACT_SECRET}`;
  const failing = (when: string, url: string, code: string, isSeenByCheck = true): FailingOrigin<'http'> => ({
    when,
    origin: originOf(url),
    code,
    isSeenByCheck,
  });
  return {
    connector: new HttpConnector(new Egress(parseAllowList(`127.0.0.1:${port}`)), PATIENCE),
    origin: originOf(`${origin}/table.csv${secretQuery}`),
    contentOf: (files) => Promise.all(files.map(({ path }) => readFile(path, 'utf8'))),
    expected: [content.text],
    change: () => {
      Object.assign(content, { version: 2, text: 'a,b\n3,4\n' });
      return Promise.resolve();
    },
    tellsUnchanged: true,
    large: { origin: originOf(`${origin}/endless`), started: () => once(reading, 'endless') },
    failing: [
      failing('the address is blocked', `http://127.0.0.1:${canary.port}/${secretQuery}`, 'blocked_address'),
      failing('the scheme is another', 'file:///etc/passwd', 'url_refused'),
      failing('it redirects to a blocked address', `${origin}/to/${canary.port}`, 'blocked_address'),
      failing('there is nothing', `${origin}/absent${secretQuery}`, 'source_data_absent'),
      failing('the credentials are wrong', `${origin}/denied${secretQuery}`, 'source_denied'),
      failing('the server cannot answer now', `${origin}/busy`, 'source_unavailable'),
      failing('the server dies in the middle', `${origin}/dying${secretQuery}`, 'source_cut', false),
      failing('the server drips', `${origin}/drip`, 'source_too_slow', false),
      failing('the name is unknown', 'http://absent.invalid/', 'host_unknown'),
    ],
    close: async () => {
      await Promise.all([server.close(), canary.close()]);
    },
  };
}

function answer(
  request: IncomingMessage,
  response: ServerResponse,
  content: { version: number; text: string },
  reading: EventEmitter,
): void {
  const [path = '', rest] = (request.url ?? '').split('?', 1).flatMap((each) => each.split('/').slice(1));
  const answers: Record<string, () => unknown> = {
    'table.csv': () => {
      answerTable(request, response, content);
    },
    endless: () => {
      reading.emit('endless');
      return stream(response, repeated(Buffer.alloc(64 * 1024, 97)));
    },
    dying: () => response.write('a,b\n1,', () => response.destroy()),
    drip: () => response.write('a'),
    busy: () => response.writeHead(503).end(),
    denied: () => response.writeHead(403).end(CONTRACT_SECRET),
    to: () => response.writeHead(302, { location: `http://127.0.0.1:${rest ?? ''}/` }).end(),
  };
  if (request.headers.authorization !== authorization) response.writeHead(401).end();
  else if (answers[path]) answers[path]();
  else response.writeHead(404).end();
}

function answerTable(
  request: IncomingMessage,
  response: ServerResponse,
  { version, text }: { version: number; text: string },
): void {
  const etag = `"${version}"`;
  const isKnown = request.headers['if-none-match'] === etag;
  response.writeHead(isKnown ? 304 : 200, { etag, 'content-type': 'text/csv' });
  response.end(isKnown ? undefined : text);
}

describeConnector('HttpConnector', createScene);

describe('HttpConnector', () => {
  const connector = new HttpConnector(new Egress(), PATIENCE);
  const never = new AbortController().signal;
  let folder: string;
  beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), 'aimass-http-'))));
  afterEach(() => rm(folder, { recursive: true, force: true }));

  function refusalOf(origin: OriginOf<'http'>): Promise<unknown> {
    const sink = new FetchSink(folder, { maxBytes: 1024, maxFiles: 1 });
    return connector.fetch(origin, sink, never).catch((error: unknown) => error);
  }

  it('refuses credentials that would be headers of their own, without showing them', async () => {
    for (const who of [
      { user: '', secret: 'hunter2\r\nx: y', sessionToken: '' },
      { user: '', secret: ' hunter2', sessionToken: '' },
      { user: 'ana:b', secret: 'hunter2', sessionToken: '' },
    ]) {
      const refusal = await refusalOf(originOf('http://data.example/', who));
      expect(refusal).toMatchObject({ kind: 'invalid', code: 'data_sources.credentials_refused' });
      expect(String(refusal)).not.toContain('hunter2');
    }
  });

  it.each(['Host', 'Content-Length', 'Transfer-Encoding', 'Range', 'If-Range', 'Connection'])(
    'refuses credentials in the header %s, which says how the request is sent',
    (credentialsHeader) => {
      expect(() => {
        connector.admit({ kind: 'http', url: 'https://data.example/', credentialsHeader });
      }).toThrow(expect.objectContaining({ code: 'data_sources.credentials_refused' }));
    },
  );

  it('admits a sound source, and refuses one that could never be read, without the network', () => {
    connector.admit({ kind: 'http', url: 'https://data.example/a.csv', credentialsHeader: 'X-Api-Key' });
    for (const [url, code] of [
      ['http://127.0.0.1/', 'blocked_address'],
      ['http://[::ffff:127.0.0.1]/', 'blocked_address'],
      ['http://2130706433/', 'blocked_address'],
      ['file:///etc/passwd', 'url_refused'],
      ['http://ok.example\\@127.0.0.1/', 'url_refused'],
    ] as const) {
      expect(() => {
        connector.admit({ kind: 'http', url });
      }).toThrow(expect.objectContaining({ kind: 'invalid', code: `data_sources.${code}` }));
    }
  });
});
