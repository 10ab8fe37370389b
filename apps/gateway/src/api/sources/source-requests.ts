import type { sources } from '@aimass/contracts';
import { DomainError } from '@aimass/platform-errors';
import type { CreateSourceBody, ScheduleBody, SourceConfigBody, UpdateSourceBody } from './sources.schema.js';

type NewSource = Omit<sources.CreateSourceRequest, 'organizationId' | 'requestId'>;
type SourceChange = Omit<sources.UpdateSourceRequest, 'organizationId' | 'source' | 'expectedRevision'>;

/** The body of a new source as the contract has it. */
export function toNewSource(body: CreateSourceBody): NewSource {
  return {
    name: body.name,
    datasetName: body.datasetName ?? body.name,
    config: toConfig(body.config),
    credentials: body.credentials,
    recipeJson: body.recipe === undefined ? '' : JSON.stringify(body.recipe),
    schedule: body.schedule && toSchedule(body.schedule),
  };
}

/** The body of an update as the contract has it. */
export function toSourceChange({ config, credentials, recipe, schedule }: UpdateSourceBody): SourceChange {
  return {
    config: config && toConfig(config),
    credentials: credentials ?? undefined,
    clearCredentials: credentials === null,
    recipeJson: recipe && JSON.stringify(recipe),
    schedule: schedule ? toSchedule(schedule) : undefined,
    clearSchedule: schedule === null,
  };
}

/** The revision that an `If-Match` header names; 0 for any. Throws `precondition_failed` for one that never was. */
export function expectedRevision(etag: string): number {
  if (etag === '' || etag === '*') return 0;
  if (/^[1-9]\d{0,8}$/.test(etag)) return Number(etag);
  throw new DomainError(
    'precondition_failed',
    'data_sources.source_moved',
    'If-Match must be the revision of the source as you have read it.',
  );
}

/** The schema lets exactly one kind, and one selection of it, through. */
function toConfig({ http, s3, postgres }: SourceConfigBody): sources.SourceConfig {
  if (http) return { config: { $case: 'http', value: http } };
  if (s3) {
    const { key, prefix, ...rest } = s3;
    const selection =
      key === undefined
        ? ({ $case: 'prefix', value: prefix ?? '' } as const)
        : ({ $case: 'key', value: key } as const);
    return { config: { $case: 's3', value: { ...rest, selection } } };
  }
  if (!postgres) return { config: undefined };
  const { table, query, ...rest } = postgres;
  const selection =
    table === undefined
      ? ({ $case: 'query', value: query ?? '' } as const)
      : ({ $case: 'table', value: table } as const);
  return { config: { $case: 'postgres', value: { ...rest, selection } } };
}

function toSchedule({ everySeconds, cron }: ScheduleBody): sources.SourceSchedule {
  return cron === undefined
    ? { rule: { $case: 'everySeconds', value: everySeconds ?? 0 } }
    : { rule: { $case: 'cron', value: cron } };
}
