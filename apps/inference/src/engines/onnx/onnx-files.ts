import { posix } from 'node:path';
import type { ModelFiles } from '../engine.js';

/** What ONNX Runtime is given. */
export interface OnnxFiles {
  readonly model: Buffer;
  /** Files of weights by the name that the model has for them, which is relative to its own folder. */
  readonly externalData: readonly { readonly path: string; readonly data: Buffer }[];
}

/**
 * Splits a version's inspected files into the model and its external data: every location in the model is known to be
 * one of these files. ONNX Runtime takes them from memory, and so never follows a name into a file system.
 */
export function splitOnnxFiles(files: ModelFiles, entryPath: string): OnnxFiles {
  const folder = posix.dirname(entryPath);
  const others = [...files].filter(([path]) => path !== entryPath);
  return {
    model: files.get(entryPath) ?? Buffer.alloc(0),
    externalData: others.map(([path, data]) => ({ path: posix.relative(folder, path), data })),
  };
}
