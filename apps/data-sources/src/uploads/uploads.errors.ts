import { DomainError } from '@aimass/platform-errors';

export const uploadNotFound = (id: string) =>
  new DomainError('not_found', 'data_sources.upload_not_found', `There is no upload "${id}".`);

export const uploadTooLarge = (limitBytes: number, cause?: unknown) =>
  new DomainError(
    'too_large',
    'data_sources.upload_too_large',
    `The file is larger than ${limitBytes} bytes, the most an upload may have. Split it, or raise UPLOAD_LIMIT_BYTES.`,
    { cause },
  );

export const uploadMalformed = (reason: string) =>
  new DomainError('invalid', 'data_sources.upload_malformed', `The upload is not well-formed: ${reason}.`);

export const uploadCut = (expectedBytes: bigint, sizeBytes: bigint) =>
  new DomainError(
    'invalid',
    'data_sources.upload_cut',
    `The upload was cut: ${expectedBytes} bytes were announced and ${sizeBytes} arrived. Upload the file again.`,
  );

export const uploadLongerThanAnnounced = (expectedBytes: bigint) =>
  new DomainError(
    'invalid',
    'data_sources.upload_size_mismatch',
    `More than the announced ${expectedBytes} bytes arrived. Upload the file again with its true size.`,
  );

export const uploadDigestMismatch = () =>
  new DomainError(
    'invalid',
    'data_sources.upload_digest_mismatch',
    'The content does not have the SHA-256 that was announced: it was cut or changed on the way. Upload the file again.',
  );

export const uploadIncomplete = (id: string, offsetBytes: string, sizeBytes: string) =>
  new DomainError(
    'conflict',
    'data_sources.upload_incomplete',
    `Upload "${id}" is not complete: ${offsetBytes} of ${sizeBytes} bytes are there. Send the rest first.`,
  );

export const uploadOffsetMismatch = (id: string, offsetBytes: string) =>
  new DomainError(
    'conflict',
    'data_sources.upload_offset_mismatch',
    `Upload "${id}" goes on at byte ${offsetBytes}. Ask how far it is, and send the bytes from there.`,
  );

export const uploadChecksumMismatch = () =>
  new DomainError(
    'checksum_mismatch',
    'data_sources.upload_checksum_mismatch',
    'The bytes do not have the checksum that came with them, so they were not kept. Send them again.',
  );

export const uploadSuperseded = () =>
  new DomainError(
    'conflict',
    'data_sources.upload_superseded',
    'Another request for this upload has come since. What had arrived by then is kept.',
  );

export const uploadFinished = (id: string) =>
  new DomainError(
    'conflict',
    'data_sources.upload_finished',
    `Upload "${id}" is complete, so it cannot be taken back.`,
  );
