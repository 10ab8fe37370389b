import { DomainError } from '@aimass/platform-errors';
import type { ModelFiles } from '../engines/engine.js';
import { modelUnusable } from '../engines/engines.errors.js';
import { OipRestCodec } from '../protocols/oip-rest.js';
import { DATATYPES } from '../tensors/datatype.js';
import type { Datatype } from '../tensors/datatype.js';
import type { Signature } from '../tensors/signature.js';
import type { InputValues, Tensor } from '../tensors/tensor.js';

/** The file of sample requests that a version may have beside its model. */
export const WARM_UP_FILE = 'warmup.json';

const MAX_SAMPLES = 100;

/**
 * The inputs in a version's `warmup.json`: one body of a REST inference request, or an array of up to 100. Empty when
 * there is no such file. Throws `precondition_failed` for a body that the version would refuse.
 */
export function readSamples(files: ModelFiles, signature: Signature): Tensor[][] {
  const content = files.get(WARM_UP_FILE);
  if (content === undefined) return [];
  const codec = new OipRestCodec(signature, '');
  return bodiesIn(content).map((body, index) => {
    try {
      const { inputs } = codec.parse({ body, jsonLength: undefined });
      return inputs.map(({ shape, values }, i) => toTensor(shape, values, signature.inputs[i]?.datatype));
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
      throw modelUnusable(`Request ${index + 1} in ${WARM_UP_FILE} is not valid: ${error.message}`, error);
    }
  });
}

/** The files that are the model itself. */
export function withoutSamples(files: ModelFiles): ModelFiles {
  return files.has(WARM_UP_FILE) ? new Map([...files].filter(([path]) => path !== WARM_UP_FILE)) : files;
}

function toTensor(shape: readonly number[], values: InputValues, datatype: Datatype = 'FP32'): Tensor {
  if (ArrayBuffer.isView(values)) return { datatype, shape, data: values };
  const data = DATATYPES[datatype].allocate(values.length);
  const isWide = data instanceof BigInt64Array || data instanceof BigUint64Array;
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    (data as unknown[])[i] = isWide ? BigInt(value as number | bigint) : value;
  }
  return { datatype, shape, data };
}

/** The bodies as bytes: the codec reads 64-bit integers from the text, which JSON.parse would have rounded. */
function bodiesIn(content: Buffer): Buffer[] {
  const isArray = /^\s*\[/.test(content.toString('utf8', 0, 1024));
  if (!isArray) return [content];
  const bodies = splitArray(content.toString('utf8'));
  if (bodies.length <= MAX_SAMPLES) return bodies.map((body) => Buffer.from(body));
  throw modelUnusable(`${WARM_UP_FILE} has ${bodies.length} requests: keep ${MAX_SAMPLES} at most.`);
}

/** The elements of a JSON array of objects, as text. What is no JSON the codec refuses. */
function splitArray(text: string): string[] {
  const elements: string[] = [];
  let depth = 0;
  let start = -1;
  for (const { 0: token, index } of text.matchAll(/"(?:[^"\\]|\\.)*"|[[\]{}]/g)) {
    if (token === '[' || token === '{') {
      depth += 1;
      if (depth === 2) start = index;
    } else if (token === ']' || token === '}') {
      depth -= 1;
      if (depth === 1) elements.push(text.slice(start, index + 1));
    }
  }
  return elements;
}
