import { setTimeout as delay } from 'node:timers/promises';

/** Asks until there is an answer; fails after `timeoutMs` naming what it waited for. */
export async function waitFor<T>(
  what: string,
  ask: () => Promise<T | undefined>,
  timeoutMs = 20_000,
): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  while (Date.now() < deadline) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    await delay(20);
  }
  throw new Error(`Waited ${timeoutMs / 1000} s for ${what} in vain.`);
}
