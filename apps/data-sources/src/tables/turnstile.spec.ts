import { describe, expect, it } from 'vitest';
import { Turnstile } from './turnstile.js';

describe('Turnstile', () => {
  it('lets no more than its limit run, the others in order, and goes on after a failure', async () => {
    const turnstile = new Turnstile(2);
    const releases: (() => void)[] = [];
    const started: number[] = [];
    const tasks = [0, 1, 2, 3].map((id) =>
      turnstile.run(async () => {
        started.push(id);
        await new Promise<void>((release) => releases.push(release));
        if (id === 0) throw new Error('failed');
      }),
    );
    expect(started).toEqual([0, 1]);
    releases[0]?.();
    await expect(tasks[0]).rejects.toThrow('failed');
    expect(started).toEqual([0, 1, 2]);
    releases[1]?.();
    await tasks[1];
    expect(started).toEqual([0, 1, 2, 3]);
    for (const release of releases) release();
    await Promise.all(tasks.slice(1));
  });
});
