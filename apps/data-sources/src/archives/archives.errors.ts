import { DomainError } from '@aimass/platform-errors';

/** Longer names are cut in messages. */
const SHOWN_CHARACTERS = 120;

/** An archive that is built to do harm, or that two readers could read differently. */
export const archiveUnsafe = (reason: string) =>
  new DomainError(
    'unprocessable',
    'data_sources.archive_unsafe',
    `The archive is refused as unsafe: ${reason}. Nothing of it was unpacked.`,
  );

/** An archive that unpacks to more than is allowed, or says it does not but would. */
export const archiveTooLarge = (reason: string) =>
  new DomainError(
    'too_large',
    'data_sources.archive_too_large',
    `The archive is refused as too large: ${reason}.`,
  );

/** An archive that is cut or damaged. */
export const archiveBroken = (reason: string, cause?: unknown) =>
  new DomainError(
    'unprocessable',
    'data_sources.archive_broken',
    `The archive cannot be read: ${reason}. Make it again and upload the whole file.`,
    { cause },
  );

/** An archive of another kind, or packed by a method that is not read. */
export const archiveUnsupported = (reason: string) =>
  new DomainError(
    'unprocessable',
    'data_sources.archive_unsupported',
    `${reason} Only zip archives, stored or deflated and without a password, are read.`,
  );

/** A name from inside an archive as it may stand in a message: quoted, cut, control characters escaped. */
export function shown(name: string): string {
  const cut = name.length > SHOWN_CHARACTERS ? `${name.slice(0, SHOWN_CHARACTERS)}…` : name;
  return JSON.stringify(cut);
}
