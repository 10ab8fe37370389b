import { EventEmitter } from 'node:events';
import { Injectable } from '@nestjs/common';

/** Wakes those in this process who wait for a sync. A hint: everybody who waits also looks by the clock. */
@Injectable()
export class SyncNews {
  private readonly emitter = new EventEmitter().setMaxListeners(0);

  /** Says that a sync has ended. */
  ended(syncId: string): void {
    this.emitter.emit(`ended:${syncId}`);
  }

  /** Says that a worker may find something to do. */
  workArrived(): void {
    this.emitter.emit('work');
  }

  /** Calls `listener` when the sync ends; returns what ends the listening. */
  onEnded(syncId: string, listener: () => void): () => void {
    this.emitter.on(`ended:${syncId}`, listener);
    return () => this.emitter.off(`ended:${syncId}`, listener);
  }

  /** Listens from now on: resolves when the sync ends or after `timeoutMs`. */
  nextEnd(syncId: string, timeoutMs: number): Promise<void> {
    return this.next(`ended:${syncId}`, timeoutMs);
  }

  /** Listens from now on: resolves when there is work, after `timeoutMs`, or when `signal` aborts. */
  nextWork(timeoutMs: number, signal: AbortSignal): Promise<void> {
    return this.next('work', timeoutMs, signal);
  }

  private next(event: string, timeoutMs: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted === true) return Promise.resolve();
    return new Promise((resolve) => {
      const end = (): void => {
        clearTimeout(timer);
        this.emitter.off(event, end);
        signal?.removeEventListener('abort', end);
        resolve();
      };
      const timer = setTimeout(end, timeoutMs);
      this.emitter.on(event, end);
      signal?.addEventListener('abort', end);
    });
  }
}
