/** Lets a number of tasks run at a time; the others wait in the order in which they came. */
export class Turnstile {
  private readonly waiting: (() => void)[] = [];
  private running = 0;

  constructor(private readonly limit: number) {}

  async run<T>(task: () => Promise<T>): Promise<T> {
    if (this.running >= this.limit) await new Promise<void>((enter) => this.waiting.push(enter));
    else this.running++;
    try {
      return await task();
    } finally {
      // The place goes to the next in line, so that nobody who comes later can take it.
      const next = this.waiting.shift();
      if (next) next();
      else this.running--;
    }
  }
}
