import { createHash, randomBytes } from 'node:crypto';
import { Upload } from 'tus-js-client';
import type { DetailedError, UploadOptions } from 'tus-js-client';
import { beforeAll, describe, expect, it } from 'vitest';
import { must, newOrganization } from '../support/api.js';
import type { Answer, Api } from '../support/api.js';
import { startCuttingProxy } from '../support/cutting-proxy.js';
import { UPLOAD_LIMIT_BYTES } from '../support/global-platform.js';

const VERSION = { 'tus-resumable': '1.0.0' };
const BYTES = { ...VERSION, 'content-type': 'application/offset+octet-stream' };
let api: Api;

beforeAll(async () => {
  api = await newOrganization();
});

/** Uploads with the real client, through whatever address is given; resolves to the id. */
function uploadWithClient(
  baseUrl: string,
  content: Buffer,
  options: Partial<UploadOptions> = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    const upload = new Upload(content, {
      endpoint: `${baseUrl}/api/v1/uploads/`,
      headers: { authorization: `Bearer ${api.key}` },
      metadata: { filename: 'größe.csv', filetype: 'text/csv' },
      retryDelays: [50, 50, 100, 200, 400],
      ...options,
      onError: (error: Error | DetailedError) => reject(error),
      onSuccess: () => resolve(upload.url?.split('/').at(-1) ?? ''),
    });
    upload.start();
  });
}

/** Begins an upload; returns its path below /api/v1. */
async function begin(sizeBytes: number): Promise<string> {
  const answer = await must(
    api.request('POST', '/api/v1/uploads/', { headers: { ...VERSION, 'upload-length': String(sizeBytes) } }),
    201,
  );
  expect(answer.text).toBe('');
  return answer.headers.get('location') ?? '';
}

function patch(path: string, offset: number, body: string, headers: Record<string, string> = {}) {
  return api.request('PATCH', path, {
    body,
    headers: { ...BYTES, 'upload-offset': String(offset), ...headers },
  });
}

const head = (path: string, headers: Record<string, string> = VERSION) =>
  api.request('HEAD', path, { headers });

function sha256(content: Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

describe('a file uploaded by tus-js-client', () => {
  it.each([10, 50, 99])(
    'arrives whole over a connection that is cut at %i percent, going on where it was',
    async (percent) => {
      const content = randomBytes(6_000_000);
      const cutAt = (content.length * percent) / 100;
      const proxy = await startCuttingProxy(api.baseUrl, [cutAt]);
      const offsets: number[] = [];
      const id = await uploadWithClient(proxy.url, content, {
        onAfterResponse: (request, response) => {
          if (request.getMethod() === 'HEAD') offsets.push(Number(response.getHeader('upload-offset')));
        },
      });
      expect(proxy.cuts).toBe(1);
      await proxy.close();
      const [kept] = offsets;
      // What was under way when it was cut is lost: some hundred kilobytes in the buffers of four sockets.
      expect(kept).toBeGreaterThan(cutAt - 5_000_000);
      expect(kept).toBeLessThanOrEqual(cutAt + 128 * 1024);
      const { body } = await must(api.get(`/uploads/${id}`), 200);
      expect(body).toMatchObject({ filename: 'größe.csv', sizeBytes: '6000000', sha256: sha256(content) });
    },
  );

  it('becomes a dataset, sent in chunks, with its first bytes at once, or by POST alone', async () => {
    const content = Buffer.from(`a,b\n${'1,2\n'.repeat(1000)}`);
    const ways: Partial<UploadOptions>[] = [
      { chunkSize: 1000 },
      { uploadDataDuringCreation: true },
      { overridePatchMethod: true },
    ];
    for (const [index, way] of ways.entries()) {
      const uploadId = await uploadWithClient(api.baseUrl, content, way);
      const made = await must(api.post('/datasets', { name: `tus-${index}`, uploadId }), 201);
      expect(made.body.version.rowCount).toBe('1000');
    }
  });

  it('can be taken back while it is under way', async () => {
    const path = await begin(10);
    await must(patch(path, 0, '01234'), 204);
    await Upload.terminate(`${api.baseUrl}${path}`, { headers: { authorization: `Bearer ${api.key}` } });
    expect((await head(path)).status).toBe(404);
  });

  it('is refused when it is above the limit', async () => {
    const content = Buffer.alloc(UPLOAD_LIMIT_BYTES + 1);
    await expect(uploadWithClient(api.baseUrl, content)).rejects.toMatchObject({
      message: expect.stringContaining('413') as string,
    });
  });
});

describe('an upload under way', () => {
  it('tells how far it is, and is no file before its last byte', async () => {
    const path = await begin(10);
    const added = await must(patch(path, 0, '01234'), 204);
    expect(added.headers.get('upload-offset')).toBe('5');
    expect(Date.parse(added.headers.get('upload-expires') ?? '')).toBeGreaterThan(Date.now());
    const told = await must(head(path), 200);
    expect(Object.fromEntries(told.headers)).toMatchObject({
      'tus-resumable': '1.0.0',
      'upload-offset': '5',
      'upload-length': '10',
      'cache-control': 'no-store',
    });
    const id = path.split('/').at(-1) ?? '';
    const refused = { status: 409, body: { code: 'data_sources.upload_incomplete' } };
    expect(await api.post('/datasets', { name: 'half', uploadId: id })).toMatchObject(refused);
    expect(await api.get(`/uploads/${id}`)).toMatchObject(refused);
    await must(patch(path, 5, '56789'), 204);
    const { body } = await must(api.get(`/uploads/${id}`), 200);
    expect(body.sha256).toBe(sha256(Buffer.from('0123456789')));
  });

  it('belongs to its organization', async () => {
    const path = await begin(10);
    const other = await newOrganization();
    expect((await other.request('HEAD', path, { headers: VERSION })).status).toBe(404);
    expect((await other.request('DELETE', path, { headers: VERSION })).status).toBe(404);
    expect((await head(path)).status).toBe(200);
    expect((await api.withKey('am_wrong').request('HEAD', path, { headers: VERSION })).status).toBe(401);
  });
});

describe('the tus protocol', () => {
  it('describes itself', async () => {
    const answer = await must(api.request('OPTIONS', '/api/v1/uploads/'), 204);
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'tus-resumable': '1.0.0',
      'tus-version': '1.0.0',
      'tus-extension': 'creation,creation-with-upload,termination,expiration,checksum',
      'tus-checksum-algorithm': 'sha256,sha1,md5',
      'tus-max-size': String(UPLOAD_LIMIT_BYTES),
    });
  });

  it('answers each mistake with the status that the protocol has for it, and keeps nothing of it', async () => {
    const path = await begin(10);
    const expectStatus = async (pending: Promise<Answer>, status: number, code: string) => {
      const answer = await pending;
      expect(answer).toMatchObject({ status, body: { code } });
      expect(answer.headers.get('tus-resumable')).toBe('1.0.0');
    };
    await expectStatus(patch(path, 3, 'x'), 409, 'data_sources.upload_offset_mismatch');
    const old = await patch(path, 0, 'x', { 'tus-resumable': '0.2.2' });
    expect(old).toMatchObject({ status: 412, body: { code: 'tus_version_unsupported' } });
    expect(old.headers.get('tus-version')).toBe('1.0.0');
    const octets = { 'content-type': 'application/octet-stream' };
    await expectStatus(patch(path, 0, 'x', octets), 415, 'media_type_unsupported');
    const checksum = (text: string) => createHash('sha1').update(text).digest('base64');
    const wrong = { 'upload-checksum': `sha1 ${checksum('other')}` };
    await expectStatus(patch(path, 0, 'bytes', wrong), 460, 'data_sources.upload_checksum_mismatch');
    await expectStatus(patch(path, 0, 'x', { 'upload-checksum': 'crc32 AAAA' }), 400, 'request_invalid');
    await expectStatus(patch(path, 0, 'x', { 'upload-offset': '-1' }), 400, 'request_invalid');
    await expectStatus(patch(path, 0, 'x'.repeat(11)), 400, 'data_sources.upload_size_mismatch');
    expect((await head(path)).headers.get('upload-offset')).toBe('0');
    await must(patch(path, 0, 'bytes', { 'upload-checksum': `sha1 ${checksum('bytes')}` }), 204);
    const absent = '/api/v1/uploads/upl_absent';
    await expectStatus(patch(absent, 0, 'x'), 404, 'data_sources.upload_not_found');
    const creations: [Record<string, string>, number][] = [
      [{ 'upload-length': String(UPLOAD_LIMIT_BYTES + 1) }, 413],
      [{ 'upload-length': 'ten' }, 400],
      [{ 'upload-defer-length': '1' }, 400],
      [{ 'upload-length': '1', 'upload-metadata': 'filename not~base64' }, 400],
      [{ 'upload-length': '1', 'upload-metadata': 'a YQ==,a Yg==' }, 400],
    ];
    for (const [headers, status] of creations) {
      const answer = await api.request('POST', '/api/v1/uploads/', { headers: { ...VERSION, ...headers } });
      expect([headers, answer.status]).toEqual([headers, status]);
    }
  });
});

it('a file in one body is uploaded as ever, with and without the slash', async () => {
  for (const path of ['/api/v1/uploads', '/api/v1/uploads/', '/api/v1/uploads/?filename=t.csv']) {
    const answer = await api.request('POST', path, {
      body: 'a\n1\n',
      headers: { 'content-type': 'text/csv' },
    });
    expect(answer).toMatchObject({
      status: 201,
      body: { sizeBytes: '4', sha256: sha256(Buffer.from('a\n1\n')) },
    });
    expect(answer.headers.get('tus-resumable')).toBeNull();
  }
});
