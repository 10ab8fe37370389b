import { DomainError } from '@aimass/platform-errors';
import { shown } from '../../archives/archives.errors.js';

const refusal = (code: string, message: string) =>
  new DomainError('unprocessable', `data_sources.${code}`, message);

/** A file that is no .npy file, or says something of itself that is not true. */
export const npyBroken = (array: string, reason: string) =>
  refusal(
    'npy_broken',
    `${shown(array)} is no sound .npy file: ${reason}. Save it again and upload it whole.`,
  );

/** Reading pickled objects would run code of whoever made the file. */
export const pickleRefused = (array: string) =>
  new DomainError(
    'unsupported_media',
    'data_sources.pickle_refused',
    `${shown(array)} holds pickled Python objects, which are never read, since that would run code from the file. Save arrays of numbers or text.`,
  );

export const npyTypeUnsupported = (array: string, descr: string) =>
  refusal(
    'npy_type_unsupported',
    `${shown(array)} has the type ${shown(descr)}. Use integers, floats of 16 to 64 bits, booleans, or text of a fixed length.`,
  );

export const npyShapeRefused = (array: string, reason: string) =>
  refusal('npy_shape_refused', `The shape of ${shown(array)} is refused: ${reason}.`);

export const npyValueRefused = (array: string, row: number, reason: string) =>
  refusal('npy_value_refused', `${shown(array)}, row ${row} (from 0): ${reason}.`);

export const npzLengthsDiffer = (lengths: readonly (readonly [name: string, rows: number])[]) =>
  refusal(
    'npz_lengths_differ',
    `The arrays have different lengths: ${lengths.map(([name, rows]) => `${shown(name)} ${rows}`).join(', ')}. Arrays of one length make one dataset; save the others in files of their own.`,
  );

export const npzEmpty = () => refusal('npz_empty', 'The archive holds no array. Save at least one by name.');

export const npzNotArrays = (name: string) =>
  refusal('npz_not_arrays', `${shown(name)} is no .npy file. An .npz archive holds arrays only.`);

export const npzIndexTaken = () =>
  refusal('npz_index_taken', 'An array has the name "index", which the number of the row has. Rename it.');

export const npzTooManyArrays = (count: number, limit: number) =>
  refusal('npz_too_many_arrays', `The archive has ${count} arrays; at most ${limit} are allowed.`);
