import { Cron } from 'croner';
import type { SourceSchedule } from './source.entity.js';
import { scheduleInvalid } from './sources.errors.js';

/** More often would be a stream, not a sync. */
const MIN_EVERY_SECONDS = 60;
const MAX_EVERY_SECONDS = 366 * 24 * 3600;
/** What one cron field may say: `*`, numbers and three-letter names, as ranges, steps and lists of these. */
const CRON_TERM = /(?:\*|(?:\d{1,2}|[A-Za-z]{3})(?:-(?:\d{1,2}|[A-Za-z]{3}))?)(?:\/\d{1,2})?/.source;
const CRON_FIELD = new RegExp(`^${CRON_TERM}(?:,${CRON_TERM})*$`);
const CRON_FIELDS = 5;
const MAX_CRON_CHARACTERS = 200;
const MIN_BACKOFF_SECONDS = 60;
const MAX_BACKOFF_SECONDS = 6 * 3600;

/** Checks a schedule. Throws `schedule_invalid`, also for one that never comes, such as 30 February. */
export function checkSchedule(schedule: SourceSchedule): SourceSchedule {
  if ('cron' in schedule) {
    nextCronInstant(schedule.cron, new Date());
    return schedule;
  }
  const { everySeconds } = schedule;
  if (everySeconds < MIN_EVERY_SECONDS || everySeconds > MAX_EVERY_SECONDS) {
    throw scheduleInvalid(
      'everySeconds',
      `must be between ${MIN_EVERY_SECONDS} and ${MAX_EVERY_SECONDS} seconds`,
    );
  }
  return schedule;
}

/** When a source is read next by itself, given when it was last; null for one that is read on request only. */
export function nextSyncAt(schedule: SourceSchedule | null, last: Date): Date | null {
  if (schedule === null) return null;
  if ('cron' in schedule) return nextCronInstant(schedule.cron, last);
  return new Date(last.getTime() + schedule.everySeconds * 1000);
}

/**
 * As nextSyncAt for a source whose last syncs have all failed, that many: its turns within a time that doubles with
 * each failure, from a minute to six hours, are left out.
 */
export function nextSyncAfterFailures(
  schedule: SourceSchedule | null,
  last: Date,
  failures: number,
): Date | null {
  if (failures === 0) return nextSyncAt(schedule, last);
  const pauseSeconds = Math.min(MIN_BACKOFF_SECONDS * 2 ** (failures - 1), MAX_BACKOFF_SECONDS);
  const resumesAt = new Date(last.getTime() + pauseSeconds * 1000);
  if (schedule !== null && 'everySeconds' in schedule) {
    return new Date(Math.max(last.getTime() + schedule.everySeconds * 1000, resumesAt.getTime()));
  }
  return nextSyncAt(schedule, resumesAt);
}

function nextCronInstant(cron: string, after: Date): Date {
  const fields = cron.split(' ');
  const isWellFormed =
    cron.length <= MAX_CRON_CHARACTERS &&
    fields.length === CRON_FIELDS &&
    fields.every((field) => CRON_FIELD.test(field));
  const next = isWellFormed ? instantAfter(cron, after) : undefined;
  if (next === undefined) {
    throw scheduleInvalid(
      'cron',
      'must be five fields, one space apart: minute, hour, day of month, month, day of week; for example "0 6 * * MON-FRI"',
    );
  }
  if (next === null) throw scheduleInvalid('cron', 'never comes');
  return next;
}

/** Undefined when the expression is not one. */
function instantAfter(cron: string, after: Date): Date | null | undefined {
  try {
    return new Cron(cron, { mode: '5-part', timezone: 'UTC' }).nextRun(after);
  } catch {
    return undefined;
  }
}
