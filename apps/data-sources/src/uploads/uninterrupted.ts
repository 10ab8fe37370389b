/**
 * The values as they come, until `signal` aborts: then it throws the signal's reason at once, though a value may be
 * under way.
 */
export async function* uninterrupted<T>(values: AsyncIterable<T>, signal: AbortSignal): AsyncGenerator<T> {
  const iterator = values[Symbol.asyncIterator]();
  let interrupt = (): void => undefined;
  const onAbort = (): void => interrupt();
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    for (;;) {
      signal.throwIfAborted();
      // A race with one promise for all values would keep every value until the end.
      const { done, value } = await new Promise<IteratorResult<T, unknown>>((resolve, reject) => {
        interrupt = () => reject(signal.reason as Error);
        iterator.next().then(resolve, reject);
      });
      if (done === true) return;
      yield value;
    }
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
