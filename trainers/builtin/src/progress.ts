/** One point of a metric, as it is written to stdout. Values that JSON cannot hold are not written. */
export interface MetricLine {
  metric: string;
  value: number;
  epoch?: number;
  trial?: string;
  reason?: string;
}

/** Metrics and progress: one JSON object per line on stdout, while the job runs. Everything else goes to stderr. */
export class Progress {
  private lastFraction = -1;
  private lastTime = 0;

  metric(line: MetricLine): void {
    if (!Number.isFinite(line.value)) return;
    write({ ...line, time: new Date().toISOString() });
  }

  /** What computes, so that a running job can say it. */
  backend(name: string): void {
    write({ backend: name });
  }

  /** `fraction` from 0 to 1; written at most four times a second and only when it grew by a percent. */
  progress(fraction: number): void {
    const rounded = Math.floor(Math.min(fraction, 1) * 100) / 100;
    const now = performance.now();
    const isDue = rounded >= 1 || this.lastFraction < 0 || now - this.lastTime >= 250;
    if (rounded <= this.lastFraction || !isDue) return;
    this.lastFraction = rounded;
    this.lastTime = now;
    write({ progress: rounded });
  }

  info(message: string): void {
    process.stderr.write(`${message}\n`);
  }

  warn(message: string): void {
    process.stderr.write(`warning: ${message}\n`);
  }
}

function write(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}
