import { DomainError } from '@aimass/platform-errors';

/** Names inside a model are whatever its maker wrote: cut, and with control characters escaped. */
export function quote(text: string): string {
  return JSON.stringify(text.length > 100 ? `${text.slice(0, 100)}…` : text);
}

const refused = (code: string, message: string, cause?: unknown) =>
  new DomainError('unprocessable', `model_files.${code}`, message, { cause });

export const formatUnsupported = (path: string, what: string) =>
  new DomainError(
    'unsupported_media',
    'model_files.format_unsupported',
    `${quote(path)} is ${what}, which is not loaded here. Export the model as ONNX, TensorFlow SavedModel or TensorFlow.js.`,
  );

export const malformed = (path: string, reason: string, cause?: unknown) =>
  refused('malformed', `${quote(path)} is damaged or cut: ${reason}.`, cause);

export const filesInvalid = (reason: string) =>
  refused('files_invalid', `The list of files is not valid: ${reason}.`);

export const preprocessingInvalid = (reason: string) =>
  refused('preprocessing_invalid', `The preprocessing of the model is not valid: ${reason}.`);

export const fileMissing = (path: string, by: string) =>
  refused('file_missing', `${quote(by)} names ${quote(path)}, which is not among the files.`);

export const fileStray = (path: string) =>
  refused(
    'file_stray',
    `${quote(path)} does not belong to the model: leave it out. Texts such as README.md and LICENSE may stay.`,
  );

export const externalDataRefused = (tensor: string, reason: string) =>
  refused('external_data_refused', `The data of tensor ${quote(tensor)} ${reason}.`);

export const tensorInvalid = (tensor: string, reason: string) =>
  refused('tensor_invalid', `Tensor ${quote(tensor)} ${reason}.`);

export const operatorRefused = (operator: string, reason: string) =>
  refused('operator_refused', `The model uses ${quote(operator)}, ${reason}.`);

export const layerRefused = (layer: string) =>
  refused(
    'layer_refused',
    `The model uses the layer class ${quote(layer)}, which TensorFlow.js does not have. Rebuild it from built-in ` +
      'layers, or export it as ONNX.',
  );

export const tooDemanding = (reason: string) =>
  refused('too_demanding', `The model asks for more than any engine here gives: ${reason}.`);

export const signatureMismatch = (reason: string) =>
  refused('signature_mismatch', `The signature does not fit the model: ${reason}.`);
