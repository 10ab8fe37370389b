import { DomainError } from '@aimass/platform-errors';

export const modelNotFound = (model: string) =>
  new DomainError('not_found', 'model_registry.model_not_found', `There is no model "${model}".`);

export const versionNotFound = (model: string, version: string) =>
  new DomainError(
    'not_found',
    'model_registry.version_not_found',
    `There is no version or alias "${version}"${model === '' ? '' : ` of model "${model}"`}.`,
  );

export const aliasInvalid = (alias: string) =>
  new DomainError(
    'invalid',
    'model_registry.alias_invalid',
    `"${alias}" cannot be an alias: use 1 to 63 lower-case letters, digits, "-" or "_", starting with a letter.`,
  );

export const manifestInvalid = (reason: string) =>
  new DomainError('invalid', 'model_registry.manifest_invalid', `The manifest is not valid: ${reason}.`);
