import { readFile } from 'node:fs/promises';
import type { GatewayClient } from '../gateway-client.js';
import type { DatasetVersion, Split } from './api-types.js';
import type { Narrator } from './narrator.js';

/** What the first step leaves. */
export interface ImportedData {
  readonly version: DatasetVersion;
  readonly split: Split;
  /** Rows per part. */
  readonly rows: Readonly<Record<'train' | 'validation' | 'test', number>>;
}

/** Imports the eruptions of Old Faithful, shows what they look like, and splits them 70/15/15. */
export async function importData(client: GatewayClient, say: Narrator): Promise<ImportedData> {
  const csv = new Uint8Array(await readFile(new URL('../../old-faithful.csv', import.meta.url)));
  const upload = await client.upload<{ id: string }>('/uploads?filename=old-faithful.csv', csv);
  const created = await client.post<{ version: DatasetVersion }>('/datasets', {
    name: 'old-faithful',
    uploadId: upload.id,
  });
  const { version } = created;
  say.line(`${version.rowCount} rows`);
  for (const column of version.columns) {
    const { name, type, min, max, mean, standardDeviation } = column;
    say.line(
      `${name}: ${type.replace('COLUMN_TYPE_', '').toLowerCase()}, ${min} to ${max}, mean ${mean.toFixed(3)}, sd ${standardDeviation.toFixed(3)}`,
    );
  }
  const ratios = { train: 0.7, validation: 0.15, test: 0.15 };
  const split = await client.post<Split>('/datasets/old-faithful/versions/1/splits', { ratios, seed: 7 });
  const rows = { train: 0, validation: 0, test: 0 };
  for (const part of split.parts) rows[part.name] = Number(part.rowCount);
  say.line(`split with seed 7: ${rows.train} train, ${rows.validation} validation, ${rows.test} test`);
  return { version, split, rows };
}
