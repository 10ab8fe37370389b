import { join } from 'node:path';
import { Injectable } from '@nestjs/common';
import { inferKinds, typedValue } from '../../tables/column-kinds.js';
import { cleanCsv } from '../../tables/csv-clean.js';
import { csvSource } from '../../tables/csv-source.js';
import { quoteName } from '../../tables/sql.js';
import type { Format, FormatInput, TableSource } from '../format.js';
import { tooManyFiles } from '../formats.errors.js';

/** CSV text: what no other format recognises is taken for it, and refused line by line when it is not. */
@Injectable()
export class CsvFormat implements Format {
  readonly name = 'csv';

  detects(): Promise<boolean> {
    return Promise.resolve(true);
  }

  async toTable({ files, folder, connection, signal }: FormatInput): Promise<TableSource> {
    const [file, ...others] = files;
    if (!file || others.length > 0) throw tooManyFiles(this.name);
    const path = join(folder, 'clean.csv');
    const { names, separator, rowCount, droppedRowCount } = await cleanCsv(file.path, path, signal);
    const source = csvSource(path, separator, names.length);
    const kinds = await inferKinds(connection, source, names.length);
    const columns = names.map((name, index) => ({ name, kind: kinds[index] ?? 'VARCHAR' }));
    const values = columns.map(
      ({ name, kind }, index) => `${typedValue(`c${index}`, kind)} AS ${quoteName(name)}`,
    );
    const query = `SELECT ${values.join(', ')} FROM ${source}`;
    return { kind: 'table', query, columns, rowCount, droppedRowCount };
  }
}
