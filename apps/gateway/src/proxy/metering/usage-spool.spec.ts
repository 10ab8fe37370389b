import { gatewayEvents } from '@aimass/contracts';
import { appendFileSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readBatch } from './batch-reader.js';
import { messageId } from './usage-shipper.js';
import { UsageSpool } from './usage-spool.js';

const quiet = { log: () => undefined, warn: () => undefined, error: () => undefined };
const tuning = { segmentBytes: 1024 * 1024, segmentMs: 60_000, isSpoolSynced: false };
const event = (id: string) => gatewayEvents.UsageEvent.fromPartial({ id, quantity: 1 });
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'aimass-spool-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const append = (spool: UsageSpool, id: string) =>
  new Promise<Error | null>((resolve) => spool.append(event(id), resolve));

async function readAll(spool: UsageSpool): Promise<string[]> {
  const ids: string[] = [];
  for (const segment of spool.segments()) {
    for (let start = 0; start < segment.length;) {
      const batch = await readBatch(segment, start);
      if (!batch) throw new Error('damaged');
      ids.push(...gatewayEvents.UsageRecorded.decode(batch.message).events.map(({ id }) => id));
      start = batch.end;
    }
  }
  return ids;
}

describe('UsageSpool', () => {
  it('writes all events of a turn as one record, and more than 1,000 as several', async () => {
    const spool = new UsageSpool(folder, tuning, quiet);
    const ids = Array.from({ length: 1_500 }, (_, index) => `event-${index}`);
    expect(await Promise.all(ids.map((id) => append(spool, id)))).toEqual(ids.map(() => null));
    expect(await readAll(spool)).toEqual(ids);
    spool.close();
  });

  it('gives back what an earlier process wrote, minus a torn tail', async () => {
    const before = new UsageSpool(folder, tuning, quiet);
    await append(before, 'a');
    await append(before, 'b');
    before.close();
    const [name = ''] = readdirSync(folder).filter((file) => file.endsWith('.usage'));
    appendFileSync(join(folder, name), Buffer.from([9, 0, 0, 0, 1, 2, 3]));
    const after = new UsageSpool(folder, tuning, quiet);
    await append(after, 'c');
    expect(await readAll(after)).toEqual(['a', 'b', 'c']);
    after.close();
  });

  it('starts a new segment when the open one is large enough', async () => {
    const spool = new UsageSpool(folder, { ...tuning, segmentBytes: 64 }, quiet);
    for (const id of ['a', 'b', 'c', 'd']) await append(spool, id.repeat(40));
    expect(spool.segments().length).toBeGreaterThan(1);
    expect((await readAll(spool)).map((id) => id[0])).toEqual(['a', 'b', 'c', 'd']);
    spool.close();
  });

  it('says that an event is not kept when the disk does not take it, and recovers', async () => {
    const spool = new UsageSpool(folder, tuning, quiet);
    rmSync(folder, { recursive: true });
    writeFileSync(folder, 'not a folder');
    expect(await append(spool, 'lost')).toBeInstanceOf(Error);
    rmSync(folder);
    const again = new UsageSpool(folder, tuning, quiet);
    expect(await append(again, 'kept')).toBeNull();
    expect(await readAll(again)).toEqual(['kept']);
    again.close();
  });

  it('is not shared: a second process on the same folder is told what to do', () => {
    const spool = new UsageSpool(folder, tuning, quiet);
    expect(() => new UsageSpool(folder, tuning, quiet)).toThrow(/SPOOL_DIR of its own/);
    spool.close();
    new UsageSpool(folder, tuning, quiet).close();
  });

  it('takes over the lock of a process that is gone', () => {
    writeFileSync(join(folder, 'lock'), JSON.stringify({ pid: 2 ** 30, started: '1', nonce: 'x' }));
    new UsageSpool(folder, tuning, quiet).close();
  });
});

describe('messageId', () => {
  it('is the same for the same range, another for any other, and a UUID', () => {
    const range = { segment: { id: 's' }, start: 0, end: 10 };
    expect(messageId(range)).toBe(messageId({ ...range }));
    expect(messageId(range)).not.toBe(messageId({ ...range, end: 11 }));
    expect(messageId(range)).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });
});
