import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { Injectable } from '@nestjs/common';
import type { ZipArchive } from '../../archives/zip-archive.js';
import type { FetchedFile } from '../../connectors/connector.js';
import type { Format, FormatInput, TableSource } from '../format.js';
import { onlyFile } from '../only-file.js';
import { firstZippedName, withZip } from '../zipped-files.js';
import { NpyArray } from './npy-array.js';
import { npzEmpty, npzIndexTaken, npzLengthsDiffer, npzNotArrays, npzTooManyArrays } from './numpy.errors.js';
import { tensorTable } from './tensor-table.js';

const ARRAY_NAME = /^(.+)\.npy$/;
/** Each is an open file. */
const MAX_ARRAYS = 256;

/** A zip of NumPy arrays: those of one length are the columns of one table. */
@Injectable()
export class NpzFormat implements Format {
  readonly name = 'npz';

  async detects([file, ...others]: readonly FetchedFile[]): Promise<boolean> {
    if (!file || others.length > 0) return false;
    return (await firstZippedName(file))?.endsWith('.npy') ?? false;
  }

  toTable(input: FormatInput): Promise<TableSource> {
    return withZip(onlyFile(this.name, input.files), async (archive) => {
      const arrays: NpyArray[] = [];
      try {
        for (const [index, name] of arrayNames(archive).entries()) {
          arrays.push(await unpacked(archive, index, name, input));
        }
        checkLengths(arrays);
        return await tensorTable(arrays, input);
      } finally {
        for (const array of arrays) await array.close();
      }
    });
  }
}

/** The names of the arrays, in the order in which they were saved. */
function arrayNames({ entries }: ZipArchive): string[] {
  if (entries.length === 0) throw npzEmpty();
  if (entries.length > MAX_ARRAYS) throw npzTooManyArrays(entries.length, MAX_ARRAYS);
  const names = entries.map(({ name }) => {
    const array = ARRAY_NAME.exec(name)?.[1];
    if (array === undefined) throw npzNotArrays(name);
    return array;
  });
  if (names.some((name) => name.toLowerCase() === 'index')) throw npzIndexTaken();
  return names;
}

/** Unpacks an array into a file with a name of our own. */
async function unpacked(
  archive: ZipArchive,
  index: number,
  name: string,
  { folder, signal }: FormatInput,
): Promise<NpyArray> {
  const entry = archive.entries[index];
  if (!entry) throw npzEmpty();
  const path = join(folder, `array-${index}.npy`);
  await pipeline(await archive.stream(entry), createWriteStream(path, { flags: 'wx' }), { signal });
  return NpyArray.open(name, path);
}

function checkLengths(arrays: readonly NpyArray[]): void {
  const lengths = arrays.map(({ name, header }) => [name, header.rowCount] as const);
  if (new Set(lengths.map(([, rows]) => rows)).size > 1) throw npzLengthsDiffer(lengths);
}
