import { describe, expect, it } from 'vitest';
import { parseLine, readOutputPart } from './metric-lines.js';

const parse = (text: string) => parseLine(Buffer.from(text));

describe('a line of a trainer', () => {
  it('is a metric point, progress or backend', () => {
    expect(
      parse('{"metric":"train_loss","value":1.5,"epoch":3,"trial":"learning_rate=0.1","time":"…"}'),
    ).toEqual({
      ...{ kind: 'point', metric: 'train_loss', value: 1.5, epoch: 3, trial: 'learning_rate=0.1' },
    });
    expect(parse('{"metric":"rmse","value":0}')).toMatchObject({ epoch: 0, trial: '' });
    expect(parse('{"progress":0.25}')).toEqual({ kind: 'progress', progress: 0.25 });
    expect(parse('{"backend":"tfjs (wasm)"}')).toEqual({ kind: 'backend', backend: 'tfjs (wasm)' });
  });

  it.each([
    ['text', 'epoch 1 loss 2'],
    ['broken JSON', '{"metric":"a","value":1'],
    ['an array', '[{"metric":"a","value":1}]'],
    ['null for a number that JSON cannot hold', '{"metric":"a","value":null}'],
    ['a number too large for a double', '{"metric":"a","value":1e999}'],
    ['a value as text', '{"metric":"a","value":"1"}'],
    ['half an epoch', '{"metric":"a","value":1,"epoch":1.5}'],
    ['a negative epoch', '{"metric":"a","value":1,"epoch":-1}'],
    ['a name with blanks', '{"metric":"a b","value":1}'],
    ['a trial with NUL', '{"metric":"a","value":1,"trial":"\\u0000"}'],
    ['progress above 1', '{"progress":1.1}'],
    ['a line above 4 KiB', `{"metric":"a","value":1,"note":"${'x'.repeat(5000)}"}`],
  ])('is ignored when it is %s', (_name, line) => {
    expect(parse(line)).toBeNull();
  });
});

describe('a piece of output', () => {
  const text = Buffer.from('{"progress":0.1}\nnoise\n\n{"progress":0.2}');
  const cut = { isLast: false, isFull: false };

  it('leaves a line without its end for later', () => {
    const part = readOutputPart(text, cut);
    expect(part).toEqual({
      reports: [{ kind: 'progress', progress: 0.1 }],
      ignoredLines: 1,
      consumedBytes: 24,
    });
    expect(text.subarray(part.consumedBytes).toString()).toBe('{"progress":0.2}');
  });

  it('takes that line when nothing follows', () => {
    const part = readOutputPart(text, { isLast: true, isFull: false });
    expect(part.reports).toHaveLength(2);
    expect(part.consumedBytes).toBe(text.length);
  });

  it('skips a line that fills the whole piece', () => {
    expect(readOutputPart(Buffer.from('xxxx'), cut).consumedBytes).toBe(0);
    expect(readOutputPart(Buffer.from('xxxx'), { isLast: false, isFull: true }).consumedBytes).toBe(4);
  });

  it('gives the same reports however it is cut', () => {
    const whole = Buffer.from(
      Array.from({ length: 50 }, (_, i) => `{"metric":"m","value":${i},"trial":"π"}\n`).join(''),
    );
    for (const size of [45, 64, 100, 333]) {
      const values: number[] = [];
      for (let offset = 0; offset < whole.length;) {
        const piece = whole.subarray(offset, offset + size);
        const part = readOutputPart(piece, { isLast: offset + piece.length >= whole.length, isFull: false });
        values.push(...part.reports.map((report) => (report.kind === 'point' ? report.value : Number.NaN)));
        offset += part.consumedBytes;
      }
      expect(values).toEqual(Array.from({ length: 50 }, (_, i) => i));
    }
  });
});
