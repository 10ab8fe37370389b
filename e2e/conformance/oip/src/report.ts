import type { VectorResult } from './suite.js';

/** What came of one feature. */
export interface FeatureReport {
  readonly feature: string;
  /** Why it was not asked for; absent when it was. */
  readonly notOffered?: string;
  readonly results: readonly VectorResult[];
}

/** The whole, as `--json` prints it. */
export interface Report {
  readonly conformance: 'oip';
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly notOffered: number;
  readonly features: readonly FeatureReport[];
}

/** Counts what came of the features. */
export function toReport(features: readonly FeatureReport[]): Report {
  const count = (outcome: VectorResult['outcome']) =>
    features.flatMap(({ results }) => results).filter((result) => result.outcome === outcome).length;
  return {
    conformance: 'oip',
    passed: count('passed'),
    failed: count('failed'),
    skipped: count('skipped'),
    notOffered: features.filter(({ notOffered }) => notOffered !== undefined).length,
    features,
  };
}

/** The report to read: a line for each feature and each failure, what was tolerated, and the counts. */
export function toText(report: Report): string {
  const lines = report.features.flatMap(({ feature, notOffered, results }) => {
    if (notOffered !== undefined) return [`${feature}: not offered (${notOffered})`];
    const of = (outcome: VectorResult['outcome']) => results.filter((result) => result.outcome === outcome);
    return [
      `${feature}: ${of('passed').length} passed, ${of('failed').length} failed, ${of('skipped').length} skipped`,
      ...of('failed').map(({ name, reason }) => `  ✗ ${name}\n      ${reason ?? ''}`),
      ...skippedLines(of('skipped')),
      ...flagLines(results),
    ];
  });
  const { passed, failed, skipped } = report;
  return `${[...lines, '', `${passed} passed, ${failed} failed, ${skipped} skipped`].join('\n')}\n`;
}

function skippedLines(skipped: readonly VectorResult[]): string[] {
  return [...new Set(skipped.map(({ reason }) => `  - skipped: ${reason ?? ''}`))];
}

/** What was tolerated, each once. */
function flagLines(results: readonly VectorResult[]): string[] {
  const flags = new Set(results.flatMap((result) => result.flags));
  return flags.size === 0 ? [] : [`  ! tolerated: ${[...flags].join(', ')}`];
}
