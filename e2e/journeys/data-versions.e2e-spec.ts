import { createHash } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { must, newOrganization } from '../support/api.js';
import type { Api, Json } from '../support/api.js';

const ROWS = 400;

/** Houses: an id, a size of noise, a price that goes with it, a town. */
function houses(first: number, shift = 0): string {
  const lines = Array.from({ length: ROWS }, (_, index) => {
    const id = first + index;
    const size = 120 + 60 * Math.sin(id * 12.9898) + shift;
    return `${id},${size},${3 * size + 20 * Math.cos(id * 78.233)},${id % 4 === 0 ? '"Ulm, old"' : 'Bonn'}`;
  });
  return `id,size,price,town\n${lines.join('\n')}\n`;
}

let api: Api;

/** A list in an answer. */
const listOf = (json: Json): Json[] => json as Json[];

beforeAll(async () => {
  api = await newOrganization();
  await must(api.importCsv('houses', houses(0)), 201);
  const upload = await must(api.upload(houses(100, 90)), 201);
  await must(
    api.post('/datasets/houses/versions', {
      uploadId: upload.body.id as string,
      recipe: { target: 'price' },
    }),
    201,
  );
});

async function bytes(path: string, headers: Readonly<Record<string, string>> = {}) {
  const response = await fetch(`${api.baseUrl}/api/v1${path}`, {
    headers: { authorization: `Bearer ${api.key}`, ...headers },
  });
  return { response, content: Buffer.from(await response.arrayBuffer()) };
}

const sha256 = (content: Buffer) => createHash('sha256').update(content).digest();

describe('what a team sees of two versions of its data', () => {
  it('is how the values of every column are spread', async () => {
    const { body } = await must(api.get('/datasets/houses/versions/1/profile'), 200);
    expect(body.rowCount).toBe(String(ROWS));
    const [id, , , town] = body.columns;
    expect(id.column).toMatchObject({ name: 'id', type: 'COLUMN_TYPE_INTEGER', min: '0', max: '399' });
    expect(id.histogram).toHaveLength(20);
    expect(id.topValues).toEqual([]);
    expect(town.topValues).toEqual([
      { value: 'Bonn', count: '300' },
      { value: 'Ulm, old', count: '100' },
    ]);
  });

  it('is what is wrong with the newer one, against the older', async () => {
    const { body } = await must(api.get('/datasets/houses/versions/2/quality'), 200);
    expect(body).toMatchObject({ comparedWith: 1, rowCount: String(ROWS), sampledRowCount: String(ROWS) });
    const found = (check: string) => listOf(body.findings).filter((one) => one.check === check);
    expect(found('target_leakage')).toMatchObject([
      { severity: 'QUALITY_SEVERITY_WARNING', columns: ['size'] },
    ]);
    expect(found('drift').map((one) => one.columns[0] as string)).toEqual(
      expect.arrayContaining(['size', 'price']),
    );
    expect(found('drift')[0].advice).toContain('diff');
    const { body: version } = await must(api.get('/datasets/houses/versions/2'), 200);
    expect(version.quality.warningCount).toBeGreaterThanOrEqual(3);
  });

  it('is what changed from the one to the other', async () => {
    const { body } = await must(api.get('/datasets/houses/versions/2/diff?against=1'), 200);
    expect(body).toMatchObject({
      against: 1,
      rowCount: '400',
      againstRowCount: '400',
      addedRowCount: '400',
      keptRowCount: '0',
    });
    expect(listOf(body.columns).map((one) => [one.name, one.change] as unknown[])).toEqual([
      ['id', 'COLUMN_CHANGE_CHANGED'],
      ['size', 'COLUMN_CHANGE_CHANGED'],
      ['price', 'COLUMN_CHANGE_CHANGED'],
      ['town', 'COLUMN_CHANGE_SAME'],
    ]);
    expect(body.columns[1].stabilityIndex).toBeGreaterThan(0.25);
    expect(body.addedSamples).toHaveLength(20);
    expect((await api.get('/datasets/houses/versions/2/diff')).status).toBe(400);
    expect((await api.get('/datasets/houses/versions/2/diff?against=7')).status).toBe(404);
  });

  it('is where they came from and what was made of them', async () => {
    const ratios = { train: 0.8, validation: 0.1, test: 0.1 };
    const split = await must(api.post('/datasets/houses/versions/1/splits', { ratios, seed: 3 }), 201);
    const { body } = await must(api.get('/datasets/houses/versions/1/lineage'), 200);
    expect(body).toMatchObject({ kind: 'upload', children: [{ kind: 'split', id: split.body.id }] });
    expect(body.fetchedSha256).toBe(sha256(Buffer.from(houses(0))).toString('hex'));
    expect((await must(api.get(`/syncs/${body.syncId as string}`), 200)).body.state).toBe(
      'SYNC_STATE_SUCCEEDED',
    );
  });

  it('are rows from anywhere, as text and as JSON values', async () => {
    const { body } = await must(api.get('/datasets/houses/versions/1/preview?offset=4&limit=1'), 200);
    expect(body.rows[0].values).toEqual(['4', expect.any(String), expect.any(String), 'Ulm, old']);
    expect(body.typedRows[0]).toEqual([4, expect.any(Number), expect.any(Number), 'Ulm, old']);
  });

  it('is nothing for others', async () => {
    const stranger = await newOrganization();
    for (const what of ['profile', 'quality', 'lineage', 'diff?against=1', 'download']) {
      expect((await stranger.get(`/datasets/houses/versions/1/${what}`)).status).toBe(404);
    }
  });
});

describe('data with errors', () => {
  it('is refused where the recipe says so, with all errors, and no version is there', async () => {
    const upload = await must(
      api.upload(
        houses(0)
          .replace('town\n', 'town,copy\n')
          .replaceAll(/^(\d.*),([\d.e-]+),(.*)$/gm, '$1,$2,$3,$2'),
      ),
      201,
    );
    const recipe = { target: 'price', failOn: 'error' };
    const answer = await api.post('/datasets', {
      name: 'leaking',
      uploadId: upload.body.id as string,
      recipe,
    });
    expect(answer.status, answer.text).toBe(422);
    expect(answer.body).toMatchObject({
      code: 'data_sources.quality_refused',
      errors: [{ path: 'target_leakage.copy' }],
    });
    expect((await api.get('/datasets/leaking')).status).toBe(404);
  });
});

describe('a download', () => {
  const path = '/datasets/houses/versions/1/download';

  it('of Parquet can be checked, cached, and taken in parts', async () => {
    const { response, content } = await bytes(path);
    const { body: version } = await must(api.get('/datasets/houses/versions/1'), 200);
    const digest = `sha-256=:${sha256(content).toString('base64')}:`;
    expect(sha256(content).toString('hex')).toBe(version.sha256);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'application/vnd.apache.parquet',
      'content-length': String(content.length),
      'content-disposition': 'attachment; filename="houses-1.parquet"',
      'content-digest': digest,
      'repr-digest': digest,
      'accept-ranges': 'bytes',
      etag: `"${version.sha256 as string}"`,
    });
    const etag = response.headers.get('etag') ?? '';
    expect((await bytes(path, { 'if-none-match': etag })).response.status).toBe(304);

    const part = await bytes(path, { range: 'bytes=4-', 'if-range': etag });
    expect(part.response.status).toBe(206);
    expect(part.response.headers.get('content-range')).toBe(
      `bytes 4-${content.length - 1}/${content.length}`,
    );
    expect(part.response.headers.get('content-digest')).toBeNull();
    expect(part.content).toEqual(content.subarray(4));
    expect((await bytes(path, { range: 'bytes=4-', 'if-range': '"other"' })).response.status).toBe(200);

    const beyond = await bytes(path, { range: `bytes=${content.length}-` });
    expect(beyond.response.status).toBe(416);
    expect(beyond.response.headers.get('content-range')).toBe(`bytes */${content.length}`);
  });

  it('of CSV is the rows that went in, quoted where RFC 4180 says', async () => {
    const { response, content } = await bytes(`${path}?format=csv`);
    expect(response.headers.get('content-type')).toBe('text/csv; charset=utf-8; header=present');
    // Doubles keep their point, so that they are doubles when they are read again.
    const expected = houses(0).replace('0,120,380,', '0,120.0,380.0,');
    expect(content.toString()).toBe(expected.replaceAll('\n', '\r\n'));
    const tag = response.headers.get('etag') ?? '';
    expect((await bytes(`${path}?format=csv`, { 'if-none-match': tag })).response.status).toBe(304);
  });

  it('of Arrow is an IPC stream', async () => {
    const { response, content } = await bytes(`${path}?format=arrow`);
    expect(response.headers.get('content-type')).toBe('application/vnd.apache.arrow.stream');
    // A stream begins with a continuation marker and ends with it and a length of 0.
    expect(content.readInt32LE(0)).toBe(-1);
    expect([content.readInt32LE(content.length - 8), content.readInt32LE(content.length - 4)]).toEqual([
      -1, 0,
    ]);
  });

  it('of a format or version that is not there is refused before anything is sent', async () => {
    expect((await api.get(`${path}?format=xlsx`)).status).toBe(400);
    expect((await api.get('/datasets/houses/versions/9/download')).status).toBe(404);
  });
});
