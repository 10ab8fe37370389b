export { buildOnnxModel } from './onnx/build-onnx.js';
export type {
  OnnxAttribute,
  OnnxExternalData,
  OnnxFunction,
  OnnxGraph,
  OnnxModel,
  OnnxNode,
  OnnxTensor,
  OnnxValue,
} from './onnx/build-onnx.js';
export { inspectModelFiles } from './inspect-model-files.js';
export type { ModelEngine, ModelFacts, ModelFormat } from './inspect-model-files.js';
export { memoryFile } from './model-file.js';
export type { ModelFile } from './model-file.js';
export { inspectOnnx } from './onnx/inspect-onnx.js';
export type { OnnxFacts } from './onnx/inspect-onnx.js';
export type { ExternalRange } from './onnx/check-tensors.js';
export { inspectGguf } from './headers/gguf.js';
export type { GgufFacts } from './headers/gguf.js';
export { inspectSafetensors } from './headers/safetensors.js';
export type { SafetensorsFacts } from './headers/safetensors.js';
export { assertSignatureFits } from './signature.js';
export type { SignatureFacts, TensorFacts } from './signature.js';
export { assertFilePaths, isPlainPath } from './file-paths.js';
export { signatureMismatch } from './model-files.errors.js';
export {
  encodePreprocessing,
  parsePreprocessing,
  PREPROCESSING_FILE,
} from './preprocessing/preprocessing.js';
export type {
  ColumnContent,
  Preprocessing,
  PreprocessingStep,
  RawColumn,
} from './preprocessing/preprocessing.js';
export { applyStep, oneHotName, preparedColumns, rawColumns } from './preprocessing/prepared-columns.js';
export type { Operation, PreparedColumn } from './preprocessing/prepared-columns.js';
export { planFeatures, rawInputs, writeFeatures } from './preprocessing/feature-plan.js';
export type { FeaturePlan, RawValue } from './preprocessing/feature-plan.js';
export { shipPreprocessing, SIGNATURE_FILE } from './preprocessing/shipped-preprocessing.js';
export type { ShippedPreprocessing } from './preprocessing/shipped-preprocessing.js';
