import { filesInvalid, quote } from './model-files.errors.js';

const MAX_FILES = 1_000;
const MAX_PATH_CHARACTERS = 512;
/** Device names on one system, streams on another: `C:x` and `a:b` name no plain file everywhere. */
const FORBIDDEN = /[\\:\u0000-\u001f\u007f]/;

/** Whether a path stays inside its folder on every system: relative, forward slashes, no `.`, `..` or empty part. */
export function isPlainPath(path: string): boolean {
  if (path.length > MAX_PATH_CHARACTERS || FORBIDDEN.test(path)) return false;
  return path.split('/').every((part) => part !== '' && part !== '.' && part !== '..');
}

/**
 * Checks the paths of a model's files: plain, no two the same on a file system that ignores case or composes letters,
 * and none a folder of another. Throws `unprocessable`.
 */
export function assertFilePaths(paths: readonly string[]): void {
  if (paths.length === 0) throw filesInvalid('there are none');
  if (paths.length > MAX_FILES) throw filesInvalid(`there are ${paths.length}, more than ${MAX_FILES}`);
  const seen = new Map<string, string>();
  for (const path of paths) {
    if (!isPlainPath(path)) throw filesInvalid(`${quote(path)} is not a relative path inside the model`);
    const folded = fold(path);
    const other = seen.get(folded);
    if (other !== undefined)
      throw filesInvalid(`${quote(path)} and ${quote(other)} are one file on some systems`);
    seen.set(folded, path);
  }
  for (const [folded, path] of seen) {
    const parts = folded.split('/');
    const isBelowFile = parts.some((_, index) => index > 0 && seen.has(parts.slice(0, index).join('/')));
    if (isBelowFile) throw filesInvalid(`a folder of ${quote(path)} is also a file`);
  }
}

function fold(path: string): string {
  return path.normalize('NFKC').toLowerCase().toUpperCase().toLowerCase();
}
