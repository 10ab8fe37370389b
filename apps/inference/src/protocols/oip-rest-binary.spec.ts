import { describe, expect, it } from 'vitest';
import type { Datatype, TensorArray } from '../tensors/datatype.js';
import type { Tensor } from '../tensors/tensor.js';
import { OipRestCodec } from './oip-rest.js';

const signature = {
  inputs: [
    { name: 'x', datatype: 'FP32', shape: [-1, 2] },
    { name: 't', datatype: 'BYTES', shape: [-1] },
  ],
  outputs: [
    { name: 'y', datatype: 'FP32', shape: [-1, 1] },
    { name: 's', datatype: 'BYTES', shape: [-1] },
  ],
} as const;
const codec = new OipRestCodec(signature, '3');
const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');

/** JSON followed by raw bytes. */
function bodyOf(json: unknown, ...raw: Buffer[]) {
  const text = Buffer.from(JSON.stringify(json));
  return { body: Buffer.concat([text, ...raw]), jsonLength: text.length };
}

const binary = (size: unknown) => ({ parameters: { binary_data_size: size } });
const x = { name: 'x', datatype: 'FP32', shape: [1, 2] };
const t = { name: 't', datatype: 'BYTES', shape: [1] };
const xBytes = hex('0000c03f 00000040');
const tBytes = hex('02000000 6869');

describe('binary inputs', () => {
  it('are taken in the order of the request, with JSON inputs between them', () => {
    const both = codec.parse(
      bodyOf(
        {
          inputs: [
            { ...t, ...binary(6) },
            { ...x, ...binary(8) },
          ],
        },
        tBytes,
        xBytes,
      ),
    );
    expect(both.inputs.map(({ values }) => values)).toEqual([Float32Array.of(1.5, 2), ['hi']]);
    const mixed = codec.parse(
      bodyOf(
        {
          inputs: [
            { ...t, data: ['ho'] },
            { ...x, ...binary(8) },
          ],
        },
        xBytes,
      ),
    );
    expect(mixed.inputs.map(({ values }) => values)).toEqual([Float32Array.of(1.5, 2), ['ho']]);
    const none = codec.parse(
      bodyOf({
        inputs: [
          { ...t, data: ['ho'] },
          { ...x, data: [1.5, 2] },
        ],
      }),
    );
    expect(none.inputs.map(({ values }) => values)).toEqual([Float32Array.of(1.5, 2), ['ho']]);
  });

  const golden: [Datatype, string, TensorArray][] = [
    ['BOOL', '0100', Uint8Array.of(1, 0)],
    ['INT8', '80ff', Int8Array.of(-128, -1)],
    ['INT16', '0080ffff', Int16Array.of(-32768, -1)],
    ['INT32', '00000080ffffffff', Int32Array.of(-2147483648, -1)],
    ['INT64', '0100000000002000ffffffffffffffff', BigInt64Array.of(2n ** 53n + 1n, -1n)],
    ['UINT8', '00ff', Uint8Array.of(0, 255)],
    ['UINT16', '0100ffff', Uint16Array.of(1, 65535)],
    ['UINT32', '01000000ffffffff', Uint32Array.of(1, 4294967295)],
    ['UINT64', '0000000000000000ffffffffffffffff', BigUint64Array.of(0n, 2n ** 64n - 1n)],
    ['FP16', '003c00fc', Uint16Array.of(0x3c00, 0xfc00)],
    ['BF16', '803fc0ff', Uint16Array.of(0x3f80, 0xffc0)],
    ['FP32', '0000c03f0000807f', Float32Array.of(1.5, Infinity)],
    ['FP64', '9a9999999999b93f000000000000f87f', Float64Array.of(0.1, Number.NaN)],
    ['BYTES', '0200000068690100000080', ['hi', hex('80')]],
  ];
  it.each(golden)('of %s come and go as the same bytes: %s', (datatype, bytes, values) => {
    const shape = [-1];
    const by = new OipRestCodec(
      { inputs: [{ name: 'i', datatype, shape }], outputs: [{ name: 'o', datatype, shape }] },
      '1',
    );
    const inputs = [{ name: 'i', datatype, shape: [2], ...binary(bytes.length / 2) }];
    const request = by.parse(bodyOf({ parameters: { binary_data_output: true }, inputs }, hex(bytes)));
    expect(request.inputs).toEqual([{ shape: [2], values }]);
    const { body, jsonLength } = by.encode(request, 'm', [{ datatype, shape: [2], data: values }], 0);
    expect(body.subarray(jsonLength).toString('hex')).toBe(bytes);
    expect(JSON.parse(body.toString('utf8', 0, jsonLength))).toEqual({
      model_name: 'm',
      model_version: '1',
      outputs: [{ name: 'o', datatype, shape: [2], parameters: { binary_data_size: bytes.length / 2 } }],
    });
  });

  it.each<[string, unknown[], Buffer, RegExp]>([
    [
      'a size that does not fit the shape',
      [{ ...x, ...binary(7) }],
      Buffer.alloc(7),
      /has 7 bytes, 2 elements of FP32 need 8/,
    ],
    [
      'a size beyond the body',
      [{ ...x, ...binary(9) }],
      xBytes,
      /"binary_data_size" is 9, the body has 8 bytes left/,
    ],
    ['a size as text', [{ ...x, ...binary('8') }], xBytes, /must be a whole number of bytes, not "8"/],
    ['a negative size', [{ ...x, ...binary(-8) }], xBytes, /must be a whole number of bytes/],
    ['a size beyond 2^53', [{ ...x, ...binary(1e300) }], xBytes, /must be a whole number of bytes/],
    [
      'data as well',
      [{ ...x, ...binary(8), data: [1, 2] }],
      xBytes,
      /"data" or "binary_data_size", not both/,
    ],
    [
      'left over bytes',
      [
        { ...x, ...binary(8) },
        { ...t, data: ['a'] },
      ],
      hex('0000c03f0000004000'),
      /1 bytes follow the last tensor/,
    ],
    [
      'the same bytes twice',
      [
        { ...x, ...binary(8) },
        { ...t, ...binary(6) },
      ],
      xBytes,
      /the body has 0 bytes left/,
    ],
    ['dimensions beyond all bounds', [{ ...x, shape: [2 ** 52, 2], ...binary(8) }], xBytes, /has 8 bytes/],
  ])('are refused: %s', (_, inputs, raw, message) => {
    const failure = () => codec.parse(bodyOf({ inputs }, raw));
    expect(failure).toThrow(message);
    expect(failure).toThrow(expect.objectContaining({ kind: 'invalid' }));
  });

  it('are refused without the header that says where they begin, or with one that lies', () => {
    const { body, jsonLength } = bodyOf({ inputs: [{ ...x, ...binary(8) }] }, xBytes);
    const json = body.subarray(0, jsonLength);
    expect(() => codec.parse({ body: json, jsonLength: undefined })).toThrow(/needs the header/);
    expect(() => codec.parse({ body, jsonLength: undefined })).toThrow(/not JSON|not UTF-8/);
    expect(() => codec.parse({ body, jsonLength: body.length + 1 })).toThrow(
      /says \d+ bytes, the body has \d+/,
    );
    expect(() => codec.parse({ body, jsonLength: jsonLength - 1 })).toThrow(/not JSON/);
  });
});

describe('a body without JSON', () => {
  const rawCodec = (datatype: Datatype, shape: number[], outputs = signature.outputs.slice(0, 1)) =>
    new OipRestCodec({ inputs: [{ name: 'x', datatype, shape }], outputs }, '1');

  it('is the only input: batch 1, its one unknown dimension from its size, every output raw', () => {
    const request = rawCodec('FP32', [-1, -1, 2]).parse({ body: Buffer.alloc(24), jsonLength: 0 });
    expect(request.inputs[0]?.shape).toEqual([1, 3, 2]);
    expect(request).toMatchObject({ rows: 1, id: undefined, outputs: [0], binary: [true] });
    const noRows = rawCodec('FP32', [2], [{ name: 'y', datatype: 'FP32', shape: [1] }] as never);
    expect(noRows.parse({ body: xBytes, jsonLength: 0 }).inputs).toEqual([
      { shape: [2], values: Float32Array.of(1.5, 2) },
    ]);
  });

  it('is one text without its length, as Triton has it', () => {
    expect(rawCodec('BYTES', [-1]).parse({ body: Buffer.from('hi'), jsonLength: 0 }).inputs).toEqual([
      { shape: [1], values: ['hi'] },
    ]);
  });

  it.each<[string, OipRestCodec, number, RegExp]>([
    ['two inputs', codec, 8, /is for models with one input; this one takes "x", "t"/],
    ['two unknown dimensions', rawCodec('FP32', [-1, -1, -1]), 8, /does not tell its shape/],
    ['text of an unknown number', rawCodec('BYTES', [-1, -1]), 8, /does not tell its shape/],
    ['several texts', rawCodec('BYTES', [-1, 2]), 8, /is one text, the input takes 2/],
    ['no whole number of rows', rawCodec('FP32', [-1, -1, 2]), 12, /must be a multiple of 8 bytes, not 12/],
    ['nothing', rawCodec('FP32', [-1, -1, 2]), 0, /must be a multiple of 8 bytes, not 0/],
    ['more than batch 1', rawCodec('FP32', [-1, 2]), 16, /has 16 bytes, 2 elements of FP32 need 8/],
  ])('is refused: %s', (_, by, size, message) => {
    expect(() => by.parse({ body: Buffer.alloc(size), jsonLength: 0 })).toThrow(message);
  });
});

describe('binary outputs', () => {
  const tensors: Tensor[] = [
    { datatype: 'FP32', shape: [2, 1], data: Float32Array.of(0.5, Number.NaN) },
    { datatype: 'BYTES', shape: [2], data: ['é', hex('ff')] },
  ];
  const request = (over: object) =>
    codec.parse(
      bodyOf({
        inputs: [
          { ...x, data: [1, 2] },
          { ...t, data: ['a'] },
        ],
        ...over,
      }),
    );
  const all = { parameters: { binary_data_output: true } };
  const sizes = (by: object, firstRow: number) => {
    const { body, jsonLength } = codec.encode(request(by), 'm', tensors, firstRow);
    const { outputs } = JSON.parse(body.toString('utf8', 0, jsonLength)) as {
      outputs: { parameters?: { binary_data_size: number } }[];
    };
    return {
      sizes: outputs.map(({ parameters }) => parameters?.binary_data_size),
      raw: body.subarray(jsonLength),
    };
  };

  it('hold the rows of their request, NaN and bytes that are no text among them', () => {
    expect(sizes(all, 0)).toEqual({ sizes: [4, 6], raw: hex('0000003f 02000000 c3a9') });
    expect(sizes(all, 1)).toEqual({ sizes: [4, 5], raw: hex('0000c07f 01000000 ff') });
  });

  it('are those asked for: the flag of an output wins over that of the request', () => {
    const y = { name: 'y', parameters: { binary_data: false } };
    expect(sizes({ ...all, outputs: [y, { name: 's' }] }, 0).sizes).toEqual([undefined, 6]);
    const s = { name: 's', parameters: { binary_data: true } };
    expect(sizes({ outputs: [s, { name: 'y' }] }, 0)).toEqual({
      sizes: [6, undefined],
      raw: hex('02000000 c3a9'),
    });
  });

  it('leave a body of JSON alone when none is asked for', () => {
    expect(codec.encode(request({}), 'm', tensors, 0).jsonLength).toBeUndefined();
  });

  it('are what an error of JSON points to', () => {
    expect(() => codec.encode(request({ outputs: [{ name: 'y' }] }), 'm', tensors, 1)).toThrow(
      /ask for binary/,
    );
    expect(() => codec.encode(request({ outputs: [{ name: 's' }] }), 'm', tensors, 1)).toThrow(
      /"s" holds bytes that are not UTF-8 text, .* ask for binary output/,
    );
  });

  it('may be large', () => {
    const data = Float32Array.from({ length: 300_000 }, (_, i) => i);
    const by = new OipRestCodec(
      {
        inputs: [{ name: 'x', datatype: 'FP32', shape: [2] }],
        outputs: [{ name: 'y', datatype: 'FP32', shape: [-1] }],
      },
      '1',
    );
    const asked = by.parse({ body: xBytes, jsonLength: 0 });
    const { body, jsonLength } = by.encode(asked, 'm', [{ datatype: 'FP32', shape: [300_000], data }], 0);
    expect(body.subarray(jsonLength).equals(Buffer.from(data.buffer))).toBe(true);
  });
});
