import { describe, expect, it } from 'vitest';
import { checkSchedule, nextSyncAfterFailures, nextSyncAt } from './source-schedule.js';

const at = (text: string) => new Date(text);
const next = (cron: string, after: string) => nextSyncAt({ cron }, at(after))?.toISOString();

describe('nextSyncAt', () => {
  it.each([
    ['*/15 * * * *', '2026-03-01T10:07:30Z', '2026-03-01T10:15:00.000Z'],
    ['0 6 * * MON-FRI', '2026-02-27T06:00:00Z', '2026-03-02T06:00:00.000Z'],
    ['30 23 31 * *', '2026-02-01T00:00:00Z', '2026-03-31T23:30:00.000Z'],
    ['0 0 29 2 *', '2026-01-01T00:00:00Z', '2028-02-29T00:00:00.000Z'],
    // Summer time begins in much of the world; UTC knows of none.
    ['30 2 * * *', '2026-03-29T02:00:00Z', '2026-03-29T02:30:00.000Z'],
    // Day of month or day of week, as cron has it.
    ['0 0 13 * FRI', '2026-11-06T00:00:00Z', '2026-11-13T00:00:00.000Z'],
    ['0 0 1,15 1-6/2 *', '2026-03-15T00:00:00Z', '2026-05-01T00:00:00.000Z'],
  ])('%s after %s', (cron, after, expected) => {
    expect(next(cron, after)).toBe(expected);
  });

  it('is the interval after the last one, and none without a schedule', () => {
    const last = at('2026-03-01T10:00:00Z');
    expect(nextSyncAt({ everySeconds: 90 }, last)).toEqual(at('2026-03-01T10:01:30Z'));
    expect(nextSyncAt(null, last)).toBeNull();
  });
});

describe('nextSyncAfterFailures', () => {
  const last = at('2026-03-01T10:00:00Z');
  const secondsLater = (schedule: Parameters<typeof nextSyncAfterFailures>[0], failures: number) =>
    ((nextSyncAfterFailures(schedule, last, failures)?.getTime() ?? NaN) - last.getTime()) / 1000;

  it('leaves out turns for a time that doubles with each failure and ends at six hours', () => {
    const every = { everySeconds: 60 };
    expect([0, 1, 2, 3, 6, 9, 40].map((failures) => secondsLater(every, failures))).toEqual([
      60, 60, 120, 240, 1920, 15_360, 21_600,
    ]);
    expect([0, 1, 3].map((failures) => secondsLater({ cron: '* * * * *' }, failures))).toEqual([
      60, 120, 300,
    ]);
  });

  it('changes nothing for a source that is read seldom', () => {
    expect(secondsLater({ everySeconds: 86_400 }, 40)).toBe(86_400);
    expect(nextSyncAfterFailures({ cron: '0 6 * * *' }, last, 5)).toEqual(at('2026-03-02T06:00:00Z'));
    expect(nextSyncAfterFailures(null, last, 5)).toBeNull();
  });
});

describe('checkSchedule', () => {
  it.each([
    '',
    '* * * *',
    '* * * * * *',
    '@daily',
    '0 0 L * *',
    '0 0 15W * *',
    '0 0 * * MON#2',
    '60 * * * *',
    '0 24 * * *',
    '0 0 0 * *',
    '5-1 * * * *',
    '*/0 * * * *',
    '* * * * MOO',
    '0  0 * * *',
    '0\n0 * * *',
    '0 0 30 2 *',
    `${'1,'.repeat(100)}1 * * * *`,
  ])('refuses %j', (cron) => {
    expect(() => checkSchedule({ cron })).toThrow(
      expect.objectContaining({ kind: 'invalid', code: 'data_sources.schedule_invalid' }),
    );
  });

  it('refuses intervals below a minute and above a year', () => {
    for (const everySeconds of [0, 59, 366 * 86_400 + 1]) {
      expect(() => checkSchedule({ everySeconds })).toThrow('schedule');
    }
    expect(checkSchedule({ everySeconds: 60 })).toEqual({ everySeconds: 60 });
  });
});
