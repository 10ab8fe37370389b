import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { loadFeatures } from './vector.js';

const features = loadFeatures();
const vectors = features.flatMap((feature) => feature.vectors);
const models = JSON.parse(
  readFileSync(new URL('../models/models.json', import.meta.url), 'utf8'),
) as readonly { readonly name: string }[];

describe('the vectors', () => {
  it('have names of their own within a feature', () => {
    const names = vectors.map(({ feature, name }) => `${feature}: ${name}`);
    expect(new Set(names).size).toBe(names.length);
  });

  it('need only models that are there, and all of those', () => {
    const needed = new Set(vectors.flatMap((vector) => vector.models));
    expect([...needed].sort()).toEqual(models.map(({ name }) => name).sort());
  });

  it('ask for something in every step', () => {
    for (const { name, steps } of vectors) {
      expect(steps.length, name).toBeGreaterThan(0);
      for (const { http, grpc } of steps) expect(http ?? grpc, name).toBeDefined();
    }
  });

  it('take another prefix of the models and an alias', () => {
    const [alias] = loadFeatures({ prefix: 'team-a-', alias: 'champion' }).find(
      ({ name }) => name === 'aliases',
    )!.vectors;
    expect(alias?.steps[0]?.http?.path).toBe('/v2/models/team-a-linear/versions/champion/infer');
    expect(alias?.models).toEqual(['team-a-linear']);
  });
});
