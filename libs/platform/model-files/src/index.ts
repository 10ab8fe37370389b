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
