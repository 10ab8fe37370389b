import { randomBytes } from 'node:crypto';
import { eventually } from '@aimass/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  append,
  createUpload,
  digestOf,
  MiB,
  offsetOf,
  organizationId,
  UPLOAD_LIMIT_BYTES,
  UploadsHome,
} from './uploads-harness.js';
import type { UploadsUnderTest } from './uploads-harness.js';

let home: UploadsHome;

beforeAll(async () => {
  home = await UploadsHome.open();
});
afterEach(() => home.stop());
afterAll(() => home.dispose());

const get = ({ service }: UploadsUnderTest, uploadId: string) =>
  service.client.getUpload({ organizationId, uploadId });

/** Imports an upload; the dataset has the upload's name. */
function importUpload({ service }: UploadsUnderTest, uploadId: string) {
  const request = { organizationId, requestId: '', name: uploadId, recipeJson: '', derivedFrom: undefined };
  return service.client.createDataset({ ...request, uploadId }, { deadlineMs: 30_000 });
}

describe('an upload in pieces', () => {
  it('is the file byte for byte once all its bytes are there, and leaves no other files', async () => {
    const under = await home.start();
    const content = randomBytes(3 * MiB + 17);
    const id = await createUpload(under, content.length, {
      filename: 'a.bin',
      metadata: 'filename YS5iaW4=',
    });
    expect(await append(under, [id, 0], content.subarray(0, MiB))).toMatchObject({
      offsetBytes: String(MiB),
      isComplete: false,
      metadata: 'filename YS5iaW4=',
    });
    expect(await append(under, [id, MiB], content.subarray(MiB))).toMatchObject({
      offsetBytes: String(content.length),
      isComplete: true,
      expiresAt: undefined,
    });
    const sha256 = digestOf(content).toString('hex');
    expect((await get(under, id)).upload).toMatchObject({ id, filename: 'a.bin', sha256 });
    expect((await home.readBlob(sha256)).equals(content)).toBe(true);
    expect(await home.partialUploads()).toEqual([]);
  });

  it('may be empty, and is then complete at once', async () => {
    const under = await home.start();
    const id = await createUpload(under, 0);
    expect((await get(under, id)).upload).toMatchObject({
      sizeBytes: '0',
      sha256: digestOf(Buffer.alloc(0)).toString('hex'),
    });
  });

  it('makes no dataset before it is complete, and one after', async () => {
    const under = await home.start();
    const content = Buffer.from('a,b\n1,2\n3,4\n');
    const id = await createUpload(under, content.length);
    await append(under, [id, 0], content.subarray(0, 8));
    const refused = { kind: 'conflict', code: 'data_sources.upload_incomplete' };
    await expect(importUpload(under, id)).rejects.toMatchObject(refused);
    await expect(get(under, id)).rejects.toMatchObject(refused);
    await append(under, [id, 8], content.subarray(8));
    expect((await importUpload(under, id)).version).toMatchObject({ rowCount: '2', uploadId: id });
  });

  it.each([10, 50, 99])(
    'cut at %i percent goes on from there, also under another service',
    async (percent) => {
      const first = await home.start();
      const content = randomBytes(8 * MiB);
      const at = Math.floor((content.length * percent) / 100);
      const id = await createUpload(first, content.length);
      await expect(append(first, [id, 0], content.subarray(0, at), { cut: true })).rejects.toThrow('gone');
      const kept = await offsetOf(first, id);
      expect(kept).toBeLessThanOrEqual(at);
      await expect(get(first, id)).rejects.toMatchObject({ code: 'data_sources.upload_incomplete' });
      await home.stop();

      const second = await home.start();
      expect(await offsetOf(second, id)).toBe(kept);
      expect(await append(second, [id, kept], content.subarray(kept))).toMatchObject({ isComplete: true });
      const { upload } = await get(second, id);
      expect(upload?.sha256).toBe(digestOf(content).toString('hex'));
      expect(await home.partialUploads()).toEqual([]);
    },
  );

  it('holds what services wrote in turns, none of which overwrites another', async () => {
    const [first, second] = [await home.start(), await home.start()];
    const content = randomBytes(4 * MiB);
    const id = await createUpload(first, content.length);
    for (let at = 0, turn = 0; at < content.length; at += MiB, turn++) {
      await append(turn % 2 === 0 ? first : second, [id, at], content.subarray(at, at + MiB));
    }
    expect((await get(first, id)).upload?.sha256).toBe(digestOf(content).toString('hex'));
  });
});

describe('bytes at a wrong offset, too many, or of others', () => {
  it('are refused and change nothing', async () => {
    const under = await home.start();
    const id = await createUpload(under, 10);
    await append(under, [id, 0], Buffer.from('01234'));
    for (const wrong of [0, 4, 6, 10]) {
      await expect(append(under, [id, wrong], Buffer.from('x'))).rejects.toMatchObject({
        kind: 'conflict',
        code: 'data_sources.upload_offset_mismatch',
      });
    }
    await expect(append(under, [id, 5], Buffer.from('567890'))).rejects.toMatchObject({
      code: 'data_sources.upload_size_mismatch',
    });
    await expect(
      append(under, [id, 5], Buffer.from('56789'), { organizationId: 'org_other' }),
    ).rejects.toMatchObject({ code: 'data_sources.upload_not_found' });
    expect(await offsetOf(under, id)).toBe(5);
    await append(under, [id, 5], Buffer.from('56789'));
    expect((await get(under, id)).upload?.sha256).toBe(digestOf(Buffer.from('0123456789')).toString('hex'));
    await expect(append(under, [id, 10], Buffer.from('x'))).rejects.toMatchObject({
      code: 'data_sources.upload_size_mismatch',
    });
    await append(under, [id, 10], Buffer.alloc(0));
  });

  it('are refused at creation when the file is above the limit or its name is no name', async () => {
    const under = await home.start();
    await expect(createUpload(under, UPLOAD_LIMIT_BYTES + 1)).rejects.toMatchObject({
      kind: 'too_large',
      code: 'data_sources.upload_too_large',
    });
    const malformed = { code: 'data_sources.upload_malformed' };
    await expect(createUpload(under, 1, { filename: 'a\nb' })).rejects.toMatchObject(malformed);
    await expect(createUpload(under, 1, { metadata: 'x'.repeat(5_000) })).rejects.toMatchObject(malformed);
  });
});

describe('a checksum', () => {
  it.each(['sha256', 'sha1', 'md5'])('by %s keeps bytes that have it, and no others', async (algorithm) => {
    const under = await home.start();
    const content = randomBytes(MiB);
    const id = await createUpload(under, content.length);
    const half = content.subarray(0, MiB / 2);
    const fields = { checksumAlgorithm: algorithm, checksum: digestOf(half, algorithm) };
    const changed = Buffer.from(half);
    changed.writeUInt8((changed.readUInt8(100) + 1) % 256, 100);
    await expect(append(under, [id, 0], changed, fields)).rejects.toMatchObject({
      code: 'data_sources.upload_checksum_mismatch',
    });
    expect(await offsetOf(under, id)).toBe(0);
    await append(under, [id, 0], half, fields);
    await append(under, [id, MiB / 2], content.subarray(MiB / 2));
    expect((await get(under, id)).upload?.sha256).toBe(digestOf(content).toString('hex'));
  });

  it('of a kind or a length that does not exist is refused', async () => {
    const under = await home.start();
    const id = await createUpload(under, 4);
    for (const checksumAlgorithm of ['crc32', 'sha1', 'constructor']) {
      await expect(
        append(under, [id, 0], Buffer.from('abcd'), { checksumAlgorithm, checksum: Buffer.alloc(4) }),
      ).rejects.toMatchObject({ code: 'data_sources.upload_malformed' });
    }
  });
});

describe('a client that comes again while its lost request still hangs', () => {
  it('ends that request, and hears how many bytes are there for good', async () => {
    const under = await home.start();
    const id = await createUpload(under, 4 * MiB);
    const content = randomBytes(4 * MiB);
    let release = (): void => undefined;
    const hanging = new Promise<void>((resolve) => (release = resolve));
    const lost = expect(hangingAppend(under, id, content.subarray(0, MiB), hanging)).rejects.toMatchObject({
      code: 'data_sources.upload_superseded',
    });
    await eventually(async () => ((await home.partialBytes(id)) > 0 ? true : undefined));
    const kept = await offsetOf(under, id);
    await lost;
    release();
    await append(under, [id, kept], content.subarray(kept));
    expect((await get(under, id)).upload?.sha256).toBe(digestOf(content).toString('hex'));
  });
});

describe('an upload that is not finished', () => {
  it('is gone with its files once it is terminated; a complete one stays', async () => {
    const under = await home.start();
    const id = await createUpload(under, 10);
    await append(under, [id, 0], Buffer.from('01234'));
    const reference = { organizationId, uploadId: id };
    await expect(
      under.uploads.terminateUpload({ ...reference, organizationId: 'org_other' }),
    ).rejects.toMatchObject({ code: 'data_sources.upload_not_found' });
    await under.uploads.terminateUpload(reference);
    await expect(offsetOf(under, id)).rejects.toMatchObject({ code: 'data_sources.upload_not_found' });
    expect(await home.partialUploads()).toEqual([]);
    const complete = await createUpload(under, 1);
    await append(under, [complete, 0], Buffer.from('x'));
    await expect(under.uploads.terminateUpload({ organizationId, uploadId: complete })).rejects.toMatchObject(
      { kind: 'conflict', code: 'data_sources.upload_finished' },
    );
  });

  it('is gone with its files when nothing more has come for long enough', async () => {
    const under = await home.start({ UPLOAD_EXPIRY_SECONDS: 1 });
    const id = await createUpload(under, 10);
    await append(under, [id, 0], Buffer.from('01234'));
    expect(await home.partialUploads()).toEqual([id]);
    await eventually(async () => ((await home.partialUploads()).length === 0 ? true : undefined));
    await expect(offsetOf(under, id)).rejects.toMatchObject({ code: 'data_sources.upload_not_found' });
  });
});

it('keeps memory flat while 256 MiB come in and become a blob', async () => {
  const under = await home.start();
  const block = randomBytes(MiB);
  const sizeBytes = 256 * MiB;
  const warm = await createUpload(under, 32 * MiB);
  await append(
    under,
    [warm, 0],
    Array.from({ length: 32 }, () => block),
  );
  const before = process.memoryUsage().rss;
  let peak = before;
  const watch = setInterval(() => (peak = Math.max(peak, process.memoryUsage().rss)), 20);
  const id = await createUpload(under, sizeBytes);
  const upload = await append(
    under,
    [id, 0],
    Array.from({ length: 256 }, () => block),
  );
  clearInterval(watch);
  expect(upload).toMatchObject({ isComplete: true, offsetBytes: String(sizeBytes) });
  // Client and server share this process. Held whole, the file would add 256 MiB or more.
  expect((peak - before) / MiB).toBeLessThan(64);
});

/** An append whose connection goes silent after its bytes. */
async function hangingAppend(
  { uploads: client }: UploadsUnderTest,
  uploadId: string,
  content: Buffer,
  hanging: Promise<void>,
): Promise<void> {
  const value = {
    organizationId,
    uploadId,
    offsetBytes: '0',
    checksumAlgorithm: '',
    checksum: Buffer.alloc(0),
  };
  async function* requests() {
    yield { part: { $case: 'header' as const, value } };
    yield { part: { $case: 'chunk' as const, value: content } };
    await hanging;
  }
  await client.appendUpload(requests(), { deadlineMs: 60_000 });
}
