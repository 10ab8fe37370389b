import type { IncomingHttpHeaders } from 'node:http';
import { OipError } from './oip-error.js';

const WHOLE_NUMBER = /^[0-9]{1,10}$/;
/** Looked up first: a regular expression for each request is dear. */
const USUAL_TYPES = new Set(['', 'application/json', 'application/octet-stream']);
/** JSON and bytes by name, and what `curl -d` and `fetch` send by themselves with JSON in a string. */
const KNOWN_TYPE =
  /^\s*(application\/(octet-stream|x-www-form-urlencoded|([\w.-]+\+)?json)|text\/plain)\s*(;|$)/i;
const BEARER = /^bearer +(\S+) *$/i;

/** The key in `Authorization: Bearer …`, if there is one. */
export function bearerOf(headers: IncomingHttpHeaders): string | undefined {
  const { authorization } = headers;
  if (authorization === undefined) return undefined;
  // The usual spelling first: a regular expression for each request is dear.
  if (authorization.startsWith('Bearer ') && !authorization.includes(' ', 7)) return authorization.slice(7);
  return BEARER.exec(authorization)?.[1];
}

/** How long the caller waits, in milliseconds: `x-request-timeout-ms`, at most `longest`. Throws OipError. */
export function timeoutOf(headers: IncomingHttpHeaders, longest: number): number {
  const given = headers['x-request-timeout-ms'];
  if (given === undefined) return longest;
  const milliseconds = wholeNumber(given);
  if (milliseconds === undefined || milliseconds === 0) {
    throw new OipError(400, 'x-request-timeout-ms must be a whole number of milliseconds, 1 or more.');
  }
  return Math.min(milliseconds, longest);
}

/** Where the raw tensors start in a body of this length: `Inference-Header-Content-Length`. Throws OipError. */
export function jsonLengthOf(headers: IncomingHttpHeaders, bodyLength: number): number | undefined {
  const given = headers['inference-header-content-length'];
  if (given === undefined) return undefined;
  const length = wholeNumber(given);
  if (length === undefined || length > bodyLength) {
    throw new OipError(
      400,
      `Inference-Header-Content-Length must be the length in bytes of the JSON at the start of the body, ` +
        `0 to ${bodyLength}.`,
    );
  }
  return length;
}

/** Refuses bodies that the protocol does not know. Throws OipError. */
export function checkContentType(headers: IncomingHttpHeaders): void {
  const encoding = headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity') {
    throw new OipError(415, `Content-Encoding ${encoding} is not understood: send the body as it is.`);
  }
  const type = headers['content-type'];
  if (type === undefined || USUAL_TYPES.has(type) || KNOWN_TYPE.test(type)) return;
  throw new OipError(415, `Content-Type ${type} is not understood: send application/json.`);
}

function wholeNumber(value: string | readonly string[]): number | undefined {
  return typeof value === 'string' && WHOLE_NUMBER.test(value) ? Number(value) : undefined;
}
