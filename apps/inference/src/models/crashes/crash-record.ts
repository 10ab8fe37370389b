import { join } from 'node:path';
import { z } from 'zod';
import { JsonFile } from '../json-file.js';
import type { InterruptedWork, LeftJournal } from '../run-journal.js';

/** Files that ended the process this often are not loaded any more. */
export const CRASHES_TO_QUARANTINE = 2;

const crashSchema = z.object({
  /** How often the process ended while this was running or loading. */
  count: z.number().int().min(1),
  /** What it was doing the last time. */
  work: z.enum(['load', 'run']),
  modelVersionId: z.string(),
  lastAt: z.string(),
  /** Others were running or loading as well, every time: it is forgotten when the next crash happens without it. */
  isVague: z.boolean().default(false),
});

const recordSchema = z.object({
  /** By the digest of the files. */
  crashes: z.record(z.string(), crashSchema),
  /** Journals that have been counted and may still lie on disk. */
  counted: z.array(z.string()),
});

/** What is held against some files. */
export type Crash = z.infer<typeof crashSchema>;

/** Which files were being run or loaded when the process ended, by their digest; on disk before anything loads again. */
export class CrashRecord {
  private readonly file: JsonFile<z.infer<typeof recordSchema>>;
  private readonly crashes: Map<string, Crash>;
  private counted: readonly string[];

  constructor(cacheDir: string) {
    this.file = new JsonFile(join(cacheDir, 'crashes.json'), recordSchema);
    const record = this.file.read({ crashes: {}, counted: [] });
    this.crashes = new Map(Object.entries(record.crashes));
    this.counted = record.counted;
  }

  get(digest: string): Crash | undefined {
    return this.crashes.get(digest);
  }

  /**
   * Counts what processes left behind, each journal once, even when this process ends before it has removed them. What was
   * one of several, and not for long, is held against it only until a process ends without it: a kill from outside finds
   * somebody running, and not the same one twice. Settles when that is on disk. Returns the digests that were counted.
   */
  async count(journals: readonly LeftJournal[]): Promise<ReadonlySet<string>> {
    const suspects = new Set<string>();
    for (const { name, work } of journals) {
      if (this.counted.includes(name)) continue;
      const seen = new Map(work.map((each) => [each.digest, each]));
      if (seen.size > 0) this.forgetVague(new Set(seen.keys()));
      for (const [digest, each] of seen) {
        suspects.add(digest);
        this.add(each, seen.size > 1 && !each.isLong);
      }
    }
    this.counted = journals.map((journal) => journal.name);
    if (journals.length > 0) await this.write();
    return suspects;
  }

  /** Nothing is held against these files any more. */
  clear(digest: string): Promise<void> {
    return this.crashes.delete(digest) ? this.write() : Promise.resolve();
  }

  /** Settles when everything is on disk. */
  settled(): Promise<void> {
    return this.file.settled();
  }

  private forgetVague(seen: ReadonlySet<string>): void {
    for (const [digest, crash] of this.crashes) {
      const isConvicted = crash.count >= CRASHES_TO_QUARANTINE;
      if (crash.isVague && !isConvicted && !seen.has(digest)) this.crashes.delete(digest);
    }
  }

  private add({ digest, work, modelVersionId }: InterruptedWork, isVague: boolean): void {
    const known = this.crashes.get(digest);
    this.crashes.set(digest, {
      count: (known?.count ?? 0) + 1,
      work,
      modelVersionId,
      lastAt: new Date().toISOString(),
      isVague: isVague && (known?.isVague ?? true),
    });
  }

  private write(): Promise<void> {
    return this.file.write({ crashes: Object.fromEntries(this.crashes), counted: [...this.counted] });
  }
}
