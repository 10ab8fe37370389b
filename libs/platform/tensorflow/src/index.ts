export {
  loadTensorflow,
  type Tensorflow,
  type TensorflowPreference,
  type TensorflowRuntime,
} from './load-tensorflow.js';
export { loadLayersModel, saveLayersModel, type LayersModelFiles } from './layers-model.js';
export { TensorflowModelError, type TensorflowModelErrorCode } from './tensorflow-model-error.js';
