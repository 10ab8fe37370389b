import { z } from 'zod';

/** One thing a trainer reports. */
export type TrainerReport =
  | { kind: 'point'; metric: string; trial: string; epoch: number; value: number }
  | { kind: 'progress'; progress: number }
  | { kind: 'backend'; backend: string };

/** What a piece of standard output holds. */
export interface OutputPart {
  readonly reports: readonly TrainerReport[];
  /** Bytes that need not be looked at again. */
  readonly consumedBytes: number;
  /** Lines that are no report. */
  readonly ignoredLines: number;
}

const MAX_LINE_BYTES = 4_096;
const NEWLINE = 0x0a;

const printable = (max: number) =>
  z
    .string()
    .max(max)
    .regex(/^[^\p{Cc}\p{Cs}]*$/u);
const pointSchema = z.object({
  metric: z.string().regex(/^[A-Za-z][A-Za-z0-9_.:/-]{0,63}$/),
  value: z.number(),
  epoch: z.number().int().min(0).max(Number.MAX_SAFE_INTEGER).default(0),
  trial: printable(128).default(''),
});
const progressSchema = z.object({ progress: z.number().min(0).max(1) });
const backendSchema = z.object({ backend: printable(128) });

/**
 * Reads the whole lines of a piece of standard output. The last line without its newline is left for later, unless
 * `isLast` says that nothing follows, or `isFull` that it is too long to be a report.
 */
export function readOutputPart(bytes: Buffer, end: { isLast: boolean; isFull: boolean }): OutputPart {
  const reports: TrainerReport[] = [];
  let start = 0;
  let ignoredLines = 0;
  const take = (line: Buffer): void => {
    const report = parseLine(line);
    if (report) reports.push(report);
    else if (line.length > 0) ignoredLines += 1;
  };
  for (let newline = bytes.indexOf(NEWLINE); newline !== -1; newline = bytes.indexOf(NEWLINE, start)) {
    take(bytes.subarray(start, newline));
    start = newline + 1;
  }
  const isRestTaken = end.isLast || (end.isFull && start === 0);
  if (isRestTaken) take(bytes.subarray(start));
  return { reports, ignoredLines, consumedBytes: isRestTaken ? bytes.length : start };
}

/** Null for anything but a well-formed report: trainers may print what they like. */
export function parseLine(line: Buffer): TrainerReport | null {
  if (line.length > MAX_LINE_BYTES || line[0] !== 0x7b) return null;
  const value = parseJson(line.toString());
  const point = pointSchema.safeParse(value);
  if (point.success) return { kind: 'point', ...point.data };
  const progress = progressSchema.safeParse(value);
  if (progress.success) return { kind: 'progress', ...progress.data };
  const backend = backendSchema.safeParse(value);
  return backend.success ? { kind: 'backend', ...backend.data } : null;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
