import type { JobResult } from '../jobs/job-result.js';
import type { Job, JobFailure } from '../jobs/job.entity.js';
import type { Runner, RunRef, RunStatus } from '../runners/runner.js';
import { ArtifactInvalid } from './artifact-invalid.js';
import { readPlainFile } from './trainer-files.js';

/** How a run ended, for its job. `lost`: not by the trainer's own doing, so it may be tried again. */
export type RunOutcome =
  | { kind: 'succeeded'; result: JobResult }
  | { kind: 'failed'; failure: JobFailure }
  | { kind: 'lost'; reason: string };

/** 128 + SIGKILL, 128 + SIGTERM: somebody else ended the trainer, often for want of memory. */
const KILLED_CODES = [137, 143];
const MAX_FAILURE_BYTES = 64 * 1024;
const MAX_FAILURE_LENGTH = 4_000;
const CRASH_LOG_BYTES = 2_000;

/** Takes over the model that a trainer left below `root`; throws ArtifactInvalid when that is none. */
type Collect = (root: string) => Promise<JobResult>;

/** Finds out what a run that has ended came to; a model has been collected when this returns. */
export async function outcomeOf(
  ref: RunRef,
  status: Exclude<RunStatus, { kind: 'running' }>,
  runner: Runner,
  collect: Collect,
): Promise<RunOutcome> {
  if (status.kind === 'absent') return { kind: 'lost', reason: 'it disappeared' };
  if (status.code === 0) return modelOf(runner.rootOf(ref), collect);
  if (KILLED_CODES.includes(status.code)) {
    return { kind: 'lost', reason: `it was ended by signal ${status.code - 128}` };
  }
  return { kind: 'failed', failure: await failureOf(ref, status.code, runner) };
}

/** Applies an outcome. A job that was asked to stop is cancelled, whatever came of it. */
export function settle(job: Job, outcome: RunOutcome): void {
  if (job.state === 'cancelling') job.markCancelled();
  else if (outcome.kind === 'succeeded') job.succeed(outcome.result);
  else if (outcome.kind === 'failed') job.fail(outcome.failure);
  else if (!job.retry()) job.fail(trainerLost(job.attempt, outcome.reason));
}

async function modelOf(root: string, collect: Collect): Promise<RunOutcome> {
  try {
    return { kind: 'succeeded', result: await collect(root) };
  } catch (error) {
    if (!(error instanceof ArtifactInvalid)) throw error;
    const message = `The trainer ended well, but what it left cannot be registered: ${error.message}.`;
    return { kind: 'failed', failure: { code: error.code, message } };
  }
}

async function failureOf(ref: RunRef, code: number, runner: Runner): Promise<JobFailure> {
  const path = 'output/failure';
  const explanation = await readPlainFile(runner.rootOf(ref), path, MAX_FAILURE_BYTES).catch(
    (error: unknown) => {
      if (error instanceof ArtifactInvalid) return null;
      throw error;
    },
  );
  const message = printable(explanation ?? Buffer.alloc(0));
  if (message !== '') return { code: 'trainer_failed', message };
  const log = printable(await runner.readLog(ref, CRASH_LOG_BYTES));
  const end = log === '' ? 'It has logged nothing.' : `Its log ends with:\n${log}`;
  return {
    code: 'trainer_crashed',
    message: `The trainer ended with code ${code} and no explanation. ${end}`,
  };
}

function trainerLost(attempts: number, reason: string): JobFailure {
  const message =
    `The trainer did not finish in ${attempts} attempts; the last time ${reason}. A machine short of memory is the ` +
    'usual cause: try fewer rows or a larger machine, and create the job again.';
  return { code: 'trainer_lost', message };
}

/** Text without control characters and half characters, which neither Postgres nor terminals should get. */
function printable(bytes: Buffer): string {
  return bytes
    .toString()
    .replaceAll(/[^\P{Cc}\n\t]/gu, '')
    .trim()
    .slice(0, MAX_FAILURE_LENGTH)
    .replace(/[\uD800-\uDBFF]$/, '');
}
