import { request as requestHttp } from 'node:http';
import type { IncomingHttpHeaders } from 'node:http';
import { request as requestHttps } from 'node:https';
import { nullsIn, withRestValues } from './answer.js';
import type { Answer, Connection } from './answer.js';
import { parseJson, writeJson } from './lossless-json.js';
import type { HttpRequest } from './vector.js';

/** Where the JSON of a body with binary tensors ends. */
const JSON_LENGTH = 'inference-header-content-length';

/** Sends one request and reads the answer. Throws when there is none, or when its tensors cannot be read. */
export async function exchangeHttp(
  baseUrl: string,
  connection: Connection,
  request: HttpRequest,
): Promise<Answer> {
  const { status, headers, body } = await send(baseUrl, connection, request);
  const jsonLength = headers[JSON_LENGTH];
  const split = typeof jsonLength === 'string' ? Number(jsonLength) : body.length;
  const json = body.subarray(0, split);
  if (json.length === 0) return { status, isEmpty: true, flags: [] };
  if (!(headers['content-type'] ?? '').includes('json') && jsonLength === undefined) {
    return {
      status,
      isEmpty: false,
      body: { 'not JSON': body.toString('utf8') },
      flags: [`content-type is ${headers['content-type'] ?? 'absent'}`],
    };
  }
  const value = parseJson(json.toString('utf8'));
  return {
    status,
    isEmpty: false,
    body: withRestValues(value, body.subarray(split)),
    flags: nullsIn(value),
  };
}

/** The body as bytes and the length of its JSON. */
function encode(request: HttpRequest): { body: Buffer; jsonLength: number } {
  const { json, text, base64, binary = [] } = request;
  const head =
    base64 === undefined
      ? Buffer.from(text ?? (json === undefined ? '' : writeJson(json)), 'utf8')
      : Buffer.from(base64, 'base64');
  const tensors = binary.map((hex) => Buffer.from(hex.replaceAll(' ', ''), 'hex'));
  return { body: Buffer.concat([head, ...tensors]), jsonLength: head.length };
}

function headersOf(request: HttpRequest, connection: Connection): Record<string, string> {
  const { body, jsonLength } = encode(request);
  const headers: Record<string, string> = { ...connection.headers };
  const isBinary = request.binary !== undefined || request.headerLength !== undefined;
  if (request.method !== 'GET') {
    headers['content-type'] = isBinary ? 'application/octet-stream' : 'application/json';
    headers['content-length'] = String(body.length);
  }
  if (isBinary) headers[JSON_LENGTH] = request.headerLength ?? String(jsonLength);
  return { ...headers, ...request.headers };
}

interface Received {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

function send(baseUrl: string, connection: Connection, request: HttpRequest): Promise<Received> {
  const url = `${baseUrl.replace(/\/$/u, '')}${request.path}`;
  const open = url.startsWith('https:') ? requestHttps : requestHttp;
  const options = {
    method: request.method,
    headers: headersOf(request, connection),
    // A server may close the connection after a body that it refuses.
    agent: false,
    signal: AbortSignal.timeout(connection.timeoutMs),
  };
  return new Promise((resolve, reject) => {
    const sent = open(url, options, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: Buffer.concat(chunks),
        });
      });
    });
    sent.on('error', reject);
    sent.end(encode(request).body);
  });
}
