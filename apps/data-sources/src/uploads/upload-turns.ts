import { Injectable } from '@nestjs/common';
import type { BeforeApplicationShutdown } from '@nestjs/common';

/** Somebody who is at work on an upload. */
interface Turn {
  readonly controller: AbortController;
  /** Settles when it is over; never rejects. */
  readonly ended: Promise<void>;
}

/**
 * One at a time is at work on an upload, and the newest wins: a client that comes again has lost its connection, though
 * the service may not have heard of it.
 */
@Injectable()
export class UploadTurns implements BeforeApplicationShutdown {
  private readonly turns = new Map<string, Turn>();

  /** Interrupts whoever is at work on the upload, and begins when that has ended. `signal` aborts for the next one. */
  async take<T>(uploadId: string, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const before = this.turns.get(uploadId);
    before?.controller.abort();
    const controller = new AbortController();
    const running = (before?.ended ?? Promise.resolve()).then(() => work(controller.signal));
    const turn = { controller, ended: running.then(nothing, nothing) };
    this.turns.set(uploadId, turn);
    try {
      return await running;
    } finally {
      if (this.turns.get(uploadId) === turn) this.turns.delete(uploadId);
    }
  }

  /** What has arrived is kept before the database goes away. */
  async beforeApplicationShutdown(): Promise<void> {
    const turns = [...this.turns.values()];
    for (const { controller } of turns) controller.abort();
    await Promise.all(turns.map(({ ended }) => ended));
  }
}

function nothing(): void {
  // How a turn ended is the business of who took it.
}
