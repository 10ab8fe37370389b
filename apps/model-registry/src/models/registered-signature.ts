import { assertSignatureFits } from '@aimass/platform-model-files';
import type { ModelFacts } from '@aimass/platform-model-files';
import type { Signature, TensorSpec } from './model-version.entity.js';
import { signatureInvalid, signatureMissing } from './registrations.errors.js';

const DATATYPES: ReadonlySet<string> = new Set(
  'BOOL UINT8 UINT16 UINT32 UINT64 INT8 INT16 INT32 INT64 FP16 FP32 FP64 BF16 BYTES'.split(' '),
);
const MAX_TENSORS = 1_000;
const MAX_DIMS = 32;
const MAX_NAME_CHARACTERS = 512;

/**
 * The signature to register: the caller's when it fits the files, else the files' own. Throws `unprocessable` when there
 * is none, or the caller's does not fit.
 */
export function registeredSignature(given: Signature | undefined, facts: ModelFacts): Signature {
  if (given === undefined) {
    if (facts.signature === undefined) throw signatureMissing();
    assertSound(facts.signature);
    return facts.signature;
  }
  assertSound(given);
  if (facts.signature !== undefined) assertSignatureFits(given, facts.signature, facts.namesAreFree);
  return given;
}

function assertSound({ inputs, outputs }: Signature): void {
  for (const [kind, specs] of Object.entries({ input: inputs, output: outputs })) {
    if (specs.length > MAX_TENSORS) throw signatureInvalid(`it has more than ${MAX_TENSORS} ${kind}s`);
    if (new Set(specs.map(({ name }) => name)).size !== specs.length)
      throw signatureInvalid(`two ${kind}s have one name`);
    specs.forEach(assertSpec);
  }
  if (inputs.length === 0 || outputs.length === 0) throw signatureInvalid('it has no input or no output');
}

function assertSpec({ name, datatype, shape }: TensorSpec): void {
  // Postgres refuses U+0000, and control characters would corrupt logs.
  const isName = name !== '' && name.length <= MAX_NAME_CHARACTERS && !/[\u0000-\u001f\u007f]/.test(name);
  if (!isName) throw signatureInvalid('a name is empty, too long, or has control characters');
  if (!DATATYPES.has(datatype)) throw signatureInvalid(`${JSON.stringify(datatype)} is no datatype`);
  const isShape = shape.length <= MAX_DIMS && shape.every((dim) => /^(?:-1|[1-9]\d{0,14})$/.test(dim));
  if (!isShape)
    throw signatureInvalid(
      `the shape of ${JSON.stringify(name)} has too many sizes, or one that is neither -1 nor above 0`,
    );
}
