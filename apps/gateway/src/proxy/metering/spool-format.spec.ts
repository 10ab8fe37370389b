import { gatewayEvents } from '@aimass/contracts';
import { describe, expect, it } from 'vitest';
import { frameRecord, readRecord, wholeLength } from './spool-format.js';

const { UsageEvent, UsageRecorded } = gatewayEvents;
const payload = (...ids: string[]) =>
  UsageRecorded.encode({ events: ids.map((id) => UsageEvent.fromPartial({ id })) }).finish();

describe('the spool format', () => {
  it('reads back what was framed', () => {
    const bytes = Buffer.concat([frameRecord(payload('a', 'b'), 2), frameRecord(payload('c'), 1)]);
    const first = readRecord(bytes, 0);
    expect(first?.events).toBe(2);
    const second = readRecord(bytes, first?.end ?? 0);
    expect(UsageRecorded.decode(second?.payload ?? Buffer.alloc(0)).events.map(({ id }) => id)).toEqual([
      'c',
    ]);
    expect(second?.end).toBe(bytes.length);
  });

  it('lets payloads be joined into one message', () => {
    const joined = Buffer.concat([payload('a', 'b'), payload('c')]);
    expect(UsageRecorded.decode(joined).events.map(({ id }) => id)).toEqual(['a', 'b', 'c']);
  });

  it('finds the end of the last whole record, wherever the tail is torn', () => {
    const whole = frameRecord(payload('a', 'b', 'c'), 3);
    const last = frameRecord(payload('d', 'e'), 2);
    for (let kept = 0; kept < last.length; kept++) {
      expect(wholeLength(Buffer.concat([whole, last.subarray(0, kept)]))).toBe(whole.length);
    }
    expect(wholeLength(Buffer.concat([whole, last]))).toBe(whole.length + last.length);
  });

  it('does not accept a record in which any byte changed', () => {
    const record = frameRecord(payload('a', 'b'), 2);
    for (let index = 0; index < record.length; index++) {
      const damaged = Buffer.from(record);
      damaged.writeUInt8(damaged.readUInt8(index) ^ 0x10, index);
      expect(readRecord(damaged, 0)).toBeNull();
    }
  });

  it('takes a tail of zeros, as a power cut leaves it, for torn', () => {
    expect(wholeLength(Buffer.concat([frameRecord(payload('a'), 1), Buffer.alloc(64)]))).toBe(
      frameRecord(payload('a'), 1).length,
    );
  });
});
