import { DomainError } from '@aimass/platform-errors';

/** The query is not one that only reads. */
export const queryRefused = (reason: string) =>
  new DomainError('invalid', 'data_sources.query_refused', `The query is refused: ${reason}.`);

/** The server understood the query and could not run it; what it says is for the one who wrote the query. */
export const queryFailed = (reason: string, cause?: unknown) =>
  new DomainError('unprocessable', 'data_sources.query_failed', `The query fails on the server: ${reason}.`, {
    cause,
  });

export const queryTimedOut = (timeoutSeconds: number, cause?: unknown) =>
  new DomainError(
    'timed_out',
    'data_sources.query_timed_out',
    `The server sent no row for ${timeoutSeconds} seconds (POSTGRES_STATEMENT_TIMEOUT_SECONDS). Read less, or add an index.`,
    { cause },
  );

export const queryTooManyRows = (limit: number) =>
  new DomainError(
    'too_large',
    'data_sources.query_too_many_rows',
    `The source has more than ${limit} rows (POSTGRES_ROW_LIMIT). Read less.`,
  );

export const queryRowTooLarge = (limitBytes: number) =>
  new DomainError(
    'too_large',
    'data_sources.query_row_too_large',
    `One row of the source has more than ${limitBytes} bytes. Leave the large column away.`,
  );

export const queryColumnsRefused = (reason: string) =>
  new DomainError(
    'unprocessable',
    'data_sources.query_columns_refused',
    `The columns of the source cannot be used: ${reason}.`,
  );

/** A part of the configuration that is no name of its kind. */
export const postgresConfigRefused = (reason: string) =>
  new DomainError('invalid', 'data_sources.postgres_refused', `The PostgreSQL source is refused: ${reason}.`);

export const tlsRefused = (host: string) =>
  new DomainError(
    'unprocessable',
    'data_sources.source_without_tls',
    `"${host}" does not speak TLS. Switch it on there; "disable" as sslMode sends everything in the clear.`,
  );
