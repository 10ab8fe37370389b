import { OipError } from './oip-error.js';

/** Headers as Node has them, or the same names read from gRPC metadata. */
export type RequestHeaders = Readonly<Record<string, string | string[] | undefined>>;

/** Looked up first: a regular expression for each request is dear. */
const USUAL_TYPES = new Set(['', 'application/json', 'application/octet-stream']);
/** JSON and bytes by name, and what `curl -d` and `fetch` send by themselves with JSON in a string. */
const KNOWN_TYPE =
  /^[ \t]*(application\/(octet-stream|x-www-form-urlencoded|(?:[\w.-]{1,64}\+)?json)|text\/plain)[ \t]*(;|$)/i;
const WHOLE_NUMBER = /^[0-9]{1,10}$/;
const SHOWN_CHARACTERS = 100;

/** The key in an Authorization header `Bearer …`, if there is one. Linear in its length. */
export function bearerOf(authorization: string | undefined): string | undefined {
  if (authorization === undefined) return undefined;
  // The usual spelling first: anything more for each request is dear.
  if (authorization.startsWith('Bearer ') && !authorization.includes(' ', 7)) {
    return authorization.length > 7 ? authorization.slice(7) : undefined;
  }
  // HTTP/1 takes spaces around a value away, gRPC's metadata keep them.
  const trimmed = authorization.trim();
  if (trimmed.slice(0, 7).toLowerCase() !== 'bearer ') return undefined;
  const key = trimmed.slice(7).trim();
  return key === '' || /\s/.test(key) ? undefined : key;
}

/** How long the caller waits, in milliseconds: `x-request-timeout-ms`, at most `longest`. Throws OipError. */
export function timeoutOf(given: string | string[] | undefined, longest: number): number {
  if (given === undefined) return longest;
  const milliseconds = wholeNumber(given);
  if (milliseconds === undefined || milliseconds === 0) {
    throw new OipError(400, 'x-request-timeout-ms must be a whole number of milliseconds, 1 or more.');
  }
  return Math.min(milliseconds, longest);
}

/** Which waiting calls run first: `x-request-priority`, 1 to 9; 0 when absent. Throws OipError. */
export function priorityOf(given: string | string[] | undefined): number {
  if (given === undefined) return 0;
  const priority = wholeNumber(given);
  if (priority !== undefined && priority >= 1 && priority <= 9) return priority;
  throw new OipError(400, 'x-request-priority must be a whole number, 1 (first) to 9.');
}

/** Where the raw tensors start in a body of this length: `Inference-Header-Content-Length`. Throws OipError. */
export function jsonLengthOf(headers: RequestHeaders, bodyLength: number): number | undefined {
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

/** Refuses bodies that the protocol does not know. Throws OipError 415. */
export function checkContentType(headers: RequestHeaders): void {
  const encoding = headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity') {
    throw new OipError(415, `Content-Encoding ${shown(encoding)} is not understood: send the body as it is.`);
  }
  const type = headers['content-type'];
  if (type === undefined || (typeof type === 'string' && (USUAL_TYPES.has(type) || KNOWN_TYPE.test(type)))) {
    return;
  }
  throw new OipError(415, `Content-Type ${shown(type)} is not understood: send application/json.`);
}

function wholeNumber(value: string | readonly string[]): number | undefined {
  return typeof value === 'string' && WHOLE_NUMBER.test(value) ? Number(value) : undefined;
}

function shown(value: string | readonly string[]): string {
  return String(value).slice(0, SHOWN_CHARACTERS);
}
