import { describe, expect, it } from 'vitest';
import { oip } from '@aimass/contracts';
import type { Datatype, TensorArray } from '../tensors/datatype.js';
import type { Tensor } from '../tensors/tensor.js';
import { OipGrpcCodec } from './oip-grpc.js';

type Request = ReturnType<typeof oip.ModelInferRequest.fromPartial>;
type PartialRequest = Parameters<typeof oip.ModelInferRequest.fromPartial>[0];
type Contents = NonNullable<Parameters<typeof oip.InferTensorContents.fromPartial>[0]>;

/** As a client's library writes it. */
function bytesOf(request: PartialRequest): Buffer {
  const message: Request = oip.ModelInferRequest.fromPartial(request);
  return Buffer.from(oip.ModelInferRequest.encode(message).finish());
}

/** A codec of one input and one output of a datatype, any number of rows. */
function codecOf(datatype: Datatype): OipGrpcCodec {
  const shape = [-1];
  return new OipGrpcCodec(
    { inputs: [{ name: 'x', datatype, shape }], outputs: [{ name: 'y', datatype, shape }] },
    '3',
  );
}

function parse(codec: OipGrpcCodec, request: PartialRequest) {
  return codec.parse({ body: bytesOf(request), jsonLength: undefined });
}

function answer(
  codec: OipGrpcCodec,
  request: ReturnType<OipGrpcCodec['parse']>,
  tensors: Tensor[],
  firstRow = 0,
) {
  return oip.ModelInferResponse.decode(codec.encode(request, 'm', tensors, firstRow).body);
}

const typed: [Datatype, Contents, TensorArray][] = [
  ['BOOL', { boolContents: [true, false] }, Uint8Array.of(1, 0)],
  ['INT8', { intContents: [-128, 127] }, Int8Array.of(-128, 127)],
  ['INT16', { intContents: [-32768, 32767] }, Int16Array.of(-32768, 32767)],
  ['INT32', { intContents: [-2147483648, 2147483647] }, Int32Array.of(-2147483648, 2147483647)],
  [
    'INT64',
    { int64Contents: ['-9223372036854775808', '9007199254740993'] },
    BigInt64Array.of(-(2n ** 63n), 2n ** 53n + 1n),
  ],
  ['UINT8', { uintContents: [0, 255] }, Uint8Array.of(0, 255)],
  ['UINT16', { uintContents: [0, 65535] }, Uint16Array.of(0, 65535)],
  ['UINT32', { uintContents: [1, 4294967295] }, Uint32Array.of(1, 4294967295)],
  ['UINT64', { uint64Contents: ['0', '18446744073709551615'] }, BigUint64Array.of(0n, 2n ** 64n - 1n)],
  ['FP32', { fp32Contents: [-1.5, Number.NaN] }, Float32Array.of(-1.5, Number.NaN)],
  ['FP64', { fp64Contents: [0.1, -Infinity] }, Float64Array.of(0.1, -Infinity)],
  ['BYTES', { bytesContents: [Buffer.from('é'), Buffer.from([0xff])] }, ['é', Buffer.from([0xff])]],
];
const raw: [Datatype, string, TensorArray][] = [
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
  ['BYTES', '0200000068690100000080', ['hi', Buffer.from([0x80])]],
];

describe('typed contents', () => {
  it.each(typed)('of %s are read exactly and answered in kind', (datatype, contents, values) => {
    const codec = codecOf(datatype);
    const request = parse(codec, { id: 'q', inputs: [{ name: 'x', datatype, shape: ['2'], contents }] });
    expect(request.inputs).toEqual([{ shape: [2], values }]);
    const response = answer(codec, request, [{ datatype, shape: [2], data: values }]);
    expect(response).toMatchObject({ modelName: 'm', modelVersion: '3', id: 'q', rawOutputContents: [] });
    expect(response.outputs).toEqual([
      oip.ModelInferResponse_InferOutputTensor.fromPartial({ name: 'y', datatype, shape: ['2'], contents }),
    ]);
  });

  it.each<[string, Datatype, Contents, RegExp]>([
    ['another field', 'INT64', { intContents: [1, 2] }, /INT64 elements belong in int64_contents/],
    ['none', 'FP32', {}, /fp32_contents has fewer elements than the 2/],
    ['too few', 'INT32', { intContents: [1] }, /int_contents has fewer elements/],
    ['too few floats', 'FP32', { fp32Contents: [1] }, /fp32_contents has fewer elements/],
    ['too many', 'UINT8', { uintContents: [1, 2, 3] }, /uint_contents has more elements than the 2/],
    ['too many floats', 'FP64', { fp64Contents: [1, 2, 3] }, /fp64_contents has more elements/],
    ['too many texts', 'BYTES', { bytesContents: [1, 2, 3].map(() => Buffer.alloc(1)) }, /more elements/],
    ['beyond the range', 'INT8', { intContents: [1, 128] }, /element 1 is 128; INT8 takes .* -128 to 127/],
    ['beyond the range', 'UINT16', { uintContents: [65536, 1] }, /element 0 is 65536/],
    ['16-bit floats', 'FP16', { fp32Contents: [1, 2] }, /FP16 elements travel in raw_input_contents only/],
    [
      'two fields',
      'FP32',
      { fp32Contents: [1, 2], intContents: [1] },
      /FP32 elements belong in fp32_contents/,
    ],
  ])('are refused: %s for %s', (_, datatype, contents, message) => {
    const failure = () =>
      parse(codecOf(datatype), { inputs: [{ name: 'x', datatype, shape: ['2'], contents }] });
    expect(failure).toThrow(message);
    expect(failure).toThrow(expect.objectContaining({ kind: 'invalid' }));
  });

  it('may come unpacked and in pieces, as protobuf allows', () => {
    // contents { fp32_contents: 1.5 } contents { fp32_contents: 2 }, unpacked, after an unpacked shape of 2
    const tensor = Buffer.concat([
      Buffer.from('0a0178120446503332', 'hex'),
      Buffer.from('1802', 'hex'),
      Buffer.from('2a05350000c03f', 'hex'),
      Buffer.from('2a053500000040', 'hex'),
    ]);
    const body = Buffer.concat([Buffer.from([0x2a, tensor.length]), tensor]);
    const request = codecOf('FP32').parse({ body, jsonLength: undefined });
    expect(request.inputs).toEqual([{ shape: [2], values: Float32Array.of(1.5, 2) }]);
  });
});

describe('raw contents', () => {
  it.each(raw)('of %s are read exactly and answered in kind: %s', (datatype, hex, values) => {
    const codec = codecOf(datatype);
    const rawInputContents = [Buffer.from(hex, 'hex')];
    const request = parse(codec, { inputs: [{ name: 'x', datatype, shape: ['2'] }], rawInputContents });
    expect(request.inputs).toEqual([{ shape: [2], values }]);
    const response = answer(codec, request, [{ datatype, shape: [2], data: values }]);
    expect(response.outputs).toEqual([
      oip.ModelInferResponse_InferOutputTensor.fromPartial({ name: 'y', datatype, shape: ['2'] }),
    ]);
    expect(response.rawOutputContents.map((bytes) => bytes.toString('hex'))).toEqual([hex]);
  });

  const x = { name: 'x', datatype: 'FP32', shape: ['2'] };
  const eight = Buffer.alloc(8);
  it.each<[string, PartialRequest, RegExp]>([
    [
      'too few bytes',
      { inputs: [x], rawInputContents: [Buffer.alloc(7)] },
      /has 7 bytes, 2 elements of FP32 need 8/,
    ],
    ['no entry for an input', { inputs: [x, x], rawInputContents: [eight] }, /1 entries for 2 inputs/],
    ['an entry too many', { inputs: [x], rawInputContents: [eight, eight] }, /2 entries for 1 inputs/],
    [
      'contents as well',
      { inputs: [{ ...x, contents: { fp32Contents: [1, 2] } }], rawInputContents: [eight] },
      /not in both/,
    ],
    [
      'contents as well, empty',
      { inputs: [{ ...x, contents: {} }], rawInputContents: [eight] },
      /not in both/,
    ],
  ])('are refused: %s', (_, request, message) => {
    expect(() => parse(codecOf('FP32'), request)).toThrow(message);
  });

  it('are not copied when they are aligned', () => {
    const body = bytesOf({ inputs: [x], rawInputContents: [eight] });
    const shift = (4 - ((body.length - 8) % 4)) % 4;
    const frame = Buffer.concat([Buffer.alloc(shift), body]);
    const view = Buffer.from(new Uint8Array(frame).buffer).subarray(shift);
    const [input] = codecOf('FP32').parse({ body: view, jsonLength: undefined }).inputs;
    expect((input?.values as Float32Array).buffer).toBe(view.buffer);
  });
});

describe('a request of two inputs and outputs', () => {
  const codec = new OipGrpcCodec(
    {
      inputs: [
        { name: 'a', datatype: 'FP32', shape: [-1, 2] },
        { name: 'b', datatype: 'INT64', shape: [-1] },
      ],
      outputs: [
        { name: 'y', datatype: 'FP32', shape: [-1, 2] },
        { name: 'h', datatype: 'FP16', shape: [-1] },
      ],
    },
    '1',
  );
  const a = { name: 'a', datatype: 'FP32', shape: ['1', '2'], contents: { fp32Contents: [1, 2] } };
  const b = { name: 'b', datatype: 'INT64', shape: ['1'], contents: { int64Contents: ['3'] } };
  const tensors: Tensor[] = [
    { datatype: 'FP32', shape: [2, 2], data: Float32Array.of(1, 2, 3, 4) },
    { datatype: 'FP16', shape: [2], data: Uint16Array.of(0x3c00, 0x4000) },
  ];

  it('gives its tensors in the order of the signature, raw ones with the entry of their own position', () => {
    const rawInputContents = [Buffer.from('0700000000000000', 'hex'), Buffer.from('0000803f00000040', 'hex')];
    const inputs = [
      { ...b, contents: undefined },
      { ...a, contents: undefined },
    ];
    const request = parse(codec, { inputs, rawInputContents });
    expect(request.inputs.map(({ values }) => values)).toEqual([Float32Array.of(1, 2), BigInt64Array.of(7n)]);
    expect(request.rows).toBe(1);
  });

  it('is answered with its own rows, and raw when an output has no typed form', () => {
    const response = answer(codec, parse(codec, { inputs: [a, b] }), tensors, 1);
    expect(response.outputs.map(({ shape, contents }) => ({ shape, contents }))).toEqual([
      { shape: ['1', '2'], contents: undefined },
      { shape: ['1'], contents: undefined },
    ]);
    expect(response.rawOutputContents.map((bytes) => bytes.toString('hex'))).toEqual([
      '0000404000008040',
      '0040',
    ]);
  });

  it('is answered with the outputs it asks for, in its order and typed when all of them can be', () => {
    const request = parse(codec, { inputs: [a, b], outputs: [{ name: 'y' }] });
    expect(answer(codec, request, tensors).outputs).toMatchObject([
      { name: 'y', contents: { fp32Contents: [1, 2] } },
    ]);
    const both = parse(codec, { inputs: [a, b], outputs: [{ name: 'h' }, { name: 'y' }] });
    expect(answer(codec, both, tensors).outputs.map(({ name }) => name)).toEqual(['h', 'y']);
  });

  it('says how urgent it is by priority and timeout, whatever kind of number; binary flags mean nothing here', () => {
    const parameters = {
      priority: { parameterChoice: { $case: 'uint64Param', value: '3' } },
      timeout: { parameterChoice: { $case: 'int64Param', value: '2500' } },
      binary_data_output: { parameterChoice: { $case: 'boolParam', value: true } },
    } as const;
    expect(parse(codec, { inputs: [a, b], parameters })).toMatchObject({
      priority: 3,
      timeoutMs: 2.5,
      isRaw: false,
    });
  });

  it.each<[string, PartialRequest, RegExp]>([
    ['no inputs', {}, /Input "a" is missing/],
    ['a missing input', { inputs: [a] }, /Input "b" is missing/],
    ['an unknown input', { inputs: [{ ...a, name: 'z' }] }, /no input "z"; it takes "a", "b"/],
    ['an input twice', { inputs: [a, a] }, /"a" is given twice/],
    ['another datatype', { inputs: [{ ...a, datatype: 'INT8' }] }, /takes datatype "FP32", not "INT8"/],
    ['a negative dimension', { inputs: [{ ...a, shape: ['-1', '2'] }] }, /at least 1, not -1/],
    [
      'dimensions beyond all bounds',
      { inputs: [{ ...a, shape: ['9007199254740991', '2'] }] },
      /fp32_contents is for 4194304 elements at most/,
    ],
    ['a dimension beyond 2^53', { inputs: [{ ...a, shape: ['9223372036854775807', '2'] }] }, /whole number/],
    [
      'different rows',
      { inputs: [a, { ...b, shape: ['2'], contents: { int64Contents: ['1', '2'] } }] },
      /has 1 rows/,
    ],
    ['an unknown output', { inputs: [a, b], outputs: [{ name: 'z' }] }, /no output "z"/],
    ['an output twice', { inputs: [a, b], outputs: [{ name: 'y' }, { name: 'y' }] }, /asked for twice/],
    [
      'classification',
      {
        inputs: [a, b],
        outputs: [
          {
            name: 'y',
            parameters: { classification: { parameterChoice: { $case: 'int64Param', value: '2' } } },
          },
        ],
      },
      /Output "y": classification is not offered/,
    ],
    [
      'a priority beyond 9',
      { inputs: [a, b], parameters: { priority: { parameterChoice: { $case: 'int64Param', value: '10' } } } },
      /"priority" must be from 1/,
    ],
    [
      'a priority as text',
      { inputs: [a, b], parameters: { priority: { parameterChoice: { $case: 'stringParam', value: 'x' } } } },
      /"priority" must be a whole number/,
    ],
  ])('is refused: %s', (_, request, message) => {
    expect(() => parse(codec, request)).toThrow(message);
  });
});
