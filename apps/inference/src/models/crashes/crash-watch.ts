import { Logger } from '@nestjs/common';
import type { OnApplicationShutdown, OnModuleDestroy } from '@nestjs/common';
import { FileRunJournal, leftJournals, removeJournal } from '../run-journal.js';
import type { VersionSpec } from '../version-spec.js';
import { CrashRecord, CRASHES_TO_QUARANTINE } from './crash-record.js';
import { Probation, SuspectGate } from './probation.js';

/**
 * Knows which versions ended the process. Whatever was running or loading when the last process ended is a suspect, and
 * works alone among suspects until it is cleared; what was there twice is quarantined.
 */
export class CrashWatch implements OnModuleDestroy, OnApplicationShutdown {
  private readonly logger = new Logger('crashes');
  private readonly gate = new SuspectGate();

  private constructor(
    readonly journal: FileRunJournal,
    private readonly record: CrashRecord,
  ) {}

  /** Counts what was under way when earlier processes ended. Settles when that is on disk: nothing may load before. */
  static async open(cacheDir: string): Promise<CrashWatch> {
    const record = new CrashRecord(cacheDir);
    const left = leftJournals(cacheDir);
    const suspects = await record.count(left);
    for (const { name } of left) removeJournal(cacheDir, name);
    const watch = new CrashWatch(new FileRunJournal(cacheDir), record);
    for (const digest of suspects) watch.report(digest);
    return watch;
  }

  /** The first thing of a stop: whoever ends the process because it takes long does not mean a model. */
  onModuleDestroy(): void {
    this.journal.close();
  }

  onApplicationShutdown(): Promise<void> {
    return this.record.settled();
  }

  /** Why the version is not to be loaded, or undefined. */
  quarantineOf({ manifest }: VersionSpec): string | undefined {
    const crash = this.record.get(manifest.sha256);
    if (crash === undefined || crash.count < CRASHES_TO_QUARANTINE) return undefined;
    const doing = crash.work === 'load' ? 'loading' : 'running';
    return `it ended the process ${crash.count} times, last at ${crash.lastAt} while ${doing}`;
  }

  /** A suspect's probation, or undefined for everybody else. */
  probationOf(spec: VersionSpec): Probation | undefined {
    const digest = spec.manifest.sha256;
    const crash = this.record.get(digest);
    if (crash === undefined) return undefined;
    return new Probation(this.gate, crash.work, () => {
      this.logger.log(`${spec.modelName} ${spec.number} (${spec.id}) is cleared: it works without a crash`);
      void this.record.clear(digest);
    });
  }

  /** An operator wants it all the same: it starts with a clean record. Settles when that is on disk. */
  lift({ manifest }: VersionSpec): Promise<void> {
    return this.record.clear(manifest.sha256);
  }

  private report(digest: string): void {
    const crash = this.record.get(digest);
    if (crash === undefined) return;
    const doing = crash.work === 'load' ? 'loading' : 'running';
    const what = `The process ended while ${crash.modelVersionId} was ${doing} (${crash.count} times)`;
    if (crash.count < CRASHES_TO_QUARANTINE) this.logger.warn(`${what}; it is watched`);
    else this.logger.error(`${what}; it is quarantined until its files change or an operator loads it`);
  }
}
