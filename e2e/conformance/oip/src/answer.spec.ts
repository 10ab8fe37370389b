import { describe, expect, it } from 'vitest';
import { nullsIn, withGrpcValues, withRestValues } from './answer.js';
import { valuesOf } from './tensor-values.js';

describe('values of raw tensors', () => {
  it.each([
    ['BOOL', '0100', [true, false]],
    ['INT64', 'ffffffffffffff7f', [9223372036854775807n]],
    ['FP16', '003c00c0007c0100', [1, -2, 'Infinity', 2 ** -24]],
    ['BF16', '803f00c0c07f', [1, -2, 'NaN']],
    ['FP32', '00006841', [14.5]],
    ['BYTES', '0100000061' + '00000000' + '02000000fffe', ['a', '', 'hex:fffe']],
  ])('%s %s', (datatype, hex, values) => {
    expect(valuesOf(datatype, Buffer.from(hex, 'hex'))).toEqual(values);
  });

  it('are none when the bytes are no whole elements', () => {
    expect(() => valuesOf('FP32', Buffer.alloc(5))).toThrow('no whole number of FP32');
    expect(() => valuesOf('BYTES', Buffer.from('0500000061', 'hex'))).toThrow('ends behind the tensor');
  });
});

describe('values of an answer', () => {
  it('are those of nested data and of the bytes behind the JSON, in order', () => {
    const outputs = [
      { name: 'a', datatype: 'FP32', data: [[1], [2]] },
      { name: 'b', datatype: 'UINT8', parameters: { binary_data_size: 2 } },
    ];
    expect(withRestValues({ outputs }, Buffer.from([7, 8]))).toMatchObject({
      outputs: [{ values: [1, 2] }, { values: [7, 8], hex: '0708' }],
    });
  });

  it('cannot be read when bytes are left over or missing', () => {
    const outputs = [{ name: 'b', datatype: 'UINT8', parameters: { binary_data_size: 2 } }];
    expect(() => withRestValues({ outputs }, Buffer.from([7, 8, 9]))).toThrow('claim 2 bytes');
    expect(() => withRestValues({ outputs }, Buffer.from([7]))).toThrow('claim 2 bytes');
  });

  it('are the same from typed and from raw contents over gRPC', () => {
    const output = { name: 'y', datatype: 'INT64', shape: ['1', '1'] };
    const typed = { outputs: [{ ...output, contents: { int64_contents: ['9007199254740993'] } }] };
    const raw = {
      outputs: [output],
      raw_output_contents: [Buffer.from('0100000000002000', 'hex').toString('base64')],
    };
    for (const message of [typed, raw]) {
      expect(withGrpcValues(message)).toMatchObject({
        outputs: [{ shape: [1, 1], values: [9007199254740993n] }],
      });
    }
  });

  it('have their nulls found, however deep', () => {
    expect(nullsIn({ model_version: null, outputs: [{ parameters: null }] })).toEqual([
      'model_version is null',
      'outputs[0].parameters is null',
    ]);
  });
});
