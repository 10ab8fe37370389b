import { malformed, quote } from '../model-files.errors.js';

/** Where a tensor's data lies: `start` up to, not including, `end`. */
export interface Placed {
  readonly name: string;
  readonly start: bigint;
  readonly end: bigint;
}

/** Refuses tensors that overlap, lie outside of `sizeBytes`, or share a name. Throws `unprocessable`. */
export function assertPlaced(path: string, tensors: readonly Placed[], sizeBytes: bigint): void {
  if (new Set(tensors.map(({ name }) => name)).size !== tensors.length)
    throw malformed(path, 'two of its tensors have one name');
  const sorted = [...tensors].sort((a, b) => Number(a.start - b.start) || Number(a.end - b.end));
  let end = 0n;
  for (const tensor of sorted) {
    if (tensor.start < end) throw malformed(path, `the tensor ${quote(tensor.name)} overlaps another`);
    if (tensor.end < tensor.start || tensor.end > sizeBytes)
      throw malformed(path, `the tensor ${quote(tensor.name)} lies outside of the file`);
    end = tensor.end;
  }
}
