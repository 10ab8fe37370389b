import { DomainError } from '@aimass/platform-errors';

export const datasetNotFound = (dataset: string) =>
  new DomainError('not_found', 'data_sources.dataset_not_found', `There is no dataset "${dataset}".`);

export const datasetVersionNotFound = (dataset: string, version: string) =>
  new DomainError(
    'not_found',
    'data_sources.dataset_version_not_found',
    `There is no version "${version}"${dataset === '' ? '' : ` of dataset "${dataset}"`}.`,
  );

export const datasetNameInvalid = (name: string) =>
  new DomainError(
    'invalid',
    'data_sources.dataset_name_invalid',
    `"${name.slice(0, 140)}" cannot be a dataset's name: use 1 to 128 letters, digits, ".", "_" or "-", starting with a letter or digit.`,
  );

export const datasetExists = (name: string) =>
  new DomainError(
    'conflict',
    'data_sources.dataset_exists',
    `There is a dataset "${name}" already. Choose another name, or import the file as its next version.`,
  );

export const previewLimitInvalid = () =>
  new DomainError('invalid', 'data_sources.preview_limit_invalid', 'limit must be between 1 and 1000.');
