import { request as requestHttp } from 'node:http';
import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import { request as requestHttps } from 'node:https';
import { isIP } from 'node:net';
import type { Egress } from '../../net/egress.js';
import { portOf } from '../../net/source-url.js';
import { sourceAnswerRefused, sourceCertificateRefused, sourceUnreachable } from '../reading.errors.js';

/** One request without a body, to one URL. */
export interface Hop {
  /** GET when absent. */
  readonly method?: 'GET' | 'HEAD';
  readonly url: URL;
  readonly headers: OutgoingHttpHeaders;
}

/** No answer may have longer headers. */
const MAXIMUM_HEADER_BYTES = 32 * 1024;

/**
 * Sends one request to an address that the gate has checked, over a connection of its own, and returns the answer when its
 * headers are there. Follows nothing. Throws the refusals of the gate, `source_unreachable`,
 * `source_certificate_refused`, or the signal's reason.
 */
export async function sendHop(egress: Egress, hop: Hop, signal: AbortSignal): Promise<IncomingMessage> {
  const { method = 'GET', url, headers } = hop;
  const isSecure = url.protocol === 'https:';
  const port = portOf(url);
  const { host, lookup } = await egress.pin(url.hostname, port, signal);
  return new Promise((resolve, reject) => {
    const send = isSecure ? requestHttps : requestHttp;
    const outgoing = send({
      method,
      host,
      port,
      lookup,
      path: `${url.pathname}${url.search}`,
      headers: { ...headers, host: url.host },
      agent: false,
      maxHeaderSize: MAXIMUM_HEADER_BYTES,
      signal,
      ...(isIP(host) === 0 ? { servername: host } : {}),
    });
    outgoing.on('response', resolve);
    outgoing.on('upgrade', (_, socket) => socket.destroy());
    outgoing.on('error', (error: NodeJS.ErrnoException) => {
      reject(signal.aborted ? (signal.reason as Error) : failure(host, error));
    });
    outgoing.end();
  });
}

function failure(host: string, error: NodeJS.ErrnoException): Error {
  if (error.code?.startsWith('HPE_')) return sourceAnswerRefused(host, 'it is not well-formed HTTP');
  const isCertificate = /^(CERT_|ERR_TLS_CERT|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_)/.test(error.code ?? '');
  return isCertificate ? sourceCertificateRefused(host, error) : sourceUnreachable(host, error);
}
