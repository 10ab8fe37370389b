/** Tells people what happens, a line at a time. */
export class Narrator {
  private step = 0;
  private readonly startedAt = Date.now();

  /** A step of the journey begins. */
  begin(title: string): void {
    this.step += 1;
    process.stdout.write(`\n[${this.seconds().toFixed(1).padStart(5)} s] ${this.step}. ${title}\n`);
  }

  /** Something learned within the step. */
  line(text: string): void {
    process.stdout.write(`           ${text}\n`);
  }

  seconds(): number {
    return (Date.now() - this.startedAt) / 1000;
  }
}
