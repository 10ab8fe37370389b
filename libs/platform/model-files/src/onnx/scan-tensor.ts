import { malformed, tensorInvalid } from '../model-files.errors.js';
import { toInt64, toText, unpackInt64 } from '../wire/wire-scan.js';
import type { MessageScan } from '../wire/wire-scan.js';
import { DIMENSION, ENTRY, SHAPE, SPARSE, TENSOR, TENSOR_TYPE, TYPE, VALUE_INFO } from './onnx-fields.js';
import { MAX_KEPT_VALUES, newTensor } from './scanned-onnx.js';
import type { ScannedModel, ScannedSparseTensor, ScannedTensor, ScannedValue } from './scanned-onnx.js';

const INT64 = 7;
const MAX_DIMS = 32;
const MAX_VARINT_BYTES = 10;
const MAX_KEPT_BYTES = MAX_KEPT_VALUES * MAX_VARINT_BYTES;
/** Entries of `external_data`; ONNX knows five. */
const MAX_ENTRIES = 16;

/** Bytes of one value in the typed fields that have a fixed size. */
const FIXED_BYTES: Readonly<Record<number, number>> = { [TENSOR.floatData]: 4, [TENSOR.doubleData]: 8 };
const VARINT_FIELDS: ReadonlySet<number> = new Set([TENSOR.int32Data, TENSOR.int64Data, TENSOR.uint64Data]);

/** Scans a `TensorProto` into `tensor` and adds it to the model's list. */
export function tensorScan(model: ScannedModel, tensor: ScannedTensor): MessageScan {
  model.tensors.push(tensor);
  return {
    varint: (field, low, high) => takeVarint(tensor, field, low, high),
    fixed: (field, sizeBytes) => {
      if (FIXED_BYTES[field] === sizeBytes) addValues(tensor, 1, 1);
    },
    delimited: (field, length) => takeDelimited(tensor, field, length),
    bytes: (field, value) => takeBytes(tensor, field, value),
  };
}

function takeVarint(tensor: ScannedTensor, field: number, low: number, high: number): void {
  if (field === TENSOR.dims) addDims(tensor, [toInt64(low, high)]);
  else if (field === TENSOR.dataType) tensor.elementType = low;
  else if (field === TENSOR.dataLocation) tensor.isExternal = low !== 0;
  else if (VARINT_FIELDS.has(field)) {
    addValues(tensor, 1, 1);
    if (field === TENSOR.int64Data) keep(tensor, [toInt64(low, high)]);
  }
}

function takeDelimited(
  tensor: ScannedTensor,
  field: number,
  length: number,
): MessageScan | 'bytes' | undefined {
  if (field === TENSOR.name || field === TENSOR.dims) return 'bytes';
  if (field === TENSOR.externalData) return entryScan(tensor);
  if (field === TENSOR.stringData) addValues(tensor, 1, 1);
  if (field === TENSOR.rawData) {
    tensor.rawBytes = (tensor.rawBytes ?? 0) + length;
    return length <= MAX_KEPT_VALUES * 8 ? 'bytes' : undefined;
  }
  return takePacked(tensor, field, length);
}

function takePacked(tensor: ScannedTensor, field: number, length: number): 'bytes' | undefined {
  const fixedBytes = FIXED_BYTES[field];
  if (fixedBytes !== undefined) addValues(tensor, Math.ceil(length / fixedBytes), length / fixedBytes);
  if (!VARINT_FIELDS.has(field)) return undefined;
  addValues(tensor, Math.ceil(length / MAX_VARINT_BYTES), length);
  return field === TENSOR.int64Data && length <= MAX_KEPT_BYTES ? 'bytes' : undefined;
}

function takeBytes(tensor: ScannedTensor, field: number, value: Uint8Array): void {
  if (field === TENSOR.name) tensor.name = toText(value);
  else if (field === TENSOR.dims) addDims(tensor, unpackInt64(value));
  else if (field === TENSOR.int64Data) keep(tensor, unpackInt64(value) ?? []);
  else if (field === TENSOR.rawData) keep(tensor, rawInt64(tensor, value));
}

/** `data_type` is written before `raw_data` by every known writer; otherwise the values are just not known. */
function rawInt64(tensor: ScannedTensor, bytes: Uint8Array): bigint[] {
  if (tensor.elementType !== INT64 || bytes.length % 8 !== 0) return [];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return Array.from({ length: bytes.length / 8 }, (_, index) => view.getBigInt64(index * 8, true));
}

function addDims(
  tensor: { name?: string; readonly dims: bigint[] },
  dims: readonly bigint[] | undefined,
): void {
  if (dims === undefined) throw tensorInvalid(tensor.name ?? '', 'has damaged dimensions');
  tensor.dims.push(...dims.slice(0, MAX_DIMS + 1));
  if (tensor.dims.length > MAX_DIMS)
    throw tensorInvalid(tensor.name ?? '', `has more than ${MAX_DIMS} dimensions`);
}

function addValues(tensor: ScannedTensor, least: number, most: number): void {
  tensor.leastValues += least;
  tensor.mostValues += most;
}

function keep(tensor: ScannedTensor, values: readonly bigint[]): void {
  if (tensor.ints.length + values.length <= MAX_KEPT_VALUES) tensor.ints.push(...values);
}

function entryScan(tensor: ScannedTensor): MessageScan {
  let key = '';
  let value = '';
  return {
    delimited: () => 'bytes',
    bytes: (field, bytes) => {
      if (field === ENTRY.key) key = toText(bytes);
      if (field === ENTRY.value) value = toText(bytes);
    },
    end: () => {
      // Which of two entries with one key counts is each reader's own business: that is how checks are passed by.
      if (tensor.external.has(key) || tensor.external.size >= MAX_ENTRIES)
        throw tensorInvalid(tensor.name, `says more than once where its data is`);
      tensor.external.set(key, value);
    },
  };
}

/** Scans a `SparseTensorProto`; its parts are tensors like others. */
export function sparseTensorScan(model: ScannedModel, sparse: ScannedSparseTensor): MessageScan {
  model.sparseTensors.push(sparse);
  return {
    varint: (field, low, high) => {
      if (field === SPARSE.dims) addDims(sparse, [toInt64(low, high)]);
    },
    delimited: (field) => {
      if (field === SPARSE.dims) return 'bytes';
      if (field !== SPARSE.values && field !== SPARSE.indices) return undefined;
      const tensor = newTensor();
      sparse.parts.push(tensor);
      return tensorScan(model, tensor);
    },
    bytes: (_, value) => addDims(sparse, unpackInt64(value)),
  };
}

/** Scans a `ValueInfoProto`. */
export function valueScan(path: string, value: ScannedValue): MessageScan {
  const dimension = (): MessageScan => {
    let size = -1n;
    return {
      varint: (field, low, high) => {
        if (field === DIMENSION.value) size = toInt64(low, high);
      },
      end: () => {
        if (size < -1n) throw malformed(path, `a size of "${value.name.slice(0, 100)}" is below 0`);
        value.shape?.push(size);
        if ((value.shape?.length ?? 0) > MAX_DIMS) throw malformed(path, 'a value has too many dimensions');
      },
    };
  };
  const shape: MessageScan = { delimited: (field) => (field === SHAPE.dim ? dimension() : undefined) };
  const tensorType: MessageScan = {
    varint: (field, low) => {
      if (field === TENSOR_TYPE.elemType) value.elementType = low;
    },
    delimited: (field) => {
      if (field !== TENSOR_TYPE.shape) return undefined;
      value.shape = [];
      return shape;
    },
  };
  const type: MessageScan = { delimited: (field) => (field === TYPE.tensor ? tensorType : undefined) };
  return {
    delimited: (field) => {
      if (field === VALUE_INFO.name) return 'bytes';
      return field === VALUE_INFO.type ? type : undefined;
    },
    bytes: (_, bytes) => {
      value.name = toText(bytes);
    },
  };
}
