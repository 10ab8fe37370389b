import type { oip, replica } from '@aimass/contracts';
import type { ModelDescription, ModelStatistics, TensorDescription } from '../descriptions.js';
import { batchingOf } from '../model-config.js';

/** The answer of `ModelMetadata`. */
export function metadataMessage(model: ModelDescription): oip.ModelMetadataResponse {
  return {
    name: model.name,
    versions: [...model.versions],
    platform: model.platform,
    inputs: model.inputs.map(tensorMessage),
    outputs: model.outputs.map(tensorMessage),
    properties: {},
  };
}

/** The answer of `ModelConfig`. */
export function configMessage(model: ModelDescription): oip.ModelConfigResponse {
  const { batching, inputs, outputs } = batchingOf(model);
  const tensors = (list: typeof inputs): oip.ModelInput[] =>
    list.map(({ name, dataType, dims }) => ({ name, dataType, dims: dims.map(String) }));
  const { maxBatchSize, batchDelayUs } = batching;
  return {
    config: {
      name: model.name,
      platform: model.platform,
      backend: model.config.backend,
      maxBatchSize,
      input: tensors(inputs),
      output: tensors(outputs),
      dynamicBatching:
        maxBatchSize > 0
          ? { preferredBatchSize: [], maxQueueDelayMicroseconds: String(batchDelayUs) }
          : undefined,
    },
  };
}

/** One entry of the answer of `ModelStatistics`. */
export function statisticsMessage({ name, version, statistics }: ModelStatistics): oip.ModelStatistics {
  return {
    name,
    version,
    lastInference: statistics.lastInferenceMs,
    inferenceCount: statistics.inferenceCount,
    executionCount: statistics.executionCount,
    inferenceStats: {
      success: durationMessage(statistics.success),
      fail: durationMessage(statistics.fail),
      queue: durationMessage(statistics.queue),
      computeInput: durationMessage(statistics.computeInput),
      computeInfer: durationMessage(statistics.computeInfer),
      computeOutput: durationMessage(statistics.computeOutput),
      // There is no response cache.
      cacheHit: durationMessage(undefined),
      cacheMiss: durationMessage(undefined),
    },
    batchStats: statistics.batches.map((batch) => ({
      batchSize: batch.batchSize,
      computeInput: durationMessage(batch.computeInput),
      computeInfer: durationMessage(batch.computeInfer),
      computeOutput: durationMessage(batch.computeOutput),
    })),
  };
}

function tensorMessage({
  name,
  datatype,
  shape,
}: TensorDescription): oip.ModelMetadataResponse_TensorMetadata {
  return { name, datatype, shape: shape.map(String) };
}

function durationMessage(duration: replica.DurationStatistic | undefined): oip.StatisticDuration {
  return duration ?? { count: '0', ns: '0' };
}
