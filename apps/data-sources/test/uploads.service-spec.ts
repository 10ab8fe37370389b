import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { dataSources } from '@aimass/contracts';
import { eventually } from '@aimass/testing';
import { describe, expect, it } from 'vitest';
import {
  MiB,
  UPLOAD_LIMIT_BYTES,
  blobPath,
  countRows,
  header,
  home,
  organizationId,
  send,
  service,
  sha256,
  stranger,
  uploaded,
  streamOf,
  useService,
} from './harness.js';

useService();

describe('GetUpload', () => {
  it('finds an upload of the organization, and no other', async () => {
    const upload = await send(`x\n${randomUUID()}\n`);
    const get = (organization: string, uploadId: string) =>
      service.client.getUpload({ organizationId: organization, uploadId });
    expect((await get(organizationId, upload.id)).upload).toEqual(upload);
    const absent = { kind: 'not_found', code: 'data_sources.upload_not_found' };
    await expect(get(stranger, upload.id)).rejects.toMatchObject(absent);
    await expect(get(organizationId, 'upl_absent')).rejects.toMatchObject(absent);
  });
});

describe('Upload', () => {
  it('stores a file under its digest', async () => {
    const upload = await send('a,b\n1,2\n');
    expect(upload).toMatchObject({ filename: 'table.csv', sizeBytes: '8', sha256: sha256('a,b\n1,2\n') });
    expect(await readFile(blobPath(upload.sha256), 'utf8')).toBe('a,b\n1,2\n');
  });

  it('accepts what was announced, and refuses a cut, longer or changed file, keeping nothing', async () => {
    const text = `x\n${randomUUID()}\n`;
    const header = { expectedSha256: sha256(text), expectedSizeBytes: String(text.length) };
    expect(await send(text, header)).toMatchObject({ sha256: sha256(text) });
    const before = await countRows('upload');
    const cut = text.slice(0, -3);
    await expect(send(cut, header)).rejects.toMatchObject({
      kind: 'invalid',
      code: 'data_sources.upload_cut',
    });
    await expect(send(`${text}x`, header)).rejects.toMatchObject({
      code: 'data_sources.upload_size_mismatch',
    });
    const changed = text.replace('x', 'y');
    await expect(send(changed, header)).rejects.toMatchObject({
      code: 'data_sources.upload_digest_mismatch',
    });
    expect(await countRows('upload')).toBe(before);
    for (const content of [cut, `${text}x`, changed])
      expect(existsSync(blobPath(sha256(content)))).toBe(false);
  });

  it('refuses a stream without a header, a second header, a chunk above 1 MiB and a bad filename', async () => {
    const chunk = (value: Buffer): dataSources.UploadRequest => ({ part: { $case: 'chunk', value } });
    const malformed = { kind: 'invalid', code: 'data_sources.upload_malformed' };
    await expect(service.client.upload(streamOf([]))).rejects.toMatchObject(malformed);
    await expect(service.client.upload(streamOf([chunk(Buffer.from('x'))]))).rejects.toMatchObject(malformed);
    await expect(service.client.upload(streamOf([header({}), header({})]))).rejects.toMatchObject(malformed);
    const large = streamOf([header({}), chunk(Buffer.alloc(MiB + 1))]);
    await expect(service.client.upload(large)).rejects.toMatchObject(malformed);
    await expect(send('x', { filename: 'a\nb' })).rejects.toMatchObject(malformed);
    await expect(send('x', { expectedSha256: 'XYZ' })).rejects.toMatchObject(malformed);
  });

  it('stores nothing of an upload that its client gives up on', async () => {
    const before = await countRows('upload');
    function* failing(): Generator<dataSources.UploadRequest> {
      yield header({ filename: 'given-up.csv' });
      for (let count = 0; count < 8; count++)
        yield { part: { $case: 'chunk', value: Buffer.alloc(MiB, 97) } };
      throw new Error('the client is gone');
    }
    await expect(service.client.upload(streamOf(failing()))).rejects.toThrow('the client is gone');
    await eventually(async () =>
      (await readdir(join(home, 'blobs', 'tmp')).catch(() => [])).length === 0 ? true : undefined,
    );
    // The server has let go of the first upload; a second one after it gives a record of it time to show.
    await send('x\n1\n');
    expect(await countRows('upload')).toBe(before + 1);
  });

  it('keeps memory flat while 64 MiB and more come in', async () => {
    await sendLarge(32);
    const before = process.memoryUsage().rss;
    let peak = before;
    const upload = await sendLarge(128, () => (peak = Math.max(peak, process.memoryUsage().rss)));
    expect(upload.sizeBytes).toBe(String(128 * MiB));
    // Client and server share this process. Buffered whole, the file would add 128 MiB or more.
    expect((peak - before) / MiB).toBeLessThan(48);
  });

  it('refuses a file above the limit while it streams, and at once when its size was announced', async () => {
    const before = await countRows('upload');
    let sent = 0;
    const refused = { kind: 'too_large', code: 'data_sources.upload_too_large' };
    await expect(sendLarge(1024, () => (sent += 1))).rejects.toMatchObject(refused);
    expect(sent).toBeLessThan(400);
    await expect(send('x', { expectedSizeBytes: String(UPLOAD_LIMIT_BYTES + 1) })).rejects.toMatchObject(
      refused,
    );
    expect(await countRows('upload')).toBe(before);
  });
});

async function sendLarge(
  mebibytes: number,
  onChunk: () => void = () => undefined,
): Promise<dataSources.Upload> {
  function* large(): Generator<dataSources.UploadRequest> {
    yield header({ filename: 'large.csv' });
    for (let count = 0; count < mebibytes; count++) {
      onChunk();
      yield { part: { $case: 'chunk', value: Buffer.alloc(MiB, count) } };
    }
  }
  return uploaded(await service.client.upload(streamOf(large()), { deadlineMs: 60_000 }));
}
