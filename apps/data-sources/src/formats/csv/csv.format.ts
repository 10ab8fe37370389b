import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { Injectable } from '@nestjs/common';
import type { FetchedFile } from '../../connectors/connector.js';
import type { Recipe } from '../../recipes/recipe.js';
import { quoteName } from '../../tables/sql.js';
import type { Format, FormatInput, TableSource } from '../format.js';
import { onlyFile } from '../only-file.js';
import { planColumns } from './csv-columns.js';
import { readFiles } from './csv-files.js';
import { dialectOf } from './csv-dialect.js';
import { readCsv } from './csv-reader.js';
import { csvSource } from './csv-source.js';
import { openText } from './encodings.js';
import { checkOverrides } from './overridden-value.js';

type CsvOptions = NonNullable<Recipe['csv']>;

/** CSV text: what no other format recognises is taken for it, and refused line by line when it is not. */
@Injectable()
export class CsvFormat implements Format {
  readonly name: 'csv' | 'tsv' = 'csv';

  detects(_files: readonly FetchedFile[]): Promise<boolean> {
    return Promise.resolve(true);
  }

  toTable(input: FormatInput): Promise<TableSource> {
    return input.files.length === 1 ? this.tableOf(input) : readFiles(input, (one) => this.tableOf(one));
  }

  private async tableOf({ files, recipe, folder, connection, signal }: FormatInput): Promise<TableSource> {
    const { path } = onlyFile(this.name, files);
    const rows = await this.read(path, this.optionsOf(recipe), { folder, signal });
    const { columns, nullTexts } = await planColumns(connection, rows, recipe);
    const source = csvSource(
      rows,
      columns.map(({ readAs }) => readAs),
      nullTexts,
    );
    const doubtful = columns.flatMap(({ name, kind, value, doubtful }) =>
      doubtful ? [{ name, kind, value, ...doubtful }] : [],
    );
    await checkOverrides(connection, source, doubtful);
    const values = columns.map(({ name, value }) => `${value} AS ${quoteName(name)}`);
    return {
      kind: 'table',
      query: `SELECT ${values.join(', ')} FROM ${source}`,
      columns: columns.map(({ name, kind }) => ({ name, kind })),
      rowCount: rows.rowCount,
      droppedRowCount: rows.droppedRowCount,
      isInRowGroups: true,
    };
  }

  /** What the recipe says, and what the format itself implies. */
  protected optionsOf(recipe: Recipe): CsvOptions {
    return recipe.csv ?? {};
  }

  private async read(path: string, options: CsvOptions, work: { folder: string; signal: AbortSignal }) {
    const file = await open(path, 'r');
    try {
      const text = () => textOf(file, options);
      const dialect = await dialectOf(await text(), options);
      return { ...(await readCsv(await text(), dialect, work)), dialect };
    } finally {
      await file.close();
    }
  }
}

function textOf(file: FileHandle, options: CsvOptions) {
  return openText(file, options.encoding ?? 'auto');
}
