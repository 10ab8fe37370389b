import { expect, it } from 'vitest';
import { oip } from '@aimass/contracts';
import { DomainError } from '@aimass/platform-errors';
import type { EncodedBody, ProtocolCodec } from './codec.js';
import { OipGrpcCodec } from './oip-grpc.js';
import { OipRestCodec } from './oip-rest.js';

const ROUNDS = 4_000;
const signature = {
  inputs: [
    { name: 'x', datatype: 'FP32', shape: [-1, 2] },
    { name: 'i', datatype: 'INT64', shape: [-1] },
    { name: 't', datatype: 'BYTES', shape: [-1] },
    { name: 'b', datatype: 'BOOL', shape: [-1] },
    { name: 'h', datatype: 'FP16', shape: [-1] },
  ],
  outputs: [{ name: 'y', datatype: 'FP32', shape: [-1] }],
} as const;
const rest = new OipRestCodec(signature, '1');
const grpc = new OipGrpcCodec(signature, '1');

const x = { name: 'x', datatype: 'FP32', shape: [1, 2] };
const others = [
  { name: 'i', datatype: 'INT64', shape: [1], data: [9007199254740991] },
  { name: 't', datatype: 'BYTES', shape: [1], data: ['a"é\\'] },
  { name: 'b', datatype: 'BOOL', shape: [1], data: [true] },
  { name: 'h', datatype: 'FP16', shape: [1], data: [-1.5e-3] },
];
const envelope = { id: 'q', parameters: { priority: 1, timeout: 9 }, outputs: [{ name: 'y' }] };
const json = Buffer.from(JSON.stringify({ ...envelope, inputs: [{ ...x, data: [[1, 2.5]] }, ...others] }));
const header = Buffer.from(
  JSON.stringify({ ...envelope, inputs: [{ ...x, parameters: { binary_data_size: 8 } }, ...others] }),
);
const inputs = [x, ...others].map(({ name, datatype, shape }) => ({
  name,
  datatype,
  shape: shape.map(String),
}));
const message = Buffer.from(
  oip.ModelInferRequest.encode(
    oip.ModelInferRequest.fromPartial({
      id: 'q',
      inputs,
      outputs: [{ name: 'y' }],
      parameters: { priority: { parameterChoice: { $case: 'int64Param', value: '3' } } },
      rawInputContents: ['0000803f00000040', '0100000000000000', '0100000061', '01', '003c'].map((hex) =>
        Buffer.from(hex, 'hex'),
      ),
    }),
  ).finish(),
);
const typed = Buffer.from(
  oip.ModelInferRequest.encode(
    oip.ModelInferRequest.fromPartial({
      inputs: [
        { ...inputs[0], contents: { fp32Contents: [1, 2] } },
        { ...inputs[1], contents: { int64Contents: ['-5'] } },
        { ...inputs[2], contents: { bytesContents: [Buffer.from('a')] } },
        { ...inputs[3], contents: { boolContents: [true] } },
      ],
    }),
  ).finish(),
);

/** A generator that gives the same numbers in every run: below `limit`. */
function seeded(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
}

/** Cut, flipped, overwritten, doubled: a few times over. */
function damage(body: Buffer, next: (limit: number) => number): Buffer {
  let bytes = Buffer.from(body);
  for (let times = next(3); times >= 0; times--) {
    const at = next(bytes.length);
    const kind = next(4);
    if (kind === 0) bytes = bytes.subarray(0, at);
    else if (kind === 1 && bytes.length > 0) bytes[at] = (bytes[at] ?? 0) ^ (1 << next(8));
    else if (kind === 2 && bytes.length > 0) bytes.writeUInt8('[]{},":0-e\\tx'.charCodeAt(next(13)), at);
    else bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(next(at + 1))]);
  }
  return bytes;
}

it.each<[string, ProtocolCodec, Buffer, (damaged: Buffer) => EncodedBody]>([
  ['JSON', rest, json, (body) => ({ body, jsonLength: undefined })],
  [
    'JSON with raw bytes',
    rest,
    Buffer.concat([header, Buffer.alloc(8)]),
    (body) => ({ body, jsonLength: Math.min(header.length, body.length) }),
  ],
  ['raw gRPC', grpc, message, (body) => ({ body, jsonLength: undefined })],
  ['typed gRPC', grpc, typed, (body) => ({ body, jsonLength: undefined })],
])('a damaged body is read or refused as invalid, never worse: %s', (_, codec, body, encode) => {
  const next = seeded(20_260_729);
  let refused = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const damaged = damage(body, next);
    try {
      const request = codec.parse(encode(damaged));
      expect(request.inputs).toHaveLength(signature.inputs.length);
    } catch (error) {
      refused += 1;
      const isInvalid = error instanceof DomainError && error.kind === 'invalid';
      if (!isInvalid) throw new Error(`Round ${round}: ${damaged.toString('hex')}`, { cause: error });
      expect(error.message.length).toBeLessThan(600);
    }
  }
  expect(refused).toBeGreaterThan(ROUNDS / 2);
});
