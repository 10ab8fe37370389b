import { describe, expect, it } from 'vitest';
import { assertSignatureFits } from './signature.js';

const signature = (datatype: string) => ({
  inputs: [{ name: 'x', datatype, shape: ['-1', '3'] }],
  outputs: [{ name: 'y', datatype, shape: ['-1', '1'] }],
});

describe('a signature that a caller gives', () => {
  it.each(['FP16', 'BF16'])('may say %s of the FP32 in the model, and not the other way round', (half) => {
    expect(() => assertSignatureFits(signature(half), signature('FP32'), false)).not.toThrow();
    expect(() => assertSignatureFits(signature('FP32'), signature(half), false)).toThrow(
      /is FP32, in the model/u,
    );
  });

  it('may say no other datatype than that of the model', () => {
    expect(() => assertSignatureFits(signature('FP64'), signature('FP32'), false)).toThrow(
      /is FP64, in the model/u,
    );
    expect(() => assertSignatureFits(signature('BF16'), signature('FP64'), false)).toThrow(
      /is BF16, in the model/u,
    );
  });
});
