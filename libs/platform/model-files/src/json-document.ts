import type { ModelFile } from './model-file.js';
import { malformed, tooDemanding } from './model-files.errors.js';

/** Reading JSON blocks everything else; the largest graphs stay far below this. */
const MAX_JSON_BYTES = 32 * 1024 * 1024;
const MAX_DEPTH = 100;

/** Reads a file that must be a JSON object. Throws `unprocessable`. */
export async function readJsonObject(file: ModelFile): Promise<Record<string, unknown>> {
  if (file.sizeBytes > MAX_JSON_BYTES) throw tooDemanding(`its JSON has more than ${MAX_JSON_BYTES} bytes`);
  const bytes = await file.read(0, file.sizeBytes);
  return parseJsonObject(file.path, bytes);
}

/** Throws `unprocessable` for what is no JSON object, or nested deeper than a reader would follow. */
export function parseJsonObject(path: string, bytes: Uint8Array): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw malformed(path, 'it is not whole JSON in UTF-8', cause);
  }
  if (!isObject(value)) throw malformed(path, 'it is no JSON object');
  assertShallow(value);
  return value;
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Readers are recursive; so the depth is measured by one that is not. */
function assertShallow(root: object): void {
  let level: object[] = [root];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > MAX_DEPTH) throw tooDemanding(`its JSON is nested deeper than ${MAX_DEPTH} levels`);
    level = level.flatMap(children);
  }
}

function children(node: object): object[] {
  return Object.values(node).filter(
    (child: unknown): child is object => typeof child === 'object' && child !== null,
  );
}
