import { join } from 'node:path';
import { Injectable } from '@nestjs/common';
import type { FetchedFile } from '../../connectors/connector.js';
import { typedValue } from '../../tables/column-kinds.js';
import { quoteName, quoteText } from '../../tables/sql.js';
import { checkColumnNames } from '../column-names.js';
import { asDescribed } from '../described-columns.js';
import type { Format, FormatInput, TableSource } from '../format.js';
import { headOf } from '../only-file.js';
import { MAX_LINE_BYTES } from './json-lines.js';
import { cleanJsonl } from './jsonl-clean.js';
import { jsonlNoRows } from './jsonl.errors.js';

const HEAD_BYTES = 4096;
/** A value of a line grows when it becomes text in quotes: six characters for one at worst. */
const LARGEST_GROWTH = 6;

/** JSON Lines: one object per line, whose keys are the columns. Several files are read as one. */
@Injectable()
export class JsonlFormat implements Format {
  readonly name = 'jsonl';

  /** The first thing in the file opens an object; a list of objects is taken too, and refused with what to do. */
  async detects([file]: readonly FetchedFile[]): Promise<boolean> {
    if (!file) return false;
    const head = (await headOf(file.path, HEAD_BYTES)).toString('utf8');
    return /^\ufeff?\s*(\[\s*)?\{/.test(head);
  }

  async toTable({ files, recipe, folder, connection, signal }: FormatInput): Promise<TableSource> {
    const path = join(folder, 'clean.jsonl');
    const { columns, rowCount, droppedRowCount } = await cleanJsonl(files, path, signal);
    if (rowCount === 0) throw jsonlNoRows(droppedRowCount);
    const names = columns.names;
    checkColumnNames(names);
    const kinds = columns.kinds();
    const typed = names.map((name, index) => ({ name, kind: kinds[index] ?? 'VARCHAR' }));
    const values = typed.map(
      ({ name, kind }, index) => `${typedValue(`c${index}`, kind)} AS ${quoteName(name)}`,
    );
    const query = `SELECT ${values.join(', ')} FROM ${cleanSource(path, names.length)}`;
    const table = { kind: 'table', query, columns: typed, rowCount, droppedRowCount } as const;
    return asDescribed(connection, table, recipe);
  }
}

/** A file that cleanJsonl wrote, as a table function with the text columns c0, c1, … */
function cleanSource(path: string, columnCount: number): string {
  const columns = Array.from({ length: columnCount }, (_, index) => `c${index}: 'VARCHAR'`);
  return `read_json(${quoteText(path)}, format = 'newline_delimited', compression = 'uncompressed',
    hive_partitioning = false, maximum_object_size = ${MAX_LINE_BYTES * LARGEST_GROWTH},
    columns = {${columns.join(', ')}})`;
}
