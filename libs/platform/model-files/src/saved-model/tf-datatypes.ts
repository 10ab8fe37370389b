/** `DataType` of TensorFlow as words of the Open Inference Protocol. */
const WORDS: ReadonlyMap<number, string> = new Map([
  [1, 'FP32'],
  [2, 'FP64'],
  [3, 'INT32'],
  [4, 'UINT8'],
  [5, 'INT16'],
  [6, 'INT8'],
  [7, 'BYTES'],
  [9, 'INT64'],
  [10, 'BOOL'],
  [14, 'BF16'],
  [17, 'UINT16'],
  [19, 'FP16'],
  [22, 'UINT32'],
  [23, 'UINT64'],
]);

/** As JSON has them: `DT_FLOAT`. */
const NAMES: Readonly<Record<string, string>> = {
  DT_FLOAT: 'FP32',
  DT_DOUBLE: 'FP64',
  DT_INT32: 'INT32',
  DT_UINT8: 'UINT8',
  DT_INT16: 'INT16',
  DT_INT8: 'INT8',
  DT_STRING: 'BYTES',
  DT_INT64: 'INT64',
  DT_BOOL: 'BOOL',
  DT_BFLOAT16: 'BF16',
  DT_UINT16: 'UINT16',
  DT_HALF: 'FP16',
  DT_UINT32: 'UINT32',
  DT_UINT64: 'UINT64',
};

/** undefined for what no request can carry. */
export const datatypeOf = (elementType: number): string | undefined => WORDS.get(elementType);

/** As `datatypeOf`, by the name or number that JSON has. */
export function datatypeOfJson(value: unknown): string | undefined {
  if (typeof value === 'number') return WORDS.get(value);
  return typeof value === 'string' && Object.hasOwn(NAMES, value) ? NAMES[value] : undefined;
}
