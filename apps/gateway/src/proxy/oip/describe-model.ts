import type { modelRegistry, routing } from '@aimass/contracts';
import { OipError, platformOf } from '@aimass/platform-open-inference';
import type {
  ModelConfigDescription,
  ModelDescription,
  TensorDescription,
} from '@aimass/platform-open-inference';
import type { CompiledRoute, CompiledVariant } from '../routing/compiled-routes.js';
import { deployedNumbers } from '../routing/version-slot.js';

/** Describes a version of a route; without one, that with the largest share. Throws OipError 503. */
export function describeModel(route: CompiledRoute, variant = largestShare(route)): ModelDescription {
  const { served } = variant;
  if (!served) throw new OipError(503, `"${route.name}" is being deployed. Try again shortly.`, 1);
  const { inputs = [], outputs = [] } = served.signature ?? {};
  return {
    name: route.name,
    versions: deployedNumbers(route).map(String),
    platform: platformOf(served.engine, served.format),
    inputs: inputs.map(describeTensor),
    outputs: outputs.map(describeTensor),
    config: configOf(served),
  };
}

function configOf({ engine, serving }: routing.ServedVersion): ModelConfigDescription {
  return {
    backend: engine === 'onnx' ? 'onnxruntime' : engine,
    maxBatchSize: serving?.maxBatchRows ?? 0,
    batchDelayUs: serving?.batchDelayUs ?? 0,
  };
}

function largestShare(route: CompiledRoute): CompiledVariant {
  return route.variants.reduce((best, variant) => (variant.weight > best.weight ? variant : best));
}

function describeTensor({ name, datatype, shape }: modelRegistry.TensorSpec): TensorDescription {
  return { name, datatype, shape: shape.map(Number) };
}
