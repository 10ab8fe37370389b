import type { DomainError } from '@aimass/platform-errors';
import { describe, expect, it } from 'vitest';
import { assertVariantSpecs, toVariants } from './variant.js';
import type { DeployedVersion, VariantSpec } from './variant.js';

const spec = (change: Partial<VariantSpec> = {}): VariantSpec => ({
  name: '',
  model: 'faithful',
  version: '1',
  weight: 1,
  ...change,
});

const SERVING = { maxBatchRows: 8, batchDelayUs: 0, priority: 1, maxQueueMs: 0, pinned: true };

const version = (number: number): DeployedVersion => ({
  id: `mv_${number}`,
  modelId: 'mdl_1',
  modelName: 'faithful',
  number,
  engine: 'tensorflow',
  format: 'tfjs-layers',
  signature: { inputs: [], outputs: [] },
  manifest: { files: [], sha256: '' },
});

/** Paths of the violations that a check finds. */
function pathsOf(check: () => unknown): string[] {
  try {
    check();
  } catch (error) {
    return (error as DomainError).violations.map((violation) => violation.path);
  }
  return [];
}

describe('assertVariantSpecs', () => {
  it.each([
    ['no variant', [], ['variants']],
    ['more than 20 variants', Array.from({ length: 21 }, () => spec()), ['variants']],
    ['weights that are all 0', [spec({ weight: 0 }), spec({ weight: 0 })], ['variants']],
    ['a weight above 1,000,000', [spec({ weight: 1_000_001 })], ['variants[0].weight']],
    ['no version', [spec({ version: '' })], ['variants[0].version']],
    ['no model with a number', [spec({ model: '' })], ['variants[0].model']],
    ['a doubled name', [spec({ name: 'a' }), spec({ name: 'a' })], ['variants[1].name']],
    ['a name that is none', [spec({ name: 'a b' })], ['variants[0].name']],
    [
      'a batch of too many rows',
      [spec({ serving: { ...SERVING, maxBatchRows: 65_537 } })],
      ['variants[0].serving.maxBatchRows'],
    ],
    ['several at once', [spec({ version: '', weight: 2e6 })], ['variants[0].version', 'variants[0].weight']],
  ])('refuses %s', (_, specs, paths) => {
    expect(pathsOf(() => assertVariantSpecs(specs))).toEqual(paths);
  });

  it('accepts the bounds: 20 variants, weights 0 and 1,000,000, a version id without a model', () => {
    const specs = [spec({ weight: 0 }), spec({ weight: 1_000_000 }), spec({ model: '', version: 'mv_1' })];
    expect(
      pathsOf(() => assertVariantSpecs([...specs, ...Array.from({ length: 17 }, () => spec())])),
    ).toEqual([]);
  });
});

describe('toVariants', () => {
  it('keeps how a variant is to be served', () => {
    const variants = toVariants([spec({ serving: SERVING }), spec()], [version(1), version(2)]);
    expect(variants.map(({ serving }) => serving)).toEqual([SERVING, undefined]);
  });

  it('names the unnamed after their version', () => {
    const variants = toVariants(
      [spec({ weight: 80 }), spec({ name: 'candidate', weight: 20 })],
      [version(1), version(2)],
    );
    expect(variants.map(({ name, weight }) => [name, weight])).toEqual([
      ['v1', 80],
      ['candidate', 20],
    ]);
  });

  it('refuses a version that appears twice without names of its own, also behind an alias', () => {
    const specs = [spec({ version: '1' }), spec({ version: 'production' })];
    expect(pathsOf(() => toVariants(specs, [version(1), version(1)]))).toEqual(['variants[1].name']);
  });
});
