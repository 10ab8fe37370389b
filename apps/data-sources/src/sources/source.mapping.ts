import { type sources } from '@aimass/contracts';
import type { Listing } from '../connectors/connector.js';
import { parseRecipe } from '../recipes/recipe.js';
import type { SourceFailures } from '../syncs/syncs.repository.js';
import type { SourceConfig } from './source-config.js';
import { parseConfig, parseCredentials } from './source-input.js';
import { checkSchedule } from './source-schedule.js';
import type { Source, SourceSchedule } from './source.entity.js';
import type { NewSource, SourceChange } from './sources.service.js';
import { sourceInvalid } from './sources.errors.js';

const POSTGRES_PORT = 5432;

/** The source without anything of its credentials but how to tell them from others. */
export function toSourceProto(source: Source, failures: SourceFailures | undefined): sources.Source {
  const { id, name, datasetName, revision, createdAt, updatedAt } = source;
  return {
    id,
    name,
    datasetName,
    config: toConfigProto(source.config),
    credentialsMask: source.credentials === null ? '' : `**** ${source.credentialsFingerprint}`,
    recipeJson: JSON.stringify(source.recipe),
    schedule: source.schedule ? toScheduleProto(source.schedule) : undefined,
    nextSyncAt: source.nextSyncAt ?? undefined,
    lastSyncId: source.lastSyncId ?? '',
    revision,
    createdAt,
    updatedAt,
    lastError: failures && { code: failures.lastError.code, message: failures.lastError.message },
    failureCount: failures?.count ?? 0,
  };
}

export function toListingProto({ entries, hasMore }: Listing): sources.CheckSourceResponse {
  const toEntry = ({ name, sizeBytes, mediaType }: Listing['entries'][number]): sources.SourceEntry => ({
    name,
    sizeBytes: sizeBytes === null ? undefined : String(sizeBytes),
    mediaType: mediaType ?? '',
  });
  return { entries: entries.map(toEntry), hasMore };
}

/** Throws `invalid` for what is no source. */
export function toNewSource(request: sources.CreateSourceRequest): NewSource {
  const { organizationId, requestId, name, datasetName, credentials, recipeJson, schedule } = request;
  const config = fromConfigProto(request.config);
  return {
    organizationId,
    requestId,
    name,
    datasetName,
    config,
    credentials: credentials ? parseCredentials(credentials, config.kind) : null,
    recipe: parseRecipe(recipeJson),
    schedule: schedule ? fromScheduleProto(schedule) : null,
  };
}

/** Throws `invalid` for what is no change. The kind is that of the source. */
export function toSourceChange(
  request: sources.UpdateSourceRequest,
  kind: SourceConfig['kind'],
): SourceChange {
  const { config, credentials, clearCredentials, recipeJson, schedule, clearSchedule } = request;
  refuseBoth('credentials', credentials, clearCredentials);
  refuseBoth('schedule', schedule, clearSchedule);
  return {
    ...(config ? { config: fromConfigProto(config) } : {}),
    ...(credentials ? { credentials: parseCredentials(credentials, kind) } : {}),
    ...(clearCredentials ? { credentials: null } : {}),
    ...(recipeJson === undefined ? {} : { recipe: parseRecipe(recipeJson) }),
    ...(schedule ? { schedule: fromScheduleProto(schedule) } : {}),
    ...(clearSchedule ? { schedule: null } : {}),
  };
}

function refuseBoth(path: string, value: unknown, isCleared: boolean): void {
  if (value !== undefined && isCleared) {
    throw sourceInvalid([{ path, message: 'cannot be given and taken away at once' }]);
  }
}

function toConfigProto(config: SourceConfig): sources.SourceConfig {
  switch (config.kind) {
    case 'http':
      return {
        config: { $case: 'http', value: { url: config.url, credentialsHeader: config.credentialsHeader } },
      };
    case 's3': {
      const { kind: _, selection, ...rest } = config;
      const value = { ...rest, selection: toCase(selection) };
      return { config: { $case: 's3', value } };
    }
    case 'postgres': {
      const { kind: _, selection, ...rest } = config;
      const value = { ...rest, selection: toCase(selection) };
      return { config: { $case: 'postgres', value } };
    }
  }
}

/** `{ key: 'a' }` as the contract says it. */
function toCase<K extends string>(
  selection: { [P in K]: Record<P, string> }[K],
): { $case: K; value: string } | undefined {
  const [entry] = Object.entries(selection) as [K, string][];
  return entry && { $case: entry[0], value: entry[1] };
}

function fromConfigProto(proto: sources.SourceConfig | undefined): SourceConfig {
  const config = proto?.config;
  if (!config) throw sourceInvalid([{ path: 'config', message: 'is missing: say http, s3 or postgres' }]);
  if (config.$case === 'http') return parseConfig({ kind: 'http', ...config.value });
  const { selection, ...rest } = config.value;
  const selected = { selection: selection ? { [selection.$case]: selection.value } : undefined };
  if (config.$case === 's3') return parseConfig({ kind: 's3', ...rest, ...selected });
  const { port, sslMode } = config.value;
  const defaults = {
    port: port === 0 ? POSTGRES_PORT : port,
    sslMode: sslMode === '' ? 'verify-full' : sslMode,
  };
  return parseConfig({ kind: 'postgres', ...rest, ...defaults, ...selected });
}

function toScheduleProto(schedule: SourceSchedule): sources.SourceSchedule {
  return 'cron' in schedule
    ? { rule: { $case: 'cron', value: schedule.cron } }
    : { rule: { $case: 'everySeconds', value: schedule.everySeconds } };
}

function fromScheduleProto({ rule }: sources.SourceSchedule): SourceSchedule {
  if (!rule) throw sourceInvalid([{ path: 'schedule', message: 'is missing: say everySeconds or cron' }]);
  return checkSchedule(rule.$case === 'cron' ? { cron: rule.value } : { everySeconds: rule.value });
}
