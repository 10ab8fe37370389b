import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import type { SourceCredentials } from '../../sources/source-config.js';
import type { Egress } from '../../net/egress.js';
import { parseRedirect } from '../../net/source-url.js';
import { sourceAnswerRefused, sourceDataAbsent, sourceDenied, sourceUnavailable } from '../reading.errors.js';
import { redirectRefused } from './http.errors.js';
import { sendHop } from './http-hop.js';

const MAXIMUM_REDIRECTS = 5;
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/** What is asked for, as often as it takes. */
export interface HttpTarget {
  readonly url: URL;
  readonly credentials: SourceCredentials | null;
  /** The header that carries the secret as it is; absent for Authorization, as basic or bearer. */
  readonly credentialsHeader?: string | undefined;
}

/** The answer at the end of the redirects, with its body still to be read. */
export interface Answer {
  readonly response: IncomingMessage;
  /** Where it came from. */
  readonly url: URL;
}

/** Headers for one URL on the way; a redirect may lead to one for which they mean nothing. */
export type HeadersFor = (url: URL) => OutgoingHttpHeaders;

/**
 * Asks for the target, following at most five redirects, each checked like the first address. Credentials go to the
 * target's own origin only. Throws the refusals of the gate and of `sendHop`, and `redirect_refused`.
 */
export async function ask(
  egress: Egress,
  target: HttpTarget,
  headersFor: HeadersFor,
  signal: AbortSignal,
): Promise<Answer> {
  let url = target.url;
  for (let redirects = 0; ; redirects++) {
    const headers = { ...STANDING_HEADERS, ...headersFor(url), ...authorization(target, url) };
    const response = await sendHop(egress, { url, headers }, signal);
    if (!REDIRECTS.has(response.statusCode ?? 0)) return { response, url };
    response.destroy();
    const next = redirectOf(response, url);
    if (redirects === MAXIMUM_REDIRECTS) {
      throw redirectRefused(url.hostname, `there are more than ${MAXIMUM_REDIRECTS}`);
    }
    url = next;
  }
}

const BRINGS_DATA: ReadonlySet<number> = new Set([200, 206, 304]);
const DENIED: ReadonlySet<number> = new Set([401, 403, 407]);
const ABSENT: ReadonlySet<number> = new Set([404, 410]);
const LATER: ReadonlySet<number> = new Set([408, 425, 429]);

/** Throws what a status stands for that brings no data; leaves 200, 206 and 304 alone. */
export function refuseStatus(response: IncomingMessage, host: string): void {
  const status = response.statusCode ?? 0;
  if (BRINGS_DATA.has(status)) return;
  response.destroy();
  const answer = `status ${status}`;
  if (DENIED.has(status)) throw sourceDenied(host, answer);
  if (ABSENT.has(status)) throw sourceDataAbsent(host, answer);
  if (LATER.has(status) || status >= 500) throw sourceUnavailable(host, answer);
  throw sourceAnswerRefused(host, `it has ${answer}`);
}

/** Content that is sent as it is can be taken up again where it broke off. */
const STANDING_HEADERS = { 'user-agent': 'aimass', accept: '*/*', 'accept-encoding': 'identity' } as const;

function redirectOf(response: IncomingMessage, from: URL): URL {
  const location = response.headers.location;
  if (location === undefined) throw redirectRefused(from.hostname, 'it does not say where to');
  const next = parseRedirect(location, from);
  if (from.protocol === 'https:' && next.protocol === 'http:') {
    throw redirectRefused(from.hostname, 'it leads from https to http');
  }
  return next;
}

function authorization({ url, credentials, credentialsHeader }: HttpTarget, hop: URL): OutgoingHttpHeaders {
  if (!credentials || credentials.secret === '' || hop.origin !== url.origin) return {};
  const { user, secret } = credentials;
  if (credentialsHeader !== undefined) return { [credentialsHeader]: secret };
  if (user === '') return { authorization: `Bearer ${secret}` };
  return { authorization: `Basic ${Buffer.from(`${user}:${secret}`, 'utf8').toString('base64')}` };
}
