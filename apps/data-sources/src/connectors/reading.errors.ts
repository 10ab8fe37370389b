import { DomainError } from '@aimass/platform-errors';

// What can go wrong while a source is read, in the same words for every kind of source. The messages name the host
// alone: a path or a query may hold a secret. `unavailable` and `timed_out` may go better next time; the others need a change.

export const sourceUnreachable = (host: string, cause?: unknown) =>
  new DomainError(
    'unavailable',
    'data_sources.source_unreachable',
    `No connection to "${host}" could be made. Check that it runs and can be reached from here.`,
    { cause },
  );

export const sourceCertificateRefused = (host: string, cause?: unknown) =>
  new DomainError(
    'unprocessable',
    'data_sources.source_certificate_refused',
    `The certificate of "${host}" is not trusted: it is expired, made by an unknown authority, or for another host.`,
    { cause },
  );

export const sourceUnavailable = (host: string, answer: string) =>
  new DomainError(
    'unavailable',
    'data_sources.source_unavailable',
    `"${host}" cannot answer now (${answer}). Try again later.`,
  );

export const sourceDenied = (host: string, answer: string) =>
  new DomainError(
    'unprocessable',
    'data_sources.source_denied',
    `"${host}" refuses these credentials (${answer}). Check them, and what they may read.`,
  );

export const sourceDataAbsent = (host: string, answer: string) =>
  new DomainError(
    'unprocessable',
    'data_sources.source_data_absent',
    `"${host}" does not have what the source reads (${answer}).`,
  );

export const sourceAnswerRefused = (host: string, reason: string) =>
  new DomainError(
    'unprocessable',
    'data_sources.source_answer_refused',
    `The answer of "${host}" cannot be used: ${reason}.`,
  );

export const sourceCut = (host: string, sizeBytes: number, cause?: unknown) =>
  new DomainError(
    'unavailable',
    'data_sources.source_cut',
    `"${host}" ended in the middle, after ${sizeBytes} bytes. Nothing was imported.`,
    { cause },
  );

export const sourceChanged = (host: string) =>
  new DomainError(
    'unavailable',
    'data_sources.source_changed',
    `What "${host}" sends has changed while it was read. Nothing was imported; try again.`,
  );

export const sourceTooSlow = (host: string, minimumBytesPerSecond: number) =>
  new DomainError(
    'timed_out',
    'data_sources.source_too_slow',
    `"${host}" sends less than ${minimumBytesPerSecond} bytes a second (FETCH_MINIMUM_BYTES_PER_SECOND).`,
  );

export const sourceTimedOut = (host: string, timeoutSeconds: number) =>
  new DomainError(
    'timed_out',
    'data_sources.source_timed_out',
    `"${host}" was not read within ${timeoutSeconds} seconds (FETCH_TIMEOUT_SECONDS).`,
  );
