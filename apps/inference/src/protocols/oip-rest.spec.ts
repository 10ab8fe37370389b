import { describe, expect, it } from 'vitest';
import type { Datatype } from '../tensors/datatype.js';
import type { Signature } from '../tensors/signature.js';
import type { Tensor } from '../tensors/tensor.js';
import type { ParsedRequest } from './codec.js';
import { OipRestCodec } from './oip-rest.js';

const signature: Signature = {
  inputs: [
    { name: 'x', datatype: 'FP32', shape: [-1, 2] },
    { name: 'flag', datatype: 'BOOL', shape: [-1] },
  ],
  outputs: [
    { name: 'y', datatype: 'FP32', shape: [-1, 1] },
    { name: 'label', datatype: 'BYTES', shape: [-1] },
  ],
};
const codec = new OipRestCodec(signature, '3');
const x = { name: 'x', datatype: 'FP32', shape: [2, 2], data: [1, 2, 3, 4] };
const flag = { name: 'flag', datatype: 'BOOL', shape: [2], data: [true, false] };

function parse(body: unknown, by = codec) {
  return by.parse({
    body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
    jsonLength: undefined,
  });
}

/** Values of the inputs as plain arrays. */
function valuesOf(request: ParsedRequest): unknown[][] {
  return request.inputs.map(({ values }) => Array.from<unknown>(values));
}

/** A codec for one input of one datatype and shape. */
function codecOf(datatype: Datatype, shape: number[]): OipRestCodec {
  return new OipRestCodec({ inputs: [{ name: 'x', datatype, shape }], outputs: signature.outputs }, '1');
}

function parseOne(datatype: Datatype, data: unknown[], shape = [data.length]) {
  return parse(
    { inputs: [{ name: 'x', datatype, shape, data }] },
    codecOf(
      datatype,
      shape.map(() => -1),
    ),
  );
}

describe('a valid request', () => {
  it('gives its tensors in the order of the signature, whatever the order in the body', () => {
    const request = parse({ inputs: [flag, x] });
    expect(valuesOf(request)).toEqual([
      [1, 2, 3, 4],
      [1, 0],
    ]);
    expect(request.rows).toBe(2);
  });

  it('may nest its data as the shape says, with the same result', () => {
    const nested = {
      ...x,
      data: [
        [1, 2],
        [3, 4],
      ],
    };
    expect(valuesOf(parse({ inputs: [nested, flag] }))[0]).toEqual([1, 2, 3, 4]);
  });

  it('may nest three levels deep', () => {
    const body = {
      inputs: [
        {
          name: 'x',
          datatype: 'INT32',
          shape: [1, 2, 2],
          data: [
            [
              [1, 2],
              [3, 4],
            ],
          ],
        },
      ],
    };
    expect(valuesOf(parse(body, codecOf('INT32', [-1, 2, 2])))[0]).toEqual([1, 2, 3, 4]);
  });

  it('keeps its id, and parameters are tolerated everywhere', () => {
    const parameters = { anything: { deep: [1] } };
    const request = parse({ id: 'a"b', parameters, inputs: [{ ...x, parameters }, flag] });
    expect(request.id).toBe('a"b');
  });

  it('gets all outputs unless it names some, and those in its own order', () => {
    expect(parse({ inputs: [x, flag] }).outputs).toEqual([0, 1]);
    expect(parse({ inputs: [x, flag], outputs: [] }).outputs).toEqual([0, 1]);
    expect(parse({ inputs: [x, flag], outputs: [{ name: 'label' }] }).outputs).toEqual([1]);
  });

  it.each<[Datatype, unknown[], unknown[]]>([
    ['BOOL', [true, false], [1, 0]],
    ['UINT8', [0, 255], [0, 255]],
    ['UINT16', [0, 65535], [0, 65535]],
    ['UINT32', [0, 4294967295], [0, 4294967295]],
    ['UINT64', [0, Number.MAX_SAFE_INTEGER], [0n, 9007199254740991n]],
    ['INT8', [-128, 127], [-128, 127]],
    ['INT16', [-32768, 32767], [-32768, 32767]],
    ['INT32', [-2147483648, 2147483647, 1e2], [-2147483648, 2147483647, 100]],
    ['INT64', [Number.MIN_SAFE_INTEGER, -1, 0], [-9007199254740991n, -1n, 0n]],
    ['FP16', [0.1, -65504, 6e-8], [0x2e66, 0xfbff, 0x0001]],
    ['BF16', [0.1, -1, 3e38], [0x3dcd, 0xbf80, 0x7f62]],
    ['FP32', [0, -1.5, 3.4e38, 1e-45], [0, -1.5, Math.fround(3.4e38), Math.fround(1e-45)]],
    ['FP64', [1e308, -1e308, 0.1, 5e-324], [1e308, -1e308, 0.1, 5e-324]],
    ['BYTES', ['', 'text', 'é', 'a"\\\n'], ['', 'text', 'é', 'a"\\\n']],
  ])('is read exactly over the whole range of %s', (datatype, data, values) => {
    expect(valuesOf(parseOne(datatype, data))[0]).toEqual(values);
  });

  it('holds 64-bit integers beyond 2^53 without loss, as numbers and as text', () => {
    const body = (datatype: string, data: string) =>
      `{"inputs":[{"name":"x","datatype":"${datatype}","shape":[3],"data":[${data}]}]}`;
    const signed = parse(
      body('INT64', '-9223372036854775808,9223372036854775807,"9007199254740993"'),
      codecOf('INT64', [-1]),
    );
    expect(valuesOf(signed)[0]).toEqual([-(2n ** 63n), 2n ** 63n - 1n, 2n ** 53n + 1n]);
    const unsigned = parse(
      body('UINT64', '18446744073709551615,9007199254740993,"0"'),
      codecOf('UINT64', [-1]),
    );
    expect(valuesOf(unsigned)[0]).toEqual([2n ** 64n - 1n, 2n ** 53n + 1n, 0n]);
  });

  it('says how urgent it is as Triton has it: a priority, and a timeout in microseconds', () => {
    const urgent = parse({ inputs: [x, flag], parameters: { priority: 2, timeout: 1_500, sequence_id: 7 } });
    expect(urgent).toMatchObject({ priority: 2, timeoutMs: 1.5 });
    const calm = { priority: 0, timeoutMs: undefined };
    expect(parse({ inputs: [x, flag], parameters: { priority: 0, timeout: 0 } })).toMatchObject(calm);
    expect(parse({ inputs: [x, flag] })).toMatchObject(calm);
  });

  it('may be written with white space anywhere', () => {
    expect(valuesOf(parse(JSON.stringify({ inputs: [x, flag] }, undefined, '\t\r\n ')))).toEqual([
      [1, 2, 3, 4],
      [1, 0],
    ]);
  });
});

describe('a body that is no request', () => {
  it.each([
    ['malformed JSON', '{"inputs":[', /not JSON/],
    ['nothing', '', /not JSON/],
    ['an array', '[]', /JSON object/],
    ['a number', '1', /JSON object/],
    ['null', 'null', /JSON object/],
    ['no inputs', '{}', /"inputs" must be an array with "x", "flag"/],
    ['inputs that are an object', '{"inputs":{}}', /must be an array/],
    ['an input that is null', '{"inputs":[null]}', /must be an object/],
    ['an id that is a number', '{"id":1,"inputs":[]}', /"id" must be a string/],
  ])('is refused: %s', (_, body, message) => {
    expect(() => parse(body)).toThrow(message);
    expect(() => parse(body)).toThrow(expect.objectContaining({ kind: 'invalid' }));
  });

  it('is refused when it is not UTF-8', () => {
    expect(() => codec.parse({ body: Buffer.from([0x7b, 0xff, 0x7d]), jsonLength: undefined })).toThrow(
      /not UTF-8/,
    );
  });

  const nested = (depth: number): string => `${'['.repeat(depth)}1${']'.repeat(depth)}`;

  it('is refused before it is parsed when it is nested a million deep, wherever', () => {
    const body = `{"inputs":[{"name":"x","datatype":"FP32","shape":[1,2],"data":${nested(1e6)}}]}`;
    expect(() => parse(body)).toThrow(/nested deeper than 64 levels/);
    expect(() => parse(`{"parameters":${nested(1e6)},"inputs":[]}`)).toThrow(/nested deeper than 64 levels/);
  });

  it('is refused without blowing the stack when it is small and deep', () => {
    const body = (data: string, name = '"x"') =>
      `{"inputs":[{"name":${name},"datatype":"FP32","shape":[1,1],"data":${data}}]}`;
    const by = codecOf('FP32', [-1, 1]);
    expect(() => parse(body(nested(7_000)), by)).toThrow(/nested deeper than 64 levels/);
    expect(() => parse(body('[1]', nested(60)), by)).toThrow(/no input an array/);
    expect(() => parse(body(nested(60)), by)).toThrow(/element 0 of "data" is an array/);
  });

  it('is not mistaken for deep because of brackets in its text', () => {
    const data = ['['.repeat(20_000), `"\\${'{'.repeat(100)}`];
    expect(valuesOf(parseOne('BYTES', data))[0]).toEqual(data);
  });

  it('cannot reach prototypes by name', () => {
    expect(() => parse('{"__proto__":{"inputs":[]}}')).toThrow(/"inputs" must be an array/);
    expect(() => parse({ inputs: [{ ...x, name: 'constructor' }] })).toThrow(/no input "constructor"/);
    expect(() => parse({ inputs: [{ ...x, name: '__proto__' }] })).toThrow(/no input "__proto__"/);
    expect(() => parse({ inputs: [{ ...x, datatype: 'toString' }] })).toThrow(/not a datatype/);
    expect(({} as { inputs?: unknown }).inputs).toBeUndefined();
  });
});

describe('inputs that do not fit the signature', () => {
  it.each<[string, unknown[], RegExp]>([
    ['an unknown name', [{ ...x, name: 'z' }], /no input "z"; it takes "x", "flag"/],
    ['a name that is no string', [{ ...x, name: 1 }], /no input 1/],
    ['an absent name', [{ datatype: 'FP32' }], /no input nothing/],
    ['a missing input', [x], /Input "flag" is missing/],
    ['none at all', [], /Input "x" is missing/],
    ['an input given twice', [x, x, flag], /"x" is given twice/],
    ['another datatype', [{ ...x, datatype: 'INT32' }], /takes datatype "FP32", not "INT32"/],
    ['an unknown datatype', [{ ...x, datatype: 'FLOAT' }], /"FLOAT" is not a datatype/],
    ['an absent datatype', [{ ...x, datatype: undefined }], /set "datatype" to "FP32"/],
    ['an absent shape', [{ ...x, shape: undefined }], /set "shape" to an array that fits \[-1,2\]/],
    ['another rank', [{ ...x, shape: [4] }], /has 1 dimensions, the model takes 2/],
    ['another fixed dimension', [{ ...x, shape: [1, 4] }], /dimension 1 of "shape" must be 2, not 4/],
    ['a negative dimension', [{ ...x, shape: [-1, 2] }], /dimension 0 .* at least 1, not -1/],
    ['a zero dimension', [{ ...x, shape: [0, 2], data: [] }], /dimension 0 .* at least 1, not 0/],
    ['a fractional dimension', [{ ...x, shape: [1.5, 2] }], /whole number/],
    ['a dimension as text', [{ ...x, shape: ['2', 2] }], /whole number/],
    ['an unsafe dimension', [{ ...x, shape: [1e300, 2] }], /whole number/],
    ['a product beyond any data', [{ ...x, shape: [Number.MAX_SAFE_INTEGER, 2] }], /has 4 elements/],
    ['too few elements', [{ ...x, data: [1, 2, 3] }], /has 3 elements, "shape" \[2,2\] needs 4/],
    ['too many elements', [{ ...x, data: [1, 2, 3, 4, 5] }], /has 5 elements/],
    ['no data', [{ ...x, data: undefined }], /"data" must be an array/],
    ['data that is a number', [{ ...x, data: 1 }], /"data" must be an array/],
    ['ragged rows', [{ ...x, data: [[1, 2], [3]] }], /at depth 1 it has an array of 1, not an array of 2/],
    ['too few rows', [{ ...x, data: [[1, 2]] }], /at depth 0 it has an array of 1/],
    ['nesting that stops half way', [{ ...x, data: [[1, 2], 3] }], /at depth 1 it has 3/],
    [
      'nesting deeper than the shape',
      [
        {
          ...x,
          data: [
            [[1], 2],
            [3, 4],
          ],
        },
      ],
      /element 0 of "data" is an array/,
    ],
    [
      'rows that differ between inputs',
      [x, { ...flag, shape: [1], data: [true] }],
      /"x" has 2 rows and input "flag" has 1/,
    ],
  ])('are refused: %s', (_, inputs, message) => {
    expect(() => parse({ inputs })).toThrow(message);
  });

  it.each<[Datatype, unknown, string]>([
    ['FP32', '1', 'numbers'],
    ['FP32', true, 'numbers'],
    ['FP32', null, 'numbers'],
    ['FP32', 1e39, '32-bit floats'],
    ['FP64', {}, 'numbers'],
    ['BOOL', 1, 'true or false'],
    ['BOOL', 'true', 'true or false'],
    ['BYTES', 1, 'strings'],
    ['INT32', 1.5, 'whole numbers'],
    ['INT32', 2147483648, 'whole numbers from -2147483648 to 2147483647'],
    ['UINT8', -1, 'from 0 to 255'],
    ['INT64', 2 ** 63, 'whole numbers from -9223372036854775808 to 9223372036854775807'],
    ['INT64', 1.5, 'whole numbers'],
    ['INT64', 1e300, 'whole numbers'],
    ['INT64', '1.0', 'whole numbers'],
    ['UINT64', -1, 'from 0'],
    ['UINT64', '18446744073709551616', 'from 0 to 18446744073709551615'],
    ['FP16', 65505, '16-bit floats'],
    ['BF16', 3.4e38, 'bfloat16'],
  ])('are refused: %s element %j', (datatype, value, takes) => {
    expect(() => parseOne(datatype, [value])).toThrow(takes);
  });

  it('are refused: a number too large for JSON to carry', () => {
    const body = '{"inputs":[{"name":"x","datatype":"FP64","shape":[1],"data":[1e999]}]}';
    expect(() => parse(body, codecOf('FP64', [-1]))).toThrow('element 0 of "data" is Infinity');
  });

  it('name the first wrong element', () => {
    expect(() => parse({ inputs: [{ ...x, data: [1, 2, '3', 4] }, flag] })).toThrow(
      'element 2 of "data" is "3"',
    );
  });

  it('are quoted in the message only as far as they are readable', () => {
    const failure = () => parse({ inputs: [{ ...x, name: 'n'.repeat(10_000) }] });
    expect(failure).toThrow(
      expect.objectContaining({ message: expect.stringMatching(/^.{0,200}$/) as string }),
    );
  });
});

describe('parameters', () => {
  it.each<[string, object, RegExp]>([
    ['a priority beyond 9', { priority: 10 }, /"priority" must be from 1 \(first\) to 9, not 10/],
    ['a priority as text', { priority: 'high' }, /"priority" must be a whole number/],
    ['a negative timeout', { timeout: -1 }, /"timeout" must be a whole number of at least 0, not -1/],
    ['half a microsecond', { timeout: 0.5 }, /"timeout" must be a whole number/],
  ])('are refused: %s', (_, parameters, message) => {
    expect(() => parse({ inputs: [x, flag], parameters })).toThrow(message);
  });

  it('are refused when they ask for what is not offered, instead of being ignored', () => {
    const outputs = [{ name: 'y', parameters: { classification: 3 } }];
    expect(() => parse({ inputs: [x, flag], outputs })).toThrow(/Output "y": classification is not offered/);
    const parameters = { shared_memory_region: 'r' };
    expect(() => parse({ inputs: [{ ...x, parameters }, flag] })).toThrow(/shared memory is not offered/);
  });
});

describe('outputs asked for', () => {
  it.each<[string, unknown, RegExp]>([
    ['unknown', [{ name: 'z' }], /no output "z"; it gives "y", "label"/],
    ['from a prototype', [{ name: 'hasOwnProperty' }], /no output "hasOwnProperty"/],
    ['twice', [{ name: 'y' }, { name: 'y' }], /asked for twice/],
    ['not as an array', { name: 'y' }, /must be an array/],
    ['as plain text', ['y'], /no output nothing/],
  ])('are refused: %s', (_, outputs, message) => {
    expect(() => parse({ inputs: [x, flag], outputs })).toThrow(message);
  });
});

describe('an answer', () => {
  const labels: Tensor = { datatype: 'BYTES', shape: [3], data: ['a', '"', 'c'] };
  const tensors: Tensor[] = [
    { datatype: 'FP32', shape: [3, 1], data: new Float32Array([0.5, -1, 1e-9]) },
    labels,
  ];

  it('holds the rows of its request only, with its id, and the model name as the caller wrote it', () => {
    const request = parse({ id: 'q', inputs: [x, flag] });
    const answer: unknown = JSON.parse(codec.encode(request, 'vendor/"m"', tensors, 1).body.toString());
    expect(answer).toEqual({
      model_name: 'vendor/"m"',
      model_version: '3',
      id: 'q',
      outputs: [
        { name: 'y', datatype: 'FP32', shape: [2, 1], data: [-1, Math.fround(1e-9)] },
        { name: 'label', datatype: 'BYTES', shape: [2], data: ['"', 'c'] },
      ],
    });
  });

  it('has no id when none was given, and only the outputs asked for', () => {
    const request = parse({ inputs: [x, flag], outputs: [{ name: 'label' }] });
    const answer = JSON.parse(codec.encode(request, 'm', tensors, 0).body.toString()) as {
      outputs: unknown[];
    };
    expect(answer).not.toHaveProperty('id');
    expect(answer.outputs).toEqual([{ name: 'label', datatype: 'BYTES', shape: [2], data: ['a', '"'] }]);
  });

  it('writes booleans as booleans and 64-bit integers exactly', () => {
    const outputs = [
      { name: 'b', datatype: 'BOOL', shape: [-1] },
      { name: 'i', datatype: 'INT64', shape: [-1] },
    ] as const;
    const by = new OipRestCodec({ inputs: [{ name: 'x', datatype: 'FP32', shape: [-1] }], outputs }, '1');
    const request = parse({ inputs: [{ name: 'x', datatype: 'FP32', shape: [2], data: [1, 2] }] }, by);
    const json = by.encode(
      request,
      'm',
      [
        { datatype: 'BOOL', shape: [2], data: new Uint8Array([1, 0]) },
        { datatype: 'INT64', shape: [2], data: new BigInt64Array([9007199254740993n, -1n]) },
      ],
      0,
    );
    expect(json.body.toString()).toContain('"data":[true,false]');
    expect(json.body.toString()).toContain('"data":[9007199254740993,-1]');
  });

  it('is whole, with the shape that came out, when the model has no rows', () => {
    const by = new OipRestCodec(
      {
        inputs: [{ name: 'x', datatype: 'FP32', shape: [2] }],
        outputs: [{ name: 'y', datatype: 'FP32', shape: [-1] }],
      },
      '1',
    );
    const request = parse({ inputs: [{ name: 'x', datatype: 'FP32', shape: [2], data: [1, 2] }] }, by);
    const json = by.encode(request, 'm', [{ datatype: 'FP32', shape: [3], data: new Float32Array(3) }], 0);
    expect(json.body.toString()).toContain('"shape":[3],"data":[0,0,0]');
  });

  it('is an error that names the output when a number is not finite, for the affected request only', () => {
    const data = new Float32Array([Number.NaN, 1, 2]);
    const bad: Tensor[] = [{ datatype: 'FP32', shape: [3, 1], data }, labels];
    const request = parse({ inputs: [x, flag] });
    expect(() => codec.encode(request, 'm', bad, 0)).toThrow(/output "y" is not a finite number/);
    expect(() => codec.encode(request, 'm', bad, 1)).not.toThrow();
  });
});
