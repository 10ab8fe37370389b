import { describe, expect, it } from 'vitest';
import type { AimResult } from './aims.js';
import { formatAim, formatTable } from './report.js';

const AIM: AimResult = {
  work: 'linear',
  protocol: 'http',
  connections: 16,
  target: 'aimass',
  beside: 'ceiling',
  kind: 'ratio',
  bound: 0.7,
  value: 0.823,
  lowest: 0.8,
  highest: 0.85,
  reached: true,
};

describe('formatAim', () => {
  it('says value, range, aim and verdict', () => {
    expect(formatAim(AIM)).toBe(
      'linear http 16: aimass is 0.82 (0.80 to 0.85) of ceiling, aim ≥ 0.7: reached',
    );
    expect(formatAim({ ...AIM, kind: 'added', bound: 0.6, reached: false })).toBe(
      'linear http 16: aimass adds 0.82 ms (0.80 to 0.85) to the p50 of ceiling, aim ≤ 0.6: NOT REACHED',
    );
  });
});

describe('formatTable', () => {
  it('puts cells that are compared next to each other, fewest connections first', () => {
    const cell = (target: string, connections: number, protocol: 'http' | 'grpc' = 'http') => {
      const rounds = [{ rps: 100, p50Ms: 1, p99Ms: 2 }];
      return { work: 'linear', protocol, connections, target, rounds };
    };
    const lines = formatTable([
      cell('aimass', 16),
      cell('aimass', 1),
      cell('aimass', 1, 'grpc'),
      cell('ray', 16),
    ]);
    expect(lines.filter((line) => line.includes('over'))).toEqual(['linear over http', 'linear over grpc']);
    const rows = lines.map((line) => line.split(/\s+/).slice(0, 2).join(' '));
    expect(rows).toEqual(expect.arrayContaining(['aimass 1', 'aimass 16', 'ray 16']));
    expect(rows.indexOf('aimass 1')).toBeLessThan(rows.indexOf('aimass 16'));
    expect(rows.indexOf('ray 16')).toBe(rows.indexOf('aimass 16') + 1);
  });
});
