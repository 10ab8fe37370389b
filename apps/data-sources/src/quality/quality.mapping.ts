import { datasetVersions } from '@aimass/contracts';
import type { DatasetVersion } from '../datasets/dataset-version.entity.js';
import type { Finding, QualityReport, Severity } from './finding.js';

const SEVERITIES = {
  info: datasetVersions.QualitySeverity.INFO,
  warning: datasetVersions.QualitySeverity.WARNING,
  error: datasetVersions.QualitySeverity.ERROR,
} as const satisfies Record<Severity, datasetVersions.QualitySeverity>;

/** Of a version that is older than the checks. */
const UNCHECKED: QualityReport = {
  findings: [],
  omittedCount: 0,
  checks: [],
  comparedWith: 0,
  sampledRowCount: 0,
};

export function toQualityProto({
  quality,
  rowCount,
}: DatasetVersion): datasetVersions.GetDatasetVersionQualityResponse {
  const { findings, omittedCount, checks, comparedWith, sampledRowCount } = quality ?? UNCHECKED;
  return {
    findings: findings.map(toFindingProto),
    checks: [...checks],
    comparedWith,
    rowCount,
    sampledRowCount: String(sampledRowCount),
    omittedFindingCount: omittedCount,
  };
}

function toFindingProto(finding: Finding): datasetVersions.QualityFinding {
  const { check, severity, columns, message, advice, value, threshold, count, isEstimated, rows, values } =
    finding;
  return {
    check,
    severity: SEVERITIES[severity],
    columns: [...columns],
    message,
    advice,
    value,
    threshold,
    count: count === undefined ? undefined : String(count),
    isEstimated,
    rows: rows.map(String),
    values: [...values],
  };
}
