import { Logger } from '@nestjs/common';
import type { Runner } from '../runners/runner.js';
import { LeaseLost } from './lease-pulse.js';
import { readOutputPart } from './metric-lines.js';
import type { OutputPart, TrainerReport } from './metric-lines.js';
import type { Lease, RunsRepository } from './runs.repository.js';

/** Read at once; also the most that a trainer is listened to in one turn. */
const PART_BYTES = 256 * 1024;
/** A job keeps this many metric points; what it reports beyond is dropped. */
const MAX_POINTS = 200_000;

type Point = Extract<TrainerReport, { kind: 'point' }>;

/** Stores what a run prints on standard output, from where it was left. */
export class OutputTail {
  private readonly logger = new Logger(OutputTail.name);
  private hasWarned = false;

  constructor(
    private readonly runner: Runner,
    private readonly runs: RunsRepository,
    private readonly lease: Lease,
    private position: { offset: number; pointCount: number },
  ) {}

  /**
   * Stores the next piece; false when there is none. `isEnded` says that the trainer prints no more. Throws LeaseLost.
   */
  async readOn(isEnded: boolean): Promise<boolean> {
    const { offset, pointCount } = this.position;
    const bytes = await this.runner.readOutput(this.lease, offset, PART_BYTES);
    const isFull = bytes.length === PART_BYTES;
    const part = readOutputPart(bytes, { isLast: isEnded && !isFull, isFull });
    if (part.consumedBytes === 0) return false;
    const points = part.reports.filter(isPoint).slice(0, Math.max(0, MAX_POINTS - pointCount));
    const toOffset = offset + part.consumedBytes;
    const isStored = await this.runs.advance(this.lease, {
      fromOffset: offset,
      toOffset,
      points,
      progress: lastOf(part.reports, (report) => (report.kind === 'progress' ? report.progress : null)),
      backend: lastOf(part.reports, (report) => (report.kind === 'backend' ? report.backend : null)),
    });
    if (!isStored) throw new LeaseLost();
    this.position = { offset: toOffset, pointCount: pointCount + points.length };
    this.warnOnce(part, points.length);
    return true;
  }

  private warnOnce(part: OutputPart, storedCount: number): void {
    const droppedCount = part.reports.filter(isPoint).length - storedCount;
    if (this.hasWarned || part.ignoredLines + droppedCount === 0) return;
    this.hasWarned = true;
    const what = droppedCount > 0 ? `more than ${MAX_POINTS} metric points` : 'lines that are no report';
    this.logger.warn(`${this.lease.jobId} prints ${what} on standard output; they are ignored`);
  }
}

function isPoint(report: TrainerReport): report is Point {
  return report.kind === 'point';
}

function lastOf<T>(reports: readonly TrainerReport[], pick: (report: TrainerReport) => T | null): T | null {
  return reports.reduce<T | null>((last, report) => pick(report) ?? last, null);
}
