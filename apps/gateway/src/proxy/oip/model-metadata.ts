import type { modelRegistry, routing } from '@aimass/contracts';
import type { CompiledRoute, CompiledVariant } from '../routing/compiled-routes.js';
import { deployedNumbers } from '../routing/version-slot.js';
import { OipError } from './oip-error.js';

/** A tensor as the protocol describes it; -1 is a dimension that varies. */
export interface TensorMetadata {
  readonly name: string;
  readonly datatype: string;
  readonly shape: readonly number[];
}

/** The answer of `GET /v2/models/{model}`. */
export interface ModelMetadata {
  readonly name: string;
  readonly versions: readonly string[];
  readonly platform: string;
  readonly inputs: readonly TensorMetadata[];
  readonly outputs: readonly TensorMetadata[];
}

/** Describes a version of a route; without one, that with the largest share. Throws OipError. */
export function describeModel(route: CompiledRoute, variant = largestShare(route)): ModelMetadata {
  const { served } = variant;
  if (!served) throw new OipError(503, `"${route.name}" is being deployed. Try again shortly.`, 1);
  return {
    name: route.name,
    versions: deployedNumbers(route).map(String),
    platform: platformOf(served),
    inputs: (served.signature?.inputs ?? []).map(describeTensor),
    outputs: (served.signature?.outputs ?? []).map(describeTensor),
  };
}

function largestShare(route: CompiledRoute): CompiledVariant {
  return route.variants.reduce((best, variant) => (variant.weight > best.weight ? variant : best));
}

/** `<project>_<format>`: `tensorflow` with `tfjs-layers` is `tensorflow_layers`. */
function platformOf({ engine, format }: routing.ServedVersion): string {
  const short = format.replace(/^tfjs-/, '');
  return `${engine}_${short}`.replaceAll(/[^A-Za-z0-9]+/g, '_');
}

function describeTensor({ name, datatype, shape }: modelRegistry.TensorSpec): TensorMetadata {
  return { name, datatype, shape: shape.map(Number) };
}
