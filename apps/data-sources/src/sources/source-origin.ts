import type { Origin } from '../connectors/connector.js';
import type { SyncRequest, SyncTrigger } from '../syncs/sync.entity.js';
import type { SourceCredentials } from './source-config.js';
import type { Source } from './source.entity.js';

/** What a sync of the source reads. */
export function originOf(
  { organizationId, config }: Source,
  credentials: SourceCredentials | null,
): Extract<Origin, { config: unknown }> {
  switch (config.kind) {
    case 'http':
      return { kind: 'http', organizationId, config, credentials };
    case 's3':
      return { kind: 's3', organizationId, config, credentials };
    case 'postgres':
      return { kind: 'postgres', organizationId, config, credentials };
  }
}

/** The order for a sync of the source as it is now. */
export function syncRequestOf(source: Source, trigger: SyncTrigger): SyncRequest {
  const { organizationId, id, datasetName, recipe } = source;
  return { organizationId, sourceId: id, datasetName, target: 'any', trigger, recipe };
}
