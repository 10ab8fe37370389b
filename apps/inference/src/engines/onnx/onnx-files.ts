import type { ModelFiles } from '../engine.js';
import { modelUnusable } from '../engines.errors.js';

/** What ONNX Runtime is given. */
export interface OnnxFiles {
  readonly model: Buffer;
  /** Files of weights by the name that the model has for them. */
  readonly externalData: readonly { readonly path: string; readonly data: Buffer }[];
}

/** Splits a version's files into the model and its external data. Throws `precondition_failed` when none is a model. */
export function readOnnxFiles(files: ModelFiles): OnnxFiles {
  const paths = [...files.keys()].filter((path) => path.endsWith('.onnx'));
  const path = files.has('model.onnx') ? 'model.onnx' : paths[0];
  const model = path === undefined ? undefined : files.get(path);
  if (model === undefined || (paths.length > 1 && path !== 'model.onnx')) {
    throw modelUnusable(
      `The version has ${paths.length} files *.onnx: register it with one, or with one called model.onnx.`,
    );
  }
  const others = [...files].filter(([other]) => other !== path);
  return { model, externalData: others.map(([name, data]) => ({ path: name, data })) };
}
