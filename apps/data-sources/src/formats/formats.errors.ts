import { DomainError } from '@aimass/platform-errors';

export const formatUnsupported = (name: string, known: readonly string[]) =>
  new DomainError(
    'unsupported_media',
    'data_sources.format_unsupported',
    `The format "${name}" is not supported. Use one of: ${known.join(', ')}.`,
  );

export const tooManyFiles = (format: string) =>
  new DomainError(
    'invalid',
    'data_sources.too_many_files',
    `The format "${format}" is read from one file. Name one file.`,
  );
