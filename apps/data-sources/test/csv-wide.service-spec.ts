import { eventually } from '@aimass/testing';
import { expect, it } from 'vitest';
import { configSchema } from '../src/config.js';
import { organizationId, plain, preview, send, service, useService } from './harness.js';
import { wideText } from './wide-text.js';

const COLUMNS = 10_000;
/** A busy machine takes some times the half minute that it takes alone. */
const IMPORT_MS = 150_000;

useService({ TABLE_MEMORY_MB: configSchema.shape.TABLE_MEMORY_MB.parse(undefined) });

it(
  'imports and measures ten thousand columns with the memory that a table has unless told',
  async () => {
    const { id: uploadId } = await send(wideText(COLUMNS, 20));
    const request = { ...plain, organizationId, requestId: '', name: 'wide', uploadId };
    await service.client.createDataset(request, { deadlineMs: 60_000 });
    const version = await eventually(async () => {
      const asked = { organizationId, dataset: 'wide', number: 1, versionId: '' };
      return (await service.client.getDatasetVersion(asked)).version;
    }, IMPORT_MS);
    expect(version.rowCount).toBe('20');
    expect(version.columns.length).toBe(COLUMNS);
    expect(version.columns[9_999]).toMatchObject({ name: 'c9999', min: '0', max: '189981' });
    const { rows } = await preview('wide', 1, 2);
    expect(rows[1]?.values.slice(0, 3)).toEqual(['0', '0.143', 'w2']);
  },
  IMPORT_MS,
);
