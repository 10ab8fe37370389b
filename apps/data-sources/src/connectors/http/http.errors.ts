import { DomainError } from '@aimass/platform-errors';

export const redirectRefused = (host: string, reason: string) =>
  new DomainError(
    'unprocessable',
    'data_sources.redirect_refused',
    `A redirect of "${host}" is not followed: ${reason}.`,
  );

export const compressionRefused = (host: string, limitRatio: number) =>
  new DomainError(
    'too_large',
    'data_sources.compression_refused',
    `What "${host}" sends grows by more than ${limitRatio} times when it is unpacked. Send it without compression.`,
  );

export const credentialsRefused = (reason: string) =>
  new DomainError(
    'invalid',
    'data_sources.credentials_refused',
    `The credentials cannot be used: ${reason}.`,
  );
