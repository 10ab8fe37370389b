import { quoteText } from '../../tables/sql.js';
import type { Sample, SampledColumn } from '../sample.js';
import { finding, percent } from '../finding.js';
import type { Finding } from '../finding.js';

/** From this share of values on a text column is one of dates. */
const MOSTLY = 0.8;
/** What may be a date at all; the others need no closer look. */
export const DATE_LIKE = '[0-9]{1,4}[-/.][0-9]{1,2}[-/.][0-9]{1,4}([ T].*)?';
const FORMATS = ['%Y-%m-%d', '%Y/%m/%d', '%d/%m/%Y', '%m/%d/%Y', '%d.%m.%Y', '%d-%m-%Y', '%m-%d-%Y'];

/** Whether so many values may be dates that it is worth a closer look. */
export function looksLikeDates({ dateLike, values }: { dateLike: number; values: number }): boolean {
  return values > 0 && dateLike / values >= MOSTLY;
}

/** Dates that stayed text, since they are written in several ways or in one that only a recipe can tell. */
export async function textDates(sample: Sample, column: SampledColumn): Promise<Finding[]> {
  const day = `regexp_extract(${column.id}, '^[^ T]+')`;
  const fits = FORMATS.map((format) => `try_strptime(${day}, ${quoteText(format)}) IS NOT NULL`);
  const counts = fits.map((fit) => `count(*) FILTER (${fit})`);
  const reader = await sample.connection.runAndReadAll(
    `SELECT count(${column.id}), count(*) FILTER (${fits.join(' OR ')}), ${counts.join(', ')} FROM ${sample.name}`,
  );
  const [values = 0, dates = 0, ...byFormat] = (reader.getRowsJson()[0] ?? []).map(Number);
  if (values === 0 || dates / values < MOSTLY) return [];
  const complete = FORMATS.filter((_, index) => byFormat[index] === values);
  const used = FORMATS.filter((_, index) => (byFormat[index] ?? 0) > 0);
  return [describe(column, { share: dates / values, complete, used, isEstimated: sample.isEstimate })];
}

interface Ways {
  readonly share: number;
  /** Formats that fit all values. */
  readonly complete: readonly string[];
  /** Formats that fit some. */
  readonly used: readonly string[];
  readonly isEstimated: boolean;
}

function describe({ name }: SampledColumn, { share, complete, used, isEstimated }: Ways): Finding {
  const [only] = complete;
  const isAmbiguous = complete.length > 1;
  const kinds = isAmbiguous ? complete : used;
  return finding({
    check: 'text_dates',
    severity: only !== undefined && !isAmbiguous ? 'info' : 'warning',
    columns: [name],
    message:
      only === undefined
        ? `"${name}" is text, but ${percent(share)} of its values are dates, written in several ways.`
        : isAmbiguous
          ? `"${name}" is text: its dates can be read in several ways.`
          : `"${name}" is text, but all of its values are dates.`,
    advice:
      only !== undefined && !isAmbiguous
        ? `Name the format in the recipe: {"columns": [{"name": …, "type": "date", "format": "${only}"}]}.`
        : 'Write all dates in one way, or name the format in the recipe under columns[].format.',
    value: share,
    threshold: MOSTLY,
    isEstimated,
    values: kinds,
  });
}
