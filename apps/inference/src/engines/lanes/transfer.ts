import type { Transferable } from 'node:worker_threads';
import type { Tensor } from '../../tensors/tensor.js';

/** Tensors that can be given away, and the memory that goes with them. */
export interface Parcel {
  readonly tensors: Tensor[];
  readonly transfer: Transferable[];
}

/**
 * Copies of inputs that another thread may have. They are copied here because a view of a request's frame would take the
 * whole frame along, and because what is handed over is gone: the caller may need it again. A copy of 1 MB takes 0.1 ms,
 * of a run that takes 5 and more.
 */
export function packCopies(tensors: readonly Tensor[]): Parcel {
  return pack(tensors.map((tensor) => ({ ...tensor, data: tensor.data.slice() })));
}

/** Results, which nobody else holds: handed over as they are where they have their memory to themselves. */
export function pack(tensors: readonly Tensor[]): Parcel {
  const transfer = new Set<ArrayBuffer>();
  const packed = tensors.map((tensor) => {
    const { data } = tensor;
    if (Array.isArray(data)) return tensor;
    const own = data.buffer instanceof ArrayBuffer && data.byteLength === data.buffer.byteLength;
    const whole = own ? data : data.slice();
    transfer.add(whole.buffer as ArrayBuffer);
    return { ...tensor, data: whole };
  });
  return { tensors: packed, transfer: [...transfer] };
}
