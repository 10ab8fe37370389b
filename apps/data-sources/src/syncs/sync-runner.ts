import { Injectable, Logger } from '@nestjs/common';
import { toDomainError } from '@aimass/platform-errors';
import { asDiskFull } from '../disk-full.js';
import { Workspace } from '../tables/workspace.js';
import { SyncAttempts } from './sync-attempts.js';
import { SyncFinisher } from './sync-finisher.js';
import { LeaseLost, ServiceStopping } from './sync-pulse.js';
import { SyncPulses } from './sync-pulses.js';
import type { Sync } from './sync.entity.js';
import { syncInterrupted } from './syncs.errors.js';
import type { SyncLease } from './syncs.repository.js';

/** A sync that was begun so often and never ended takes the service with it: it is not tried again. */
const MAX_ATTEMPTS = 3;

/** Runs one attempt at a sync from its claim to its end, and settles whatever comes of it. */
@Injectable()
export class SyncRunner {
  private readonly logger = new Logger(SyncRunner.name);

  constructor(
    private readonly pulses: SyncPulses,
    private readonly attempts: SyncAttempts,
    private readonly finisher: SyncFinisher,
    private readonly workspace: Workspace,
  ) {}

  /** Never rejects for what happens to the sync; rejects when the database does not take the outcome. */
  async run(sync: Sync, owner: string, stopping: AbortSignal): Promise<void> {
    const lease: SyncLease = { syncId: sync.id, owner, attempt: sync.attempts };
    if (sync.attempts > MAX_ATTEMPTS) return this.fail(lease, syncInterrupted(MAX_ATTEMPTS));
    const progress = { fetchedBytes: 0, importedRows: 0 };
    const pulse = this.pulses.start(lease, progress, stopping);
    const { signal } = pulse;
    try {
      const outcome = await this.workspace
        .use((folder) => this.attempts.run({ sync, lease, folder, signal, progress }))
        // Whatever an interrupted step says: what interrupted it is the reason.
        .catch((error: unknown) => {
          throw signal.aborted ? signal.reason : asDiskFull(error);
        });
      await pulse.beat();
      // The files are gone by now: nobody hears of the end while they still take room.
      if ('same' in outcome) await this.finisher.findUnchanged(lease, outcome.same);
      else await this.finisher.succeed(lease, outcome.content);
    } catch (error) {
      await this.settle(lease, error);
    } finally {
      pulse.stop();
    }
  }

  private async settle(lease: SyncLease, error: unknown): Promise<void> {
    if (error instanceof LeaseLost) this.logger.log(`${lease.syncId}: cancelled or taken over`);
    else if (error instanceof ServiceStopping) await this.finisher.giveBack(lease).catch(passOver);
    else await this.fail(lease, error);
  }

  private async fail(lease: SyncLease, error: unknown): Promise<void> {
    const { kind, code, options } = toDomainError(error);
    if (kind === 'internal') this.logger.error(options.cause ?? error);
    this.logger.log(`${lease.syncId}: failed (${code})`);
    await this.finisher.fail(lease, error).catch(passOver);
  }
}

/** Who has lost the lease has nothing more to say. */
function passOver(error: unknown): void {
  if (!(error instanceof LeaseLost)) throw error;
}
