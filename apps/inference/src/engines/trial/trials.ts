import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { modelUnusable } from '../engines.errors.js';
import type { ModelFiles } from '../engine.js';
import { runTrial } from './trial-process.js';
import type { TrialLimits, TrialOutcome } from './trial-process.js';
import type { TrialHeader } from './trial-messages.js';
import { TrialTurns } from './trial-turns.js';

/** A model to be tried. */
export interface TrialSubject extends Omit<TrialHeader, 'files'> {
  /** Digest of its manifest. */
  readonly digest: string;
  /** Reads its files; called only when they are needed, which those that have passed before are not. */
  readonly contents: () => Promise<ModelFiles>;
  /** Whether somebody waits for it by now. */
  readonly isUrgent: () => boolean;
}

/** What a model that passed showed. */
export interface TrialResult {
  /** How long a run takes, in milliseconds. */
  readonly runMs: number;
  /** What loading and warming up added to the process at most. */
  readonly peakBytes: number;
}

const recordSchema = z.object({
  triedAt: z.number(),
  passed: z.object({ runMs: z.number(), peakBytes: z.number() }).optional(),
  fatal: z.string().optional(),
});
type TrialRecord = z.infer<typeof recordSchema>;

/** A model that failed is tried again after this long: the machine may have been short of something. */
const FATAL_MS = 10 * 60 * 1000;
/** Memory that any model may take; a large one also some times its files. */
const FREE_BYTES = 2 * 1024 ** 3;
const FILES_FACTOR = 4;
/** Each takes a core and memory that the replica could use. */
const TRIALS_AT_ONCE = 2;

/**
 * Tries models in processes of their own before they are loaded here for the first time, and remembers on disk what came
 * of it. A loop without end, a huge allocation or a crash in native code ends the trial, not the replica.
 */
export class Trials {
  /** Trials on their way by their key, so that no model is tried twice at the same time. */
  private readonly running = new Map<string, Promise<TrialResult>>();
  /** Those of this process, so that a full disk costs no second trial. */
  private readonly passed = new Map<string, TrialResult>();
  private readonly turns = new TrialTurns(TRIALS_AT_ONCE);

  constructor(
    private readonly folder: string,
    private readonly limits: TrialLimits,
  ) {}

  /** Settles once the model is known to load and run. Throws `precondition_failed` when it does not. */
  async pass(subject: TrialSubject): Promise<TrialResult> {
    const key = keyOf(subject);
    const passed = this.passed.get(key);
    if (passed) return passed;
    const known = await this.read(key);
    if (known?.passed) return known.passed;
    if (known?.fatal !== undefined && Date.now() - known.triedAt < FATAL_MS) throw fatal(known.fatal);
    const running =
      this.running.get(key) ?? this.turns.run(subject.isUrgent, () => this.runAndKeep(key, subject));
    this.running.set(key, running);
    try {
      return await running;
    } finally {
      this.running.delete(key);
    }
  }

  private async runAndKeep(key: string, subject: TrialSubject): Promise<TrialResult> {
    const { engine, format, signature, settings, maxRows } = subject;
    const files = await subject.contents();
    const filesBytes = [...files.values()].reduce((sum, content) => sum + content.length, 0);
    const memoryBytes = Math.min(this.limits.memoryBytes, FREE_BYTES + FILES_FACTOR * filesBytes);
    const header = { engine, format, signature, settings, maxRows };
    const outcome = await runTrial(header, files, { ...this.limits, memoryBytes });
    return this.conclude(key, outcome);
  }

  private async conclude(key: string, outcome: TrialOutcome): Promise<TrialResult> {
    const triedAt = Date.now();
    switch (outcome.kind) {
      case 'passed': {
        const passed = { runMs: outcome.runMs, peakBytes: outcome.peakBytes };
        this.passed.set(key, passed);
        await this.write(key, { triedAt, passed });
        return passed;
      }
      // The engine says so again as often as it is asked.
      case 'refused':
        throw outcome.error;
      case 'fatal':
        await this.write(key, { triedAt, fatal: outcome.reason });
        throw fatal(outcome.reason);
    }
  }

  /** What cannot be read was not tried. */
  private async read(key: string): Promise<TrialRecord | undefined> {
    try {
      return recordSchema.parse(JSON.parse(await readFile(join(this.folder, `${key}.json`), 'utf8')));
    } catch {
      return undefined;
    }
  }

  /** Whole or not at all. A disk that is full costs another trial after a restart. */
  private async write(key: string, record: TrialRecord): Promise<void> {
    const path = join(this.folder, `${key}.json`);
    const temporary = `${path}.${randomUUID()}.tmp`;
    try {
      await mkdir(this.folder, { recursive: true, mode: 0o700 });
      await writeFile(temporary, JSON.stringify(record), { mode: 0o600 });
      await rename(temporary, path);
    } catch {
      return;
    }
  }
}

/** The same files with another signature are run with other inputs. */
function keyOf({ digest, engine, format, signature }: TrialSubject): string {
  const rest = createHash('sha256')
    .update(JSON.stringify([engine, format, signature]))
    .digest('hex');
  return `${digest}-${rest.slice(0, 16)}`;
}

function fatal(reason: string): Error {
  return modelUnusable(`The model was tried in a process of its own and ${reason}. It is not loaded.`);
}
