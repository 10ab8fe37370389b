import { describe, expect, it } from 'vitest';
import type { Signature } from '../tensors/signature.js';
import { readSamples, withoutSamples } from './warm-up-samples.js';

const signature: Signature = {
  inputs: [
    { name: 'id', datatype: 'INT64', shape: [-1, 1] },
    { name: 'note', datatype: 'BYTES', shape: [-1, 1] },
  ],
  outputs: [{ name: 'y', datatype: 'FP32', shape: [-1, 1] }],
};

const request = (id: string, note: string): string =>
  `{"inputs":[{"name":"id","datatype":"INT64","shape":[1,1],"data":[${id}]},{"name":"note","datatype":"BYTES","shape":[1,1],"data":[${JSON.stringify(note)}]}]}`;
const read = (content: string) => readSamples(new Map([['warmup.json', Buffer.from(content)]]), signature);

describe('warmup.json', () => {
  it('may hold one request, or an array of them, whose numbers are exact', () => {
    const wide = '9007199254740993';
    expect(read(request(wide, 'x'))[0]?.[0]?.data).toEqual(BigInt64Array.of(9007199254740993n));
    const notes = ['a ] " {', 'b'];
    const samples = read(`[${notes.map((note) => request(wide, note)).join(' , ')}]`);
    expect(samples.map(([id, note]) => [id?.data[0], note?.data[0]?.toString()])).toEqual(
      notes.map((note) => [9007199254740993n, note]),
    );
  });

  it('may be absent, and is not part of the model', () => {
    const model = new Map([['model.onnx', Buffer.alloc(1)]]);
    expect(readSamples(model, signature)).toEqual([]);
    const files = new Map([...model, ['warmup.json', Buffer.from('[]')] as const]);
    expect([...withoutSamples(files).keys()]).toEqual(['model.onnx']);
  });

  it('is refused with a request that the version would refuse, by its place', () => {
    const second = request('"many"', 'b');
    expect(() => read(`[${request('1', 'a')},${second}]`)).toThrow(
      /^Request 2 in warmup\.json is not valid: /,
    );
    expect(() => read('not json')).toThrow(/^Request 1 in warmup\.json is not valid: /);
  });

  it('is refused with more than 100 requests', () => {
    const many = Array.from({ length: 101 }, () => request('1', 'a')).join(',');
    expect(() => read(`[${many}]`)).toThrow('has 101 requests: keep 100 at most');
  });
});
