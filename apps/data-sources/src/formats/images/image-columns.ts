import type { TableColumn, TableSource } from '../format.js';

/** The columns of a table of images, in their order. */
export const IMAGE_COLUMNS: readonly TableColumn[] = [
  { name: 'path', kind: 'VARCHAR' },
  { name: 'label', kind: 'VARCHAR' },
  { name: 'width', kind: 'INTEGER' },
  { name: 'height', kind: 'INTEGER' },
  { name: 'channels', kind: 'INTEGER' },
  { name: 'sha256', kind: 'VARCHAR' },
  { name: 'bytes', kind: 'BLOB' },
];

/** What a table of images is, when these are its columns; null when it is another table. */
export function imageTable(columns: readonly TableColumn[]): Pick<TableSource, 'kind' | 'columns'> | null {
  const isSame =
    columns.length === IMAGE_COLUMNS.length &&
    columns.every(({ name, kind }, index) => {
      const expected = IMAGE_COLUMNS[index];
      return expected?.name === name && expected.kind.replace('INTEGER', 'BIGINT') === kind;
    });
  return isSame ? { kind: 'images', columns: IMAGE_COLUMNS } : null;
}
