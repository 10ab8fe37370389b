/** One file of a model, readable in parts, so that looking into it never needs it whole in memory. */
export interface ModelFile {
  /** Its path within the model; forward slashes. */
  readonly path: string;
  readonly sizeBytes: number;
  /** The bytes from `start` up to, not including, `end`; both lie inside the file. */
  read(start: number, end: number): Promise<Uint8Array> | Uint8Array;
}

/** A file that is in memory. Nothing is copied. */
export function memoryFile(path: string, content: Uint8Array): ModelFile {
  return { path, sizeBytes: content.length, read: (start, end) => content.subarray(start, end) };
}
