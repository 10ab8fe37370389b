/** What a process has taken at one moment, in bytes. */
export interface ProcessMemory {
  readonly rss: number;
  readonly heapTotal: number;
  readonly external: number;
}

/**
 * What a load added to the process outside of JavaScript. Growth of JavaScript's heap and of its buffers is taken off: it
 * is mostly what reading and checking the files left for the garbage collector (a model of 4 MiB grew the process by 13
 * to 20 MiB, 5 to 9 of them for good). Engines that keep weights in such buffers say themselves what they take, or count
 * with their files.
 */
export function grownBytes(before: ProcessMemory, after: ProcessMemory): number {
  const heapBytes = Math.max(0, after.heapTotal - before.heapTotal);
  const bufferBytes = Math.max(0, after.external - before.external);
  return after.rss - before.rss - heapBytes - bufferBytes;
}
