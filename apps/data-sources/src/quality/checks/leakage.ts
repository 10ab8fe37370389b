import type { Json } from '@duckdb/node-api';
import { isNumeric, isTime } from '../../profiles/spread.js';
import type { Sample, SampledColumn } from '../sample.js';
import { finding } from '../finding.js';
import type { Finding } from '../finding.js';
import { isClassTarget } from './imbalance.js';

/** From here on a column tells the target almost, or exactly. */
const SUSPICIOUS = 0.98;
const CERTAIN = 0.9999;
/** A value that occurs in fewer rows on average tells the target by chance. */
const ROWS_PER_VALUE = 5;
/** The squares of larger values overflow. */
const LARGEST_SQUARE = 1e150;
/** With fewer rows everything is told by chance. */
const FEWEST_ROWS = 20;

/** Columns that give the target away: known only when the target is, they are no features. */
export async function targetLeakage(sample: Sample): Promise<Finding[]> {
  const { target, columns } = sample;
  if (!target || sample.rowCount < FEWEST_ROWS || target.distinctCount < 2) return [];
  const features = columns.filter(({ name }) => name !== target.name);
  if (features.length === 0) return [];
  const isClass = isClassTarget(target);
  const strengths = isClass
    ? await correlationRatios(sample, features)
    : await correlations(sample, features);
  const mapped = isClass ? await mappings(sample, features) : new Map<string, Mapping>();
  return features.flatMap((feature) =>
    describe(feature, target, { strength: strengths.get(feature.id), mapping: mapped.get(feature.id) }),
  );
}

/** `one-to-one`: each value of the column means one class and the other way round. */
type Mapping = 'one-to-one' | 'many-to-one';

/** |Pearson's r| of each numeric column and a numeric target. */
async function correlations(
  sample: Sample,
  features: readonly SampledColumn[],
): Promise<Map<string, number>> {
  const measured = features.filter(isMeasured);
  if (measured.length === 0 || !sample.target || !isMeasured(sample.target)) return new Map();
  const { number } = sample.target;
  const row = await readRow(
    sample,
    measured.map((feature) => `abs(corr(${feature.number}, ${number}))`),
  );
  return new Map(measured.map(({ id }, index) => [id, Number(row[index] ?? 0)]));
}

/** Correlation ratio η² of each numeric column over the classes: the share of its variance between them. */
async function correlationRatios(
  sample: Sample,
  features: readonly SampledColumn[],
): Promise<Map<string, number>> {
  const measured = features.filter(isMeasured);
  if (measured.length === 0) return new Map();
  const perClass = measured.flatMap(({ id, number }) => [
    `count(${number}) AS n_${id}`,
    `avg(${number}) AS m_${id}`,
    `var_pop(${number}) AS v_${id}`,
  ]);
  // η² = between / (between + within); both from each class's size, mean and variance.
  const ratios = measured.map(({ id }) => {
    const between = `sum(n_${id} * (m_${id} - o_${id}) ^ 2)`;
    return `${between} / nullif(${between} + sum(n_${id} * v_${id}), 0)`;
  });
  const overall = measured.map(
    ({ id }) => `sum(n_${id} * m_${id}) OVER () / sum(n_${id}) OVER () AS o_${id}`,
  );
  const reader = await sample.connection.runAndReadAll(
    `WITH classes AS (SELECT ${perClass.join(', ')} FROM ${sample.name} WHERE target IS NOT NULL GROUP BY target),
      centred AS (SELECT *, ${overall.join(', ')} FROM classes)
      SELECT ${ratios.join(', ')} FROM centred`,
  );
  const row = reader.getRowsJson()[0] ?? [];
  return new Map(measured.map(({ id }, index) => [id, Number(row[index] ?? 0)]));
}

/** Columns of which every value comes with one class only. */
async function mappings(sample: Sample, features: readonly SampledColumn[]): Promise<Map<string, Mapping>> {
  const parts = features.flatMap(({ id }) => {
    const known = `FILTER (${id} IS NOT NULL AND target IS NOT NULL)`;
    return [
      `count(*) ${known}`,
      `count(DISTINCT ${id}) ${known}`,
      `count(DISTINCT target) ${known}`,
      `count(DISTINCT hash(${id}, target)) ${known}`,
    ];
  });
  const row = (await readRow(sample, parts)).map(Number);
  const found = new Map<string, Mapping>();
  for (const [index, { id }] of features.entries()) {
    const [rows = 0, values = 0, classes = 0, pairs = 0] = row.slice(4 * index, 4 * index + 4);
    const isMapping = pairs === values && classes > 1 && rows >= ROWS_PER_VALUE * values;
    if (isMapping) found.set(id, pairs === classes ? 'one-to-one' : 'many-to-one');
  }
  return found;
}

function describe(
  feature: SampledColumn,
  target: SampledColumn,
  { strength = 0, mapping }: { strength: number | undefined; mapping: Mapping | undefined },
): Finding[] {
  const isCertain = mapping === 'one-to-one' || strength >= CERTAIN;
  if (!isCertain && mapping === undefined && strength < SUSPICIOUS) return [];
  const value = mapping === undefined ? strength : 1;
  return [
    finding({
      check: 'target_leakage',
      severity: isCertain ? 'error' : 'warning',
      columns: [feature.name],
      message:
        mapping === undefined
          ? `"${feature.name}" goes along with the target "${target.name}" almost entirely (${value.toFixed(4)}).`
          : `Every value of "${feature.name}" comes with one value of the target "${target.name}" only.`,
      advice: 'If it is known only once the target is, leave it out: a model would learn to copy it.',
      value,
      threshold: SUSPICIOUS,
    }),
  ];
}

/** Whether it has numbers whose squares are doubles. */
function isMeasured({ kind, min, max }: SampledColumn): boolean {
  if (isTime(kind)) return true;
  return isNumeric(kind) && Math.max(Math.abs(Number(min)), Math.abs(Number(max))) < LARGEST_SQUARE;
}

async function readRow(sample: Sample, parts: readonly string[]): Promise<readonly Json[]> {
  const reader = await sample.connection.runAndReadAll(`SELECT ${parts.join(', ')} FROM ${sample.name}`);
  return reader.getRowsJson()[0] ?? [];
}
