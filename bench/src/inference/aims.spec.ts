import { describe, expect, it } from 'vitest';
import { findUnmeasured, judge, type Aim } from './aims.js';
import { summarize, type MeasuredCell } from './cells.js';

const SETTING = { work: 'linear', protocol: 'http', connections: 16 } as const;

function cell(target: string, ...rps: number[]): MeasuredCell {
  const rounds = rps.map((value) => ({ rps: value, p50Ms: 1000 / value, p99Ms: 5 }));
  return { ...SETTING, target, rounds };
}

const AIM: Aim = { ...SETTING, target: 'aimass', beside: 'ceiling', kind: 'ratio', bound: 0.7 };

describe('judge', () => {
  it('compares neighbours of the same round, so that a slow minute of the machine cancels out', () => {
    // In the second round the machine was half as fast for both.
    const [result] = judge([AIM], [cell('aimass', 80, 40, 90), cell('ceiling', 100, 50, 100)]);
    expect(result).toMatchObject({ value: 0.8, lowest: 0.8, highest: 0.9, reached: true });
  });

  it('is not reached below the bound', () => {
    expect(judge([AIM], [cell('aimass', 60), cell('ceiling', 100)])[0]).toMatchObject({ reached: false });
  });

  it('takes what is added as a difference of medians that must stay small', () => {
    const added: Aim = { ...AIM, kind: 'added', bound: 0.6 };
    const near = judge([added], [cell('aimass', 1000), cell('ceiling', 2000)])[0];
    expect(near).toMatchObject({ value: 0.5, reached: true });
    const far = judge([added], [cell('aimass', 500), cell('ceiling', 2000)])[0];
    expect(far).toMatchObject({ value: 1.5, reached: false });
  });

  it('leaves out what was not measured, also when only the setting differs', () => {
    const elsewhere = { ...cell('ceiling', 100), connections: 64 };
    expect(judge([AIM], [cell('aimass', 80), elsewhere])).toEqual([]);
  });

  it('never calls a figure reached that is not there', () => {
    const result = judge([AIM], [cell('aimass', 80, 80, 80), cell('ceiling', 100)])[0];
    expect(result?.value).toBeNaN();
    expect(result?.reached).toBe(false);
  });
});

describe('findUnmeasured', () => {
  it('names an aim whose cell failed, and none that nobody asked for', () => {
    const [mine, other] = [cell('aimass', 80), cell('ceiling', 100)];
    expect(findUnmeasured([AIM], [mine, other], [other])).toEqual([AIM]);
    expect(findUnmeasured([AIM], [mine, other], [mine, other])).toEqual([]);
    expect(findUnmeasured([AIM], [mine], [mine])).toEqual([]);
  });
});

describe('summarize', () => {
  it('is the median of the rounds, column by column', () => {
    expect(summarize(cell('aimass', 100, 400, 200))).toEqual({
      ...SETTING,
      target: 'aimass',
      rps: 200,
      p50Ms: 5,
      p99Ms: 5,
    });
  });

  it('keeps a digit of slow targets', () => {
    expect(summarize(cell('ray', 12.34))).toMatchObject({ rps: 12.3 });
  });
});
