import { expect, it } from 'vitest';
import { formatIngest, summarizeIngest } from './ingest-report.js';

const rounds = [
  { duckDbSeconds: 5, importSeconds: 10, peakMemoryMb: 400 },
  { duckDbSeconds: 6, importSeconds: 8, peakMemoryMb: 700 },
  { duckDbSeconds: 20, importSeconds: 50, peakMemoryMb: 500 },
];

it('compares within rounds, so that a slow one hits both alike, and keeps the largest peak', () => {
  expect(summarizeIngest(rounds)).toEqual({
    ratioToDuckdb: 0.5,
    peakMemoryMb: 700,
    importSeconds: 10,
    duckDbSeconds: 6,
  });
});

it('shows how far the rounds are apart', () => {
  expect(formatIngest(rounds).join('\n')).toMatch(/ratio +0\.50 \(rounds: 0\.40 to 0\.75\)/);
});
