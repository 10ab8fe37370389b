import type { IncomingMessage } from 'node:http';
import { parseXml, XmlElement } from '@rgrove/parse-xml';
import { refuseStatus } from '../http/http-request.js';
import {
  sourceAnswerRefused,
  sourceChanged,
  sourceDataAbsent,
  sourceDenied,
  sourceUnavailable,
} from '../reading.errors.js';
import { s3RegionWrong } from './s3.errors.js';

/** An error says little. */
const MAXIMUM_ERROR_BYTES = 64 * 1024;

const DENIED: ReadonlySet<string> = new Set([
  'AccessDenied',
  'AllAccessDisabled',
  'ExpiredToken',
  'InvalidAccessKeyId',
  'InvalidSecurity',
  'InvalidToken',
  'RequestTimeTooSkewed',
  'SignatureDoesNotMatch',
  // What versitygw says for InvalidAccessKeyId when it has one account only.
  'XAdminUserNotFound',
]);
const ABSENT: ReadonlySet<string> = new Set(['InvalidObjectState', 'NoSuchBucket', 'NoSuchKey', 'NotFound']);
const LATER: ReadonlySet<string> = new Set([
  'InternalError',
  'RequestTimeout',
  'ServiceUnavailable',
  'SlowDown',
]);
const ELSEWHERE: ReadonlySet<string> = new Set([
  'AuthorizationHeaderMalformed',
  'IllegalLocationConstraintException',
  'PermanentRedirect',
  'TemporaryRedirect',
]);

/** Returns for an answer that brings what was asked for; else throws what its code or status stands for. */
export async function refuseFailure(response: IncomingMessage, host: string): Promise<void> {
  const status = response.statusCode ?? 0;
  if (status === 200 || status === 206) return;
  if (status === 412) {
    response.destroy();
    throw sourceChanged(host);
  }
  const code = await errorCode(response);
  const isElsewhere = status >= 300 && status < 400;
  if (isElsewhere || ELSEWHERE.has(code)) throw s3RegionWrong(regionOf(response));
  refuseCode(code, host);
  refuseStatus(response, host);
  throw sourceAnswerRefused(host, `it has status ${status}`);
}

function refuseCode(code: string, host: string): void {
  if (DENIED.has(code)) throw sourceDenied(host, code);
  if (ABSENT.has(code)) throw sourceDataAbsent(host, code);
  if (LATER.has(code)) throw sourceUnavailable(host, code);
}

/** The whole of a short answer. Throws `source_answer_refused` when it is longer. */
export async function bodyOf(response: IncomingMessage, host: string, limitBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    sizeBytes += chunk.length;
    if (sizeBytes > limitBytes) {
      response.destroy();
      throw sourceAnswerRefused(host, `it has more than ${limitBytes} bytes`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** The root of an XML document. Throws `source_answer_refused`. */
export function xmlRoot(text: string, host: string): XmlElement {
  try {
    const { root } = parseXml(text);
    if (root) return root;
  } catch {
    // What is wrong with it helps nobody who cannot change the server.
  }
  throw sourceAnswerRefused(host, 'it is not XML');
}

/** The elements of that name within another. */
export function elementsOf(parent: XmlElement, name: string): XmlElement[] {
  return parent.children.filter(
    (child): child is XmlElement => child instanceof XmlElement && child.name === name,
  );
}

/** The text of the first element of that name; undefined when there is none. */
export function textOf(parent: XmlElement, name: string): string | undefined {
  return elementsOf(parent, name)[0]?.text;
}

/** The code in the body; empty when there is none that looks like one. */
async function errorCode(response: IncomingMessage): Promise<string> {
  try {
    const code = textOf(xmlRoot(await bodyOf(response, '', MAXIMUM_ERROR_BYTES), ''), 'Code') ?? '';
    return /^[A-Za-z.]{1,64}$/.test(code) ? code : '';
  } catch {
    return '';
  }
}

function regionOf({ headers }: IncomingMessage): string {
  const region = headers['x-amz-bucket-region'];
  return typeof region === 'string' && /^[a-z0-9-]{1,50}$/.test(region) ? region : '';
}
