import { describe, expect, it } from 'vitest';
import type { Datatype } from '../tensors/datatype.js';
import { OipRestCodec } from './oip-rest.js';
import { isPlain, parseSmall } from './small-request.js';

const signatureOf = (datatype: Datatype, shape = [-1, 2]) => ({
  inputs: [{ name: 'x', datatype, shape }],
  outputs: [{ name: 'y', datatype: 'FP32' as const, shape: [-1] }],
});
const input = (data: string, datatype = 'FP32', more = '') =>
  `{"name":"x","datatype":"${datatype}","shape":[1,2],"data":${data}${more}}`;
const request = (data: string, datatype?: string, more?: string) =>
  `{"inputs":[${input(data, datatype, more)}]}`;

/** What comes of a body: the request, or what is said against it. */
function outcome(text: string | Buffer, datatype: Datatype): unknown {
  try {
    return new OipRestCodec(signatureOf(datatype), '1').parse({
      body: Buffer.from(text),
      jsonLength: undefined,
    });
  } catch (error) {
    return (error as Error).message;
  }
}

/** The same request, too long to be read in one go. */
const long = (text: string | Buffer): Buffer =>
  Buffer.concat([Buffer.from(text), Buffer.from(' '.repeat(600))]);

describe('a small request means what it means when it is long', () => {
  it.each<[string, string | Buffer, Datatype?]>([
    ['flat', request('[1.5,-2e3]')],
    ['nested', request('[[1.5,-0]]')],
    ['two "data"', `{"inputs":[{"data":[9,9],${input('[1,2]').slice(1)}]}`],
    ['two "data", one in a parameter', request('[1,2]', 'FP32', ',"parameters":{"data":[9]}')],
    ['two "inputs"', `{"inputs":[${input('[9,9]')}],"inputs":[${input('[1,2]')}]}`],
    ['a key with a backslash', request('[1,2]').replace('data', 'd\\u0061ta')],
    ['two names', request('[1,2]').replace('{"name"', '{"name":"z","name"')],
    ['an input twice', `{"inputs":[${input('[1,2]')},${input('[1,2]')}]}`],
    ['no data', '{"inputs":[{"name":"x","datatype":"FP32","shape":[1,2]}]}'],
    ['too few', request('[1]')],
    ['text', request('["1",2]')],
    ['null', request('[null,2]')],
    ['too large', request('[1e39,2]')],
    ['infinite', request('[1e400,2]')],
    ['NaN', request('[NaN,2]')],
    ['an uneven sum of decimals', request('[0.1,16777217]')],
    ['a fraction of an integer', request('[1.5,2]', 'INT32'), 'INT32'],
    ['an integer out of range', request('[256,2]', 'UINT8'), 'UINT8'],
    ['integers', request('[1.0,2e1]', 'INT16'), 'INT16'],
    ['64 bits', request('[9007199254740993,"2"]', 'INT64'), 'INT64'],
    ['another datatype', request('[1,2]', 'FP64')],
    ['an id', request('[1,2]').replace('{', '{"id":"7",')],
    ['an id that is no text', request('[1,2]').replace('{', '{"id":7,')],
    ['outputs', request('[1,2]').replace('{', '{"outputs":[{"name":"y"}],')],
    ['parameters', request('[1,2]').replace('{', '{"parameters":{"priority":3},')],
    ['65 levels', request('[1,2]').replace('{', `{"other":${'['.repeat(65)}${']'.repeat(65)},`)],
    ['65 levels in an input', request('[1,2]', 'FP32', `,"o":${'['.repeat(65)}${']'.repeat(65)}`)],
    ['65 levels of shape', request('[1,2]').replace('[1,2]', `${'['.repeat(65)}${']'.repeat(65)}`)],
    ['65 levels of id', request('[1,2]').replace('{', `{"id":${'['.repeat(65)}${']'.repeat(65)},`)],
    ['__proto__', request('[1,2]').replace('{', '{"__proto__":{"id":"7"},')],
    ['no UTF-8', Buffer.concat([Buffer.from('{"id":"'), Buffer.from([0xff]), Buffer.from('"}')])],
    ['no object', '[1]'],
    ['no JSON', request('[1,2]').replace(']}]}', ']}x]}')],
  ])('%s', (_, text, datatype = 'FP32') => {
    expect(outcome(text, datatype)).toEqual(outcome(long(text), datatype));
  });
});

it('takes what clients usually send, and leaves everything else to the careful way', () => {
  const signature = signatureOf('FP32');
  expect(isPlain(signature)).toBe(true);
  expect(isPlain(signatureOf('INT64'))).toBe(false);
  const take = (text: string | Buffer) => parseSmall(Buffer.from(text), signature);
  expect(take(request('[1,2]'))).toEqual(JSON.parse(request('[1,2]')));
  expect(take(long(request('[1,2]')))).toBeUndefined();
  expect(take(request('[1,2]', 'FP32', ',"parameters":{"data":[9]}'))).toBeUndefined();
});
