import { oip } from '@aimass/contracts';
import { describe, expect, it } from 'vitest';
import { scanInferRequest, streamAnswer, streamError } from './infer-message.js';

const encode = (request: Partial<oip.ModelInferRequest>): Buffer =>
  Buffer.from(oip.ModelInferRequest.encode(oip.ModelInferRequest.fromPartial(request)).finish());

const FULL = encode({
  modelName: 'vendor/größe',
  modelVersion: '3',
  id: 'r1',
  parameters: { priority: { parameterChoice: { $case: 'int64Param', value: '2' } } },
  inputs: [{ name: 'x', datatype: 'FP32', shape: ['1', '-1'], parameters: {}, contents: undefined }],
  rawInputContents: [Buffer.alloc(300, 1)],
});

describe('scanInferRequest', () => {
  it('reads name, version and id and steps over everything else', () => {
    expect(scanInferRequest(FULL)).toEqual({ modelName: 'vendor/größe', modelVersion: '3', id: 'r1' });
    expect(scanInferRequest(Buffer.alloc(0))).toEqual({ modelName: '', modelVersion: '', id: '' });
  });

  it('takes the last of a field that comes twice, wherever it is', () => {
    const twice = Buffer.concat([encode({ modelName: 'a' }), FULL, encode({ modelName: 'b' })]);
    expect(scanInferRequest(twice).modelName).toBe('b');
  });

  it('never reads past the end: every cut of a message is an error or a shorter message', () => {
    for (let length = 0; length < FULL.length; length++) {
      try {
        scanInferRequest(FULL.subarray(0, length));
      } catch (error) {
        expect(error).toMatchObject({ status: 400 });
      }
    }
    expect(() => scanInferRequest(FULL.subarray(0, FULL.length - 1))).toThrow(/cut/);
  });

  it.each([
    ['a length of 2^63', [0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]],
    ['a number without end', Array.from({ length: 11 }, () => 0x80)],
    ['a group', [0x0b]],
    ['field 0', [0x02, 0x00]],
    ['a wire type that is none', [0x0f]],
    ['a name that is too long', [0x0a, 0x81, 0x08]],
  ])('refuses %s', (_what, bytes) => {
    expect(() => scanInferRequest(Buffer.from(bytes))).toThrow(
      expect.objectContaining({ status: 400 }) as Error,
    );
  });

  it('refuses fields without end in no time', () => {
    const endless = Buffer.alloc(32 * 1024 * 1024, Buffer.from([0x40, 0x01]));
    const startedMs = performance.now();
    expect(() => scanInferRequest(endless)).toThrow(/fields/);
    expect(performance.now() - startedMs).toBeLessThan(50);
  });

  it('survives noise', () => {
    let seed = 7;
    const random = (): number => (seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648);
    for (let round = 0; round < 20_000; round++) {
      const bytes = Buffer.from(Array.from({ length: random() % 40 }, () => random() % 256));
      try {
        scanInferRequest(bytes);
      } catch (error) {
        expect(error).toMatchObject({ status: 400 });
      }
    }
  });
});

describe('the answers of a stream', () => {
  it('hold the response as it is', () => {
    const response = oip.ModelInferResponse.fromPartial({
      modelName: 'm',
      rawOutputContents: [Buffer.alloc(300)],
    });
    const bytes = Buffer.from(oip.ModelInferResponse.encode(response).finish());
    const decoded = oip.ModelStreamInferResponse.decode(streamAnswer(bytes));
    expect(decoded).toEqual({ errorMessage: '', inferResponse: response });
  });

  it('hold an error with the id of its request', () => {
    const decoded = oip.ModelStreamInferResponse.decode(streamError('no such model', { id: 'r1' }));
    expect(decoded).toMatchObject({ errorMessage: 'no such model', inferResponse: { id: 'r1' } });
  });
});
