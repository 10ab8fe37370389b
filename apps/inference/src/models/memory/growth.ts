/** What a process has taken at one moment, in bytes. */
export interface ProcessMemory {
  readonly rss: number;
  readonly heapTotal: number;
  readonly external: number;
}

/**
 * What a load added to the process outside of JavaScript. Growth of JavaScript's heap and of its buffers is taken off: it
 * is what reading and checking the files left for the garbage collector (ONNX models of 4 MiB were seen to add 4 to 12 MiB,
 * 4 of them the file itself). Engines that keep weights in such buffers say themselves what they take, or count with
 * their files.
 */
export function grownBytes(before: ProcessMemory, after: ProcessMemory): number {
  const heapBytes = Math.max(0, after.heapTotal - before.heapTotal);
  const bufferBytes = Math.max(0, after.external - before.external);
  return after.rss - before.rss - heapBytes - bufferBytes;
}
