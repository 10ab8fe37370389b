/** Lets so many trials run at once. Whom somebody waits for comes first, else who came first. */
export class TrialTurns {
  private running = 0;
  private readonly waiting: { readonly isUrgent: () => boolean; readonly start: () => void }[] = [];

  constructor(private readonly atOnce: number) {}

  /** Runs `task` when its turn has come; `isUrgent` is asked whenever one is free. */
  async run<T>(isUrgent: () => boolean, task: () => Promise<T>): Promise<T> {
    if (this.running < this.atOnce) this.running += 1;
    else await new Promise<void>((start) => this.waiting.push({ isUrgent, start }));
    try {
      return await task();
    } finally {
      this.passOn();
    }
  }

  private passOn(): void {
    const urgent = this.waiting.findIndex((each) => each.isUrgent());
    const [next] = this.waiting.splice(Math.max(0, urgent), 1);
    if (next) next.start();
    else this.running -= 1;
  }
}
