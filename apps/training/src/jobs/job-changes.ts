import { EventEmitter } from 'node:events';
import { Injectable } from '@nestjs/common';

/** Wakes those in this process who wait for a job to change. A hint: everybody who waits also looks by the clock. */
@Injectable()
export class JobChanges {
  private readonly emitter = new EventEmitter().setMaxListeners(0);

  /** Says that a job has changed. */
  changed(jobId: string): void {
    this.emitter.emit(`job:${jobId}`);
  }

  /** Says that a worker may find something to do. */
  workArrived(): void {
    this.emitter.emit('work');
  }

  /** Says that a job is to stop. */
  stopRequested(jobId: string): void {
    this.emitter.emit(`stop:${jobId}`);
  }

  /** Resolves at the job's next change, after `timeoutMs`, or when `signal` aborts. */
  async nextOf(jobId: string, timeoutMs: number, signal?: AbortSignal): Promise<void> {
    await this.next(`job:${jobId}`, timeoutMs, signal);
  }

  /** As nextOf, for being told to stop; whether it was. */
  nextStopRequest(jobId: string, timeoutMs: number, signal?: AbortSignal): Promise<boolean> {
    return this.next(`stop:${jobId}`, timeoutMs, signal);
  }

  /** As nextOf, for work. */
  async nextWork(timeoutMs: number, signal?: AbortSignal): Promise<void> {
    await this.next('work', timeoutMs, signal);
  }

  /** Whether it was the event that ended the wait. */
  private next(event: string, timeoutMs: number, signal?: AbortSignal): Promise<boolean> {
    if (signal?.aborted) return Promise.resolve(false);
    return new Promise((resolve) => {
      const end = (isEvent: boolean): void => {
        clearTimeout(timer);
        this.emitter.off(event, onEvent);
        signal?.removeEventListener('abort', onAbort);
        resolve(isEvent);
      };
      const onEvent = (): void => end(true);
      const onAbort = (): void => end(false);
      const timer = setTimeout(onAbort, timeoutMs);
      this.emitter.on(event, onEvent);
      signal?.addEventListener('abort', onAbort);
    });
  }
}
