import { modelRegistry } from '@aimass/contracts';
import { describe, expect, it } from 'vitest';
import { Deployment } from './deployment.entity.js';
import { toDeployedVersion, toDeploymentProto } from './deployment.mapping.js';
import type { DeployedVersion } from './variant.js';

const registered = (lineage: Partial<modelRegistry.Lineage> | undefined) =>
  toDeployedVersion(
    modelRegistry.ModelVersion.fromPartial({
      id: 'mv_1',
      ...(lineage && { lineage }),
      ...{ signature: {}, manifest: {} },
    }),
  );

const hasLineage = (version: DeployedVersion) =>
  toDeploymentProto(Deployment.create('org_1', 'a', [{ name: 'v1', weight: 1, version }])).variants[0]
    ?.hasLineage;

describe('a version comes from somewhere', () => {
  it('when a job made it or its owner names a source, and not otherwise', () => {
    expect(hasLineage(registered({ jobId: 'job_1' }))).toBe(true);
    expect(hasLineage(registered({ source: 'https://example.com' }))).toBe(true);
    expect(hasLineage(registered({}))).toBe(false);
    expect(hasLineage(registered(undefined))).toBe(false);
  });

  it('when it was deployed before that was kept, since only jobs made versions then', () => {
    const { hasLineage: _, ...old } = registered({});
    expect(hasLineage(old)).toBe(true);
  });
});
