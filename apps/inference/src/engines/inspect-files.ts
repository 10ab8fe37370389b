import { DomainError } from '@aimass/platform-errors';
import { inspectModelFiles, memoryFile } from '@aimass/platform-model-files';
import type { ModelFiles } from './engine.js';
import { modelUnusable } from './engines.errors.js';

/**
 * Looks into a version's files before an engine sees a byte of them, as the registry did when they were registered: what
 * it would refuse now is not loaded. Returns the path of the file that is the model. Throws `precondition_failed`.
 */
export async function inspectFiles(files: ModelFiles, format: string): Promise<string> {
  const facts = await inspectModelFiles([...files].map(([path, content]) => memoryFile(path, content))).catch(
    (error: unknown) => {
      if (error instanceof DomainError) throw modelUnusable(error.message, error);
      throw error;
    },
  );
  if (facts.format === format) return facts.entryPath;
  throw modelUnusable(`The version says its format is ${format}, its files are ${facts.format}.`);
}
