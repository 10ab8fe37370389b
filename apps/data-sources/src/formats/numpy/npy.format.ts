import { Injectable } from '@nestjs/common';
import type { FetchedFile } from '../../connectors/connector.js';
import type { Format, FormatInput, TableSource } from '../format.js';
import { headOf, onlyFile } from '../only-file.js';
import { NpyArray } from './npy-array.js';
import { NPY_MAGIC } from './npy-header.js';
import { tensorTable } from './tensor-table.js';

/** The column of an array that has no name. */
const COLUMN_NAME = 'values';

/** One NumPy array: one row per item of its first axis. */
@Injectable()
export class NpyFormat implements Format {
  readonly name = 'npy';

  async detects([file, ...others]: readonly FetchedFile[]): Promise<boolean> {
    if (!file || others.length > 0) return false;
    return (await headOf(file.path, NPY_MAGIC.length)).equals(NPY_MAGIC);
  }

  async toTable(input: FormatInput): Promise<TableSource> {
    const array = await NpyArray.open(COLUMN_NAME, onlyFile(this.name, input.files).path);
    try {
      return await tensorTable([array], input);
    } finally {
      await array.close();
    }
  }
}
