import { z } from 'zod';
import type { JobResult } from '../jobs/job-result.js';
import { ArtifactInvalid } from './artifact-invalid.js';

/** What `model/signature.json` says. */
export type SignatureDocument = Pick<JobResult, 'engine' | 'format' | 'signature'>;

/** What we use of `output/data/report.json`; the document itself is kept whole. */
export interface ReportDocument {
  readonly backend: string;
  readonly metrics: Readonly<Record<string, number>>;
}

const DATATYPES = [
  ...['BOOL', 'UINT8', 'UINT16', 'UINT32', 'UINT64', 'INT8', 'INT16', 'INT32', 'INT64'],
  ...['FP16', 'BF16', 'FP32', 'FP64', 'BYTES'],
] as const;
/** What Postgres and terminals take: no control characters, no half characters. */
const cleanText = (max: number) =>
  z
    .string()
    .max(max)
    .regex(/^[^\p{Cc}\p{Cs}]*$/u);
const tensors = z
  .array(
    z.object({
      name: cleanText(256).min(1),
      datatype: z.enum(DATATYPES),
      shape: z
        .array(z.number().int().min(-1))
        .max(16)
        .transform((shape) => shape.map(String)),
    }),
  )
  .min(1)
  .max(256);
const word = z.string().regex(/^[a-z][a-z0-9-]{0,62}$/);
const signatureSchema = z.object({ engine: word, format: word, inputs: tensors, outputs: tensors });

/** Metrics of a report: `rmse` and `r2`, by split. */
const REPORTED = ['rmse', 'r2'] as const;

/** Throws ArtifactInvalid. */
export function readSignature(text: string): SignatureDocument {
  const parsed = signatureSchema.safeParse(parseJson(text, 'model/signature.json'));
  if (!parsed.success) {
    const problems = parsed.error.issues
      .map((issue) => `${issue.path.join('.')}: ${issue.message}`)
      .join('; ');
    throw new ArtifactInvalid(`model/signature.json is not a signature (${problems})`);
  }
  const { engine, format, inputs, outputs } = parsed.data;
  return { engine, format, signature: { inputs, outputs } };
}

/**
 * Throws ArtifactInvalid, also when the coefficients it reports are not all finite numbers: JSON has no NaN, a trainer
 * that diverged writes null.
 */
export function readReport(text: string): ReportDocument {
  const report = parseJson(text, 'output/data/report.json');
  if (!isRecord(report)) throw new ArtifactInvalid('output/data/report.json is not a JSON object');
  assertFinite(report.coefficients ?? {}, 'coefficients');
  const metrics = REPORTED.flatMap((metric) => {
    const bySplit = report[metric];
    const entries = isRecord(bySplit) ? Object.entries(bySplit) : [];
    return entries.flatMap(([split, value]) =>
      typeof value === 'number' && Number.isFinite(value) && /^\w{1,32}$/.test(split)
        ? [[`${metric}.${split}`, value] as const]
        : [],
    );
  });
  const backend = cleanText(128).safeParse(report.backend);
  return { backend: backend.data ?? '', metrics: Object.fromEntries(metrics) };
}

function assertFinite(value: unknown, path: string): void {
  if (typeof value === 'number' && Number.isFinite(value) && Number.isFinite(value)) return;
  if (typeof value !== 'object' || value === null)
    throw new ArtifactInvalid(`the report's ${path} is not a finite number`);
  for (const [name, part] of Object.entries(value)) assertFinite(part, `${path}.${name}`);
}

function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new ArtifactInvalid(`${path} is not JSON`);
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
