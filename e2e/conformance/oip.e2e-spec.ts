import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { newOrganization } from '../support/api.js';
import { loadModels } from './oip/src/load-models.js';
import { Suite } from './oip/src/suite.js';
import type { Target } from './oip/src/suite.js';
import { loadFeatures } from './oip/src/vector.js';

const ALIAS = 'champion';
const features = loadFeatures({ alias: ALIAS });
const headers: Record<string, string> = {};

beforeAll(async () => {
  const { key } = await newOrganization();
  headers['authorization'] = `Bearer ${key}`;
  await loadModels({ url: inject('gatewayUrl'), headers, alias: ALIAS });
});

const servers: [string, Target][] = [
  ['the gateway', { url: inject('gatewayUrl'), hasAlias: true }],
  ['a replica', { url: inject('replicaUrl'), hasAlias: false }],
];

describe.each(servers)('%s and the Open Inference Protocol', (_, target) => {
  // The headers are filled in before the first vector runs.
  const suite = new Suite({ ...target, grpc: new URL(target.url).host, headers, isStrict: true });
  afterAll(() => suite.close());
  const asked = features.filter(({ needs }) => needs !== 'alias' || target.hasAlias === true);

  describe.each(asked.map((feature) => [feature.name, feature] as const))('%s', (_name, feature) => {
    it('is offered', async () => {
      expect(await suite.notOffered(feature)).toBeUndefined();
    });

    it.each(feature.vectors.map((vector) => [vector.name, vector] as const))('%s', async (_text, vector) => {
      expect((await suite.run(vector)).reason).toBeUndefined();
    });
  });
});
