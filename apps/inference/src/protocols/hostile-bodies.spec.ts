import { describe, expect, it } from 'vitest';
import type { Datatype } from '../tensors/datatype.js';
import { OipGrpcCodec } from './oip-grpc.js';
import { OipRestCodec } from './oip-rest.js';

const MB = 1024 * 1024;
const signatureOf = (datatype: Datatype, shape = [-1, 2]) => ({
  inputs: [{ name: 'x', datatype, shape }],
  outputs: [{ name: 'y', datatype: 'FP32' as const, shape: [-1] }],
});

function parse(text: string | Buffer, datatype: Datatype = 'FP32', shape?: number[]) {
  const body = Buffer.from(text);
  return new OipRestCodec(signatureOf(datatype, shape), '1').parse({ body, jsonLength: undefined });
}

function parseGrpc(body: Buffer, datatype: Datatype = 'FP32', shape = [-1]) {
  return new OipGrpcCodec(signatureOf(datatype, shape), '1').parse({ body, jsonLength: undefined });
}

/** A body of about `size` bytes made of one unit. */
const filled = (head: string, unit: string, tail: string, size = 7 * MB): string =>
  head + unit.repeat(Math.floor(size / unit.length)) + tail;
const input = (shape: string, data: string, datatype = 'FP32'): string =>
  `{"inputs":[{"name":"x","datatype":"${datatype}","shape":${shape},"data":${data}}]}`;
const invalid = (message: RegExp): unknown =>
  expect.objectContaining({ kind: 'invalid', message: expect.stringMatching(message) as string });

describe('attack 43, a hostile text', () => {
  it.each<[string, string | Buffer, RegExp]>([
    ['32 MB of JSON', filled(input('[1,2]', '[1').slice(0, -3), ',1', ']}]}', 32 * MB), /more than 8388608/],
    ['10^5 levels', filled('{"inputs":', '[', '', 100_000), /nested deeper than 64/],
    ['10^5 levels in data', filled('{"inputs":[{"data":', '[', '', 100_000), /nested deeper than 64/],
    ['10^5 levels of objects', filled('', '{"a":', '', 500_000), /nested deeper than 64/],
    ['10^6 keys', filled('{', '"a":1,', '"b":1}'), /more than \d+ bytes of JSON besides/],
    ['10^6 keys in parameters', filled('{"parameters":{', '"a":1,', '"b":1}}'), /besides/],
    [
      '10^6 keys in data',
      filled('{"inputs":[{"name":"x","datatype":"FP32","shape":[1,2],"data":[{', '"a":1,', '"b":1}]}]}'),
      /holds text or an object/,
    ],
    ['a text of megabytes', filled('{"id":"', 'a', '"}'), /besides/],
    ['megabytes of spaces', filled('', ' ', '{}'), /besides/],
    ['an open string', filled('{"inputs":["', 'a', ''), /besides/],
    ['an open string in data', filled('{"inputs":[{"data":["', 'a', ''), /holds text/],
    ['an open array', filled('{"inputs":[{"data":[', '1,', ''), /ends inside an array/],
    ['invalid UTF-8', Buffer.from('7b22696e70757473223a5bff5d7d', 'hex'), /not UTF-8/],
    [
      'invalid UTF-8 in data',
      Buffer.concat([Buffer.from('{"inputs":[{"data":["'), Buffer.from([0xc3]), Buffer.from('"]}]}')]),
      /not UTF-8/,
    ],
    ['UTF-16', Buffer.from('{"inputs":[]}', 'utf16le'), /not JSON/],
    ['NaN', input('[1,2]', '[NaN,1]'), /not JSON: unexpected "NaN,1]/],
    ['Infinity', input('[1,2]', '[1,-Infinity]'), /not JSON: unexpected "-Infinity/],
    ['1e400', input('[1,2]', '[1,1e400]'), /element 1 of "data" is Infinity/],
    [
      'a number of megabytes',
      filled('{"inputs":[{"name":"x","datatype":"FP32","shape":[1,2],"data":[', '1', ',1]}]}'),
      /element 0 of "data" is 1\.1/,
    ],
    ['a comment', input('[1,2]', '[1,/**/2]'), /not JSON/],
    ['a trailing comma', input('[1,2]', '[1,2,]'), /has 3 elements/],
    ['a leading zero', input('[1,2]', '[01,2]'), /not JSON/],
    ['text behind the object', `${input('[1,2]', '[1,2]')}{}`, /not JSON/],
  ])('is refused with 400: %s', (_, body, message) => {
    expect(() => parse(body)).toThrow(invalid(message));
  });

  it('cannot reach prototypes: __proto__ and constructor are names like any other', () => {
    const good = input('[1,2]', '[1,2]');
    const bad = good.replace(
      '{',
      '{"__proto__":{"inputs":[],"priority":9},"constructor":{"prototype":{"a":1}},',
    );
    expect(parse(bad).inputs).toEqual(parse(good).inputs);
    const parameters = '"parameters":{"__proto__":{"priority":3,"binary_data_output":true}}';
    expect(parse(good.replace('{', `{${parameters},`))).toMatchObject({ priority: 0, binary: undefined });
    expect(() => parse(good.replace('"name":"x"', '"__proto__":{"name":"x"}'))).toThrow(
      invalid(/no input nothing/),
    );
    expect(Object.keys(Object.prototype)).toEqual([]);
    expect(({} as { a?: unknown }).a).toBeUndefined();
  });

  it('does not mean two things: of duplicate keys the last counts, and duplicate tensors are refused', () => {
    const good = input('[1,2]', '[1,2]');
    expect(parse(good.replace('"shape"', '"shape":[9],"shape"')).inputs[0]?.shape).toEqual([1, 2]);
    expect(parse(good.replace('{', '{"id":"a","id":"b",')).id).toBe('b');
    const twice = invalid(/"data" or "inputs" is given twice/);
    expect(() => parse(good.replace('"data"', '"data":[3,4],"data"'))).toThrow(twice);
    expect(() => parse(good.replace('"inputs"', '"inputs":[{"data":[3,4]}],"inputs"'))).toThrow(twice);
    expect(() => parse(good.replace('"data"', String.raw`"d\u0061ta":[3,4],"data"`))).toThrow(
      invalid(/backslash/),
    );
    expect(() => parse(good.replace('"inputs"', String.raw`"\u0069nputs":[],"inputs"`))).toThrow(
      invalid(/backslash/),
    );
  });

  it('is refused with 400 over gRPC: megabytes of fields, inputs, parameters, and whatever is no protobuf', () => {
    const many = (hex: string) => Buffer.alloc(8 * MB, Buffer.from(hex, 'hex'));
    expect(() => parseGrpc(many('4001'))).toThrow(invalid(/more fields than any request needs/));
    for (const hex of ['2a00', '3200', '2200', '3a00'])
      expect(() => parseGrpc(many(hex))).toThrow(invalid(/fields/));
    for (const hex of [
      'ff',
      '2aff',
      '2affffffffffffffff7f',
      '2b',
      '2c',
      '00',
      'ffffffffffffffffffff01',
      '0d01',
      '22080a01611203210102',
    ]) {
      expect(() => parseGrpc(Buffer.from(hex, 'hex'))).toThrow(invalid(/not a ModelInferRequest/));
    }
  });
});

describe('attack 44, shapes and counts that lie', () => {
  it.each<[string, string, RegExp]>([
    ['a product beyond 2^53', input('[9007199254740991,2]', '[1,2]'), /has 2 elements/],
    ['a product that is infinite', input('[1e300,2]', '[1,2]'), /whole number/],
    ['a negative dimension', input('[-1,2]', '[1,2]'), /at least 1, not -1/],
    ['dimension 0', input('[0,2]', '[]'), /at least 1, not 0/],
    [
      'more than there is',
      input('[1000000,2]', '[1,2]'),
      /has 2 elements, "shape" \[1000000,2\] needs 2000000/,
    ],
    [
      'nested, more than there is',
      input('[1000000,2]', '[[1,2]]'),
      /at depth 0 it has an array of 1, not an array of 1000000/,
    ],
    ['less than there is', input('[1,2]', '[1,2,3]'), /has 3 elements/],
    ['another datatype than the data', input('[1,2]', '["1","2"]'), /is "1"; FP32 takes numbers/],
    ['another datatype than the model', input('[1,2]', '[1,2]', 'INT8'), /takes datatype "FP32", not "INT8"/],
    [
      '10^5 outputs',
      filled(`${input('[1,2]', '[1,2]').slice(0, -1)},"outputs":[`, '{"name":"y"},', '{}]}', 1_300_000),
      /besides/,
    ],
    ['10^5 inputs', filled('{"inputs":[', '{"name":"x"},', '{}]}', 1_300_000), /besides/],
    ['10^5 inputs with data', filled('{"inputs":[', '{"data":[]},', '{}]}', 1_300_000), /besides/],
  ])('are refused with 400 before anything is allocated: %s', (_, body, message) => {
    const before = process.memoryUsage().arrayBuffers;
    expect(() => parse(body)).toThrow(invalid(message));
    // The body itself is all there is.
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(body.length + MB);
  });

  it('are refused with 400 before anything is allocated: BYTES of which there are too many', () => {
    const shape = `[${2 ** 18 + 1}]`;
    const data = `[${'"",'.repeat(2 ** 18)}""]`;
    expect(() => parse(input(shape, data, 'BYTES'), 'BYTES', [-1])).toThrow(
      invalid(/more than 262144: send fewer/),
    );
  });
});

describe('attack 45, a URL as input', () => {
  it('is data: it is text like any other and nothing is fetched', () => {
    const urls = ['http://169.254.169.254/latest/meta-data', 'file:///etc/passwd'];
    const request = parse(input('[2]', JSON.stringify(urls), 'BYTES'), 'BYTES', [-1]);
    expect(request.inputs[0]?.values).toEqual(urls);
    const numbers = JSON.stringify(urls);
    expect(() => parse(input('[1,2]', numbers))).toThrow(invalid(/is "http:/));
  });
});
