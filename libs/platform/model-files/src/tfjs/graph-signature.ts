import { z } from 'zod';
import { malformed, quote } from '../model-files.errors.js';
import { datatypeOfJson } from '../saved-model/tf-datatypes.js';
import type { SignatureFacts, TensorFacts } from '../signature.js';

const tensorSchema = z.looseObject({
  dtype: z.union([z.string(), z.number()]),
  tensorShape: z
    .looseObject({
      dim: z
        .array(z.looseObject({ size: z.union([z.string(), z.number()]).optional() }))
        .max(32)
        .optional(),
      unknownRank: z.boolean().optional(),
    })
    .optional(),
});
const signatureSchema = z.looseObject({
  inputs: z.record(z.string(), tensorSchema).optional(),
  outputs: z.record(z.string(), tensorSchema),
});

/** The signature that a graph model keeps of the SavedModel it was made from; undefined when it has none. */
export function graphSignature(path: string, document: Record<string, unknown>): SignatureFacts | undefined {
  const own = document.signature ?? userDefined(document);
  if (own === undefined) return undefined;
  const parsed = signatureSchema.safeParse(own);
  if (!parsed.success) return undefined;
  const inputs = toFacts(path, parsed.data.inputs ?? {});
  const outputs = toFacts(path, parsed.data.outputs);
  return inputs && outputs && outputs.length > 0 ? { inputs, outputs } : undefined;
}

/** Older converters wrote it here. */
function userDefined({ userDefinedMetadata }: Record<string, unknown>): unknown {
  return typeof userDefinedMetadata === 'object' &&
    userDefinedMetadata !== null &&
    'signature' in userDefinedMetadata
    ? userDefinedMetadata.signature
    : undefined;
}

function toFacts(
  path: string,
  tensors: Record<string, z.infer<typeof tensorSchema>>,
): TensorFacts[] | undefined {
  const facts: TensorFacts[] = [];
  for (const [name, { dtype, tensorShape }] of Object.entries(tensors)) {
    const datatype = datatypeOfJson(dtype);
    if (datatype === undefined)
      throw malformed(path, `${quote(name)} has the type ${dtype}, which no request can carry`);
    if (tensorShape === undefined || tensorShape.unknownRank === true) return undefined;
    const shape = (tensorShape.dim ?? []).map(({ size }) => toSize(size));
    if (shape.includes(undefined)) throw malformed(path, `${quote(name)} has a size that is no number`);
    facts.push({ name, datatype, shape: shape.map(String) });
  }
  return facts;
}

/** Protobuf's JSON leaves out a size of 0 and writes the others as text. */
function toSize(size: string | number | undefined): string | undefined {
  const text = String(size ?? 0);
  if (!/^-?\d{1,15}$/.test(text)) return undefined;
  return text.startsWith('-') ? '-1' : text;
}
