import { replica } from '@aimass/contracts';
import type { ServedModel, ServedModelState } from '../models/served-model.js';

const { VersionState } = replica;

const STATES: Readonly<Record<ServedModelState, replica.VersionState>> = {
  cold: VersionState.COLD,
  loading: VersionState.LOADING,
  ready: VersionState.READY,
  failed: VersionState.FAILED,
  quarantined: VersionState.QUARANTINED,
  unloaded: VersionState.UNLOADED,
  retired: VersionState.UNLOADED,
};

/** A version as operators see it. */
export function toServedVersionStatus(model: ServedModel): replica.ServedVersionStatus {
  const { spec, state, reason, memoryBytes, loadMs } = model;
  return {
    modelVersionId: spec.id,
    modelName: spec.modelName,
    versionNumber: spec.number,
    state: STATES[state],
    reason,
    memoryBytes: String(state === 'loading' ? 0 : memoryBytes),
    loadMs,
    pinned: model.isPinned,
    statistics: model.statistics.toProto(),
  };
}
