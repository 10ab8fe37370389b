import { syncs } from '@aimass/contracts';
import type { SyncState } from './sync-state.js';
import type { Sync, SyncTrigger } from './sync.entity.js';

const STATES = {
  queued: syncs.SyncState.QUEUED,
  fetching: syncs.SyncState.FETCHING,
  importing: syncs.SyncState.IMPORTING,
  succeeded: syncs.SyncState.SUCCEEDED,
  unchanged: syncs.SyncState.UNCHANGED,
  failed: syncs.SyncState.FAILED,
  cancelled: syncs.SyncState.CANCELLED,
} as const satisfies Record<SyncState, syncs.SyncState>;

const TRIGGERS = {
  request: syncs.SyncTrigger.REQUEST,
  schedule: syncs.SyncTrigger.SCHEDULE,
} as const satisfies Record<SyncTrigger, syncs.SyncTrigger>;

export function toSyncProto(sync: Sync): syncs.Sync {
  return {
    id: sync.id,
    sourceId: sync.sourceId ?? '',
    uploadId: sync.uploadId ?? '',
    parentVersionId: sync.parentVersionId ?? '',
    datasetId: sync.datasetId ?? '',
    datasetName: sync.datasetName,
    trigger: TRIGGERS[sync.trigger],
    recipeJson: JSON.stringify(sync.recipe),
    state: STATES[sync.state],
    fetchedBytes: sync.fetchedBytes,
    importedRows: sync.importedRows,
    error: sync.error ? { code: sync.error.code, message: sync.error.message } : undefined,
    datasetVersionId: sync.datasetVersionId ?? '',
    fetchedSha256: sync.fetchedSha256 ?? '',
    attempts: sync.attempts,
    createdAt: sync.createdAt,
    startedAt: sync.startedAt ?? undefined,
    finishedAt: sync.finishedAt ?? undefined,
  };
}
