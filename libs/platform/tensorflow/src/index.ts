export {
  loadTensorflow,
  type Tensorflow,
  type TensorflowPreference,
  type TensorflowRuntime,
} from './load-tensorflow.js';
export { loadLayersModel, saveLayersModel, type LayersModelFiles } from './layers-model.js';
export { TensorflowModelError, type TensorflowModelErrorCode } from './tensorflow-model-error.js';
export { loadGraphModel, type GraphEndpoint, type LoadedGraph } from './graph-model.js';
export { loadSavedModel, type SavedModel, type SavedModelEndpoint } from './saved-model.js';
