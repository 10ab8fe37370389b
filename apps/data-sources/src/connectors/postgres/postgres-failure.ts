import { DatabaseError } from 'pg';
import { DomainError } from '@aimass/platform-errors';
import {
  sourceAnswerRefused,
  sourceCertificateRefused,
  sourceCut,
  sourceDataAbsent,
  sourceDenied,
  sourceUnavailable,
  sourceUnreachable,
} from '../reading.errors.js';
import { queryFailed, queryRefused, queryTimedOut, tlsRefused } from './postgres.errors.js';

const MAXIMUM_REASON_LENGTH = 300;

/** How far a session had come. */
export interface SessionState {
  readonly host: string;
  readonly isOpen: boolean;
  readonly readBytes: number;
  readonly timeoutSeconds: number;
}

/** What a failure of the server, the connection or the client library means to the one who made the source. */
export function postgresFailure(error: unknown, state: SessionState): Error {
  if (error instanceof DomainError) return error;
  if (error instanceof DatabaseError) return serverFailure(error, state);
  const { message, code = '' } = error as NodeJS.ErrnoException;
  if (/^(CERT_|ERR_TLS_CERT|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_)/.test(code)) {
    return sourceCertificateRefused(state.host, error);
  }
  if (message.includes('does not support SSL')) return tlsRefused(state.host);
  if (/SASL|SCRAM|password/i.test(message)) return sourceDenied(state.host, 'no way to log in');
  return state.isOpen ? sourceCut(state.host, state.readBytes, error) : sourceUnreachable(state.host, error);
}

/** By the class of its SQLSTATE. https://www.postgresql.org/docs/current/errcodes-appendix.html */
function serverFailure(error: DatabaseError, { host, timeoutSeconds }: SessionState): Error {
  const state = error.code ?? '';
  const answer = `SQLSTATE ${state}`;
  // A failed login may name the role, which is a part of the credentials.
  if (state.startsWith('28')) return sourceDenied(host, answer);
  if (state === '42501') return sourceDenied(host, `${answer}: ${reasonOf(error)}`);
  if (['3D000', '3F000', '42P01'].includes(state)) return sourceDataAbsent(host, reasonOf(error));
  if (['57014', '55P03', '25P03', '25P04'].includes(state)) return queryTimedOut(timeoutSeconds, error);
  if (state === '25006') return queryRefused('it would write, or set what outlasts it');
  if (/^(42|22|21|0A|P0|54)/.test(state)) return queryFailed(reasonOf(error), error);
  if (/^(08|53|57)/.test(state)) return sourceUnavailable(host, answer);
  return sourceAnswerRefused(host, answer);
}

function reasonOf({ message }: Error): string {
  return message.replace(/[\u0000-\u001f\u007f]+/g, ' ').slice(0, MAXIMUM_REASON_LENGTH);
}
