import type { Answer } from './api.js';

/** What clients saw while something happened. */
export interface LoadReport {
  /** HTTP status → how many answers had it. */
  readonly statuses: ReadonlyMap<number, number>;
  readonly slowestMs: number;
  /** The first few answers that were not 200, for the failure message. */
  readonly refusals: readonly string[];
}

/** Some clients that ask again and again, each as soon as it has its answer, until they are stopped. */
export class Load {
  private readonly statuses = new Map<number, number>();
  private readonly refusals: string[] = [];
  private slowestMs = 0;
  private answered = 0;
  private isStopping = false;
  private readonly running: Promise<unknown>;

  constructor(
    private readonly ask: () => Promise<Answer>,
    clients = 8,
  ) {
    this.running = Promise.all(Array.from({ length: clients }, () => this.client()));
  }

  /** Answers so far. */
  get count(): number {
    return this.answered;
  }

  /** Lets every client have its last answer. */
  async stop(): Promise<LoadReport> {
    this.isStopping = true;
    await this.running;
    return { statuses: this.statuses, slowestMs: this.slowestMs, refusals: this.refusals };
  }

  private async client(): Promise<void> {
    while (!this.isStopping) {
      const startedAt = performance.now();
      const { status, text } = await this.ask();
      this.slowestMs = Math.max(this.slowestMs, performance.now() - startedAt);
      this.statuses.set(status, (this.statuses.get(status) ?? 0) + 1);
      if (status !== 200 && this.refusals.length < 5) this.refusals.push(`${status} ${text}`);
      this.answered += 1;
    }
  }
}
