import type { replica } from '@aimass/contracts';
import type { ModelDescription, ModelStatistics, TensorDescription } from '../descriptions.js';
import { batchingOf } from '../model-config.js';

/** `GET /v2/models/{model}`. */
export function metadataJson(model: ModelDescription): object {
  const { name, versions, platform, inputs, outputs } = model;
  return { name, versions, platform, inputs: inputs.map(tensorJson), outputs: outputs.map(tensorJson) };
}

/** `GET /v2/models/{model}/config`, in the form of Triton's model configuration. */
export function configJson(model: ModelDescription): object {
  const { batching, inputs, outputs } = batchingOf(model);
  const tensors = (list: typeof inputs): object[] =>
    list.map(({ name, dataType, dims }) => ({ name, data_type: dataType, dims }));
  return {
    name: model.name,
    platform: model.platform,
    backend: model.config.backend,
    max_batch_size: batching.maxBatchSize,
    input: tensors(inputs),
    output: tensors(outputs),
    ...(batching.maxBatchSize > 0
      ? { dynamic_batching: { max_queue_delay_microseconds: batching.batchDelayUs } }
      : {}),
  };
}

/** One entry of `GET /v2/models/…/stats`, in the form of Triton's statistics extension. */
export function statisticsJson({ name, version, statistics }: ModelStatistics): object {
  return {
    name,
    version,
    last_inference: Number(statistics.lastInferenceMs),
    inference_count: Number(statistics.inferenceCount),
    execution_count: Number(statistics.executionCount),
    inference_stats: {
      success: durationJson(statistics.success),
      fail: durationJson(statistics.fail),
      queue: durationJson(statistics.queue),
      compute_input: durationJson(statistics.computeInput),
      compute_infer: durationJson(statistics.computeInfer),
      compute_output: durationJson(statistics.computeOutput),
      // There is no response cache.
      cache_hit: durationJson(undefined),
      cache_miss: durationJson(undefined),
    },
    batch_stats: statistics.batches.map((batch) => ({
      batch_size: Number(batch.batchSize),
      compute_input: durationJson(batch.computeInput),
      compute_infer: durationJson(batch.computeInfer),
      compute_output: durationJson(batch.computeOutput),
    })),
  };
}

function tensorJson({ name, datatype, shape }: TensorDescription): object {
  return { name, datatype, shape };
}

/** JSON numbers are exact up to 2^53: 104 days of nanoseconds. Beyond that the last digits are rounded. */
function durationJson(duration: replica.DurationStatistic | undefined): object {
  return { count: Number(duration?.count ?? 0), ns: Number(duration?.ns ?? 0) };
}
