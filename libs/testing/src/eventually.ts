import { setTimeout as delay } from 'node:timers/promises';

/**
 * Repeats `check` until it neither throws nor returns undefined, and returns its value. Fails with the last error
 * after `timeoutMs`. The one way to wait in a test.
 */
export async function eventually<T>(
  check: () => Promise<T | undefined> | T | undefined,
  timeoutMs = 15_000,
): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  let failure: unknown = new Error('the condition never came true');
  while (Date.now() < deadline) {
    try {
      const value = await check();
      if (value !== undefined) return value;
    } catch (error) {
      failure = error;
    }
    await delay(25);
  }
  throw new Error(`not within ${timeoutMs} ms: ${String(failure)}`, { cause: failure });
}
