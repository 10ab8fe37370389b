import type { SyncNews } from './sync-news.js';
import type { SyncLease, SyncProgress, SyncsRepository } from './syncs.repository.js';

/** The sync was cancelled, or somebody else speaks for it now: whatever this attempt does is in vain. */
export class LeaseLost extends Error {
  override readonly name = 'LeaseLost';
}

/** The service stops: the sync is given back. */
export class ServiceStopping extends Error {
  override readonly name = 'ServiceStopping';
}

/** What a pulse is made of. */
interface PulseOptions {
  readonly syncs: SyncsRepository;
  readonly news: SyncNews;
  readonly lease: SyncLease;
  readonly leaseSeconds: number;
  /** Read at every beat. */
  readonly progress: SyncProgress;
  /** Aborts when the service stops. */
  readonly stopping: AbortSignal;
}

/**
 * Keeps a lease alive from its creation until `stop`, whatever its holder is busy with, and tells how far that is.
 * `signal` aborts with LeaseLost when the lease is lost or the sync was cancelled, and with ServiceStopping.
 */
export class SyncPulse {
  private readonly controller = new AbortController();
  private readonly unlisten: () => void;
  private timer: NodeJS.Timeout | undefined;
  private isStopped = false;

  constructor(private readonly options: PulseOptions) {
    const onStopping = (): void => this.controller.abort(new ServiceStopping());
    const unlistenEnd = options.news.onEnded(options.lease.syncId, () => this.lose());
    options.stopping.addEventListener('abort', onStopping);
    this.unlisten = () => {
      unlistenEnd();
      options.stopping.removeEventListener('abort', onStopping);
    };
    if (options.stopping.aborted) onStopping();
    this.schedule();
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  /**
   * Renews the lease and tells how far it is, now. A database that does not answer is asked again at the next beat:
   * losing the lease is its verdict.
   */
  async beat(): Promise<void> {
    const { syncs, lease, leaseSeconds, progress } = this.options;
    const isHeld = await syncs.renew(lease, progress, leaseSeconds).catch(() => true);
    if (!isHeld) this.lose();
  }

  stop(): void {
    this.isStopped = true;
    clearTimeout(this.timer);
    this.unlisten();
  }

  private schedule(): void {
    const intervalMs = Math.min(1_000, (this.options.leaseSeconds * 1_000) / 3);
    this.timer = setTimeout(() => {
      void this.beat().then(() => {
        if (!this.isStopped && !this.signal.aborted) this.schedule();
      });
    }, intervalMs);
  }

  private lose(): void {
    this.controller.abort(new LeaseLost());
  }
}
