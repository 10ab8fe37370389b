import { DomainError } from '@aimass/platform-errors';

const refused = (code: string, message: string, cause?: unknown) =>
  new DomainError('unprocessable', `model_registry.${code}`, message, { cause });

export const modelNameInvalid = () =>
  new DomainError('invalid', 'model_registry.name_invalid', 'That cannot be the name of a model.', {
    violations: [
      {
        path: 'modelName',
        message:
          'Use 1 to 128 letters, digits, ".", "_" or "-", starting with a letter or digit; an id is not a name.',
      },
    ],
  });

export const sourceInvalid = () =>
  new DomainError('invalid', 'model_registry.source_invalid', 'The source is not valid.', {
    violations: [{ path: 'source', message: 'Use at most 2,000 characters, without U+0000.' }],
  });

export const digestInvalid = (path: string) =>
  refused('digest_invalid', `The SHA-256 of ${JSON.stringify(path)} must be 64 lower-case hex digits.`);

export const fileNotFound = (path: string) =>
  refused('file_not_found', `The file ${JSON.stringify(path)} is not in the blob store. Upload it first.`);

export const fileDamaged = (path: string, cause: unknown) =>
  refused('file_damaged', `The stored file ${JSON.stringify(path)} is damaged. Upload it again.`, cause);

export const fileSizeDiffers = (path: string, said: string, stored: number) =>
  refused('file_size_differs', `The file ${JSON.stringify(path)} has ${stored} bytes, not ${said}.`);

export const kindDiffers = (what: string, said: string, found: string) =>
  refused(`${what}_differs`, `The ${what} is said to be ${JSON.stringify(said)}; the files are ${found}.`);

export const engineMissing = (format: string) =>
  refused('engine_missing', `The files are ${format}, for which there is no engine yet.`);

export const signatureMissing = () =>
  refused('signature_missing', 'The files do not say their inputs and outputs whole: give a signature.');

export const signatureInvalid = (reason: string) =>
  refused('signature_invalid', `The signature is not valid: ${reason}.`);

export const versionExists = (model: string, number: number) =>
  new DomainError(
    'conflict',
    'model_registry.version_exists',
    `Version ${number} of model "${model}" exists, and a version never changes. Register the next one.`,
  );

export const versionNotNext = (model: string, number: number, next: number) =>
  new DomainError(
    'conflict',
    'model_registry.version_not_next',
    `Version ${number} of model "${model}" cannot be registered: the next one is ${next}.`,
  );
