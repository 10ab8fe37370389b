import { Injectable } from '@nestjs/common';
import { DomainError } from '@aimass/platform-errors';
import type { FetchedFile } from '../../connectors/connector.js';
import { quoteName } from '../../tables/sql.js';
import { asDescribed } from '../described-columns.js';
import type { Format, FormatInput, TableColumn, TableSource } from '../format.js';
import { imageTable } from '../images/image-columns.js';
import { headOf } from '../only-file.js';
import { PARQUET_MAGIC, checkEnds } from './parquet-file.js';
import { readOnce } from './parquet-reading.js';
import type { ReadableFiles } from './parquet-reading.js';
import { parquetBroken } from './parquet.errors.js';

/** DuckDB says more, over several lines; the first says what is wrong. */
const REASON_CHARACTERS = 200;

/** Parquet files: several of the same columns are read as one. */
@Injectable()
export class ParquetFormat implements Format {
  readonly name = 'parquet';

  async detects([file]: readonly FetchedFile[]): Promise<boolean> {
    if (!file) return false;
    return (await headOf(file.path, PARQUET_MAGIC.length)).toString('latin1') === PARQUET_MAGIC;
  }

  async toTable(input: FormatInput): Promise<TableSource> {
    for (const file of input.files) await checkEnds(file);
    const { source, columns, rowCount } = await readable(input);
    const layout = layoutOf(
      columns.map(({ name, kind, tensor }) => ({ name, kind, ...(tensor && { tensor }) })),
    );
    const values = columns.map(({ name, value }, index) => {
      const stored = layout.columns[index]?.kind === 'INTEGER' ? `CAST(${value} AS INTEGER)` : value;
      return `${stored} AS ${quoteName(name)}`;
    });
    const table = {
      ...layout,
      query: `SELECT ${values.join(', ')} FROM ${source}`,
      rowCount,
      droppedRowCount: 0,
    };
    return asDescribed(input.connection, table, input.recipe);
  }
}

/** Whatever DuckDB cannot read is a broken file: paths of this machine do not get into the message. */
async function readable({ connection, files, signal }: FormatInput): Promise<ReadableFiles> {
  try {
    return await readOnce(connection, files);
  } catch (error) {
    const isForeign = error instanceof Error && !(error instanceof DomainError);
    if (!isForeign || signal.aborted || error.message.startsWith('Out of Memory Error')) throw error;
    const file = files.find(({ path }) => error.message.includes(path)) ?? files[0];
    const [line = ''] = error.message.split('\n');
    const reason = files.reduce((text, { path, name }) => text.replaceAll(path, name), line);
    throw parquetBroken(file?.name ?? '', reason.slice(0, REASON_CHARACTERS), error);
  }
}

/** A table of images or tensors that comes back is one again. */
function layoutOf(columns: readonly TableColumn[]): Pick<TableSource, 'kind' | 'columns'> {
  const [first] = columns;
  const isIndexed = first?.name === 'index' && first.kind === 'BIGINT';
  const hasTensors = isIndexed && columns.some(({ kind }) => kind === 'LIST');
  return imageTable(columns) ?? { kind: hasTensors ? 'tensors' : 'table', columns };
}
