import { constants } from 'node:fs';
import { lstat, open, readdir } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { ArtifactInvalid } from './artifact-invalid.js';

const MAX_DEPTH = 16;
const MAX_FILES = 1_000;

/**
 * Relative paths (forward slashes, sorted by code unit) of all files below a folder; none when it does not exist.
 * Throws ArtifactInvalid for a link, a device or a pipe, a name that cannot be a path, or too many files.
 */
export async function listFiles(root: string): Promise<string[]> {
  const found: string[] = [];
  await walk(root, '', found);
  return found.sort();
}

async function walk(root: string, folder: string, found: string[]): Promise<void> {
  const names = await readdir(join(root, folder)).catch((error: unknown) => {
    if (folder === '' && isMissing(error)) return [];
    throw error;
  });
  for (const name of names) {
    const path = folder === '' ? name : `${folder}/${name}`;
    if (/[\p{Cc}\\\uFFFD]/u.test(name))
      throw new ArtifactInvalid(`${JSON.stringify(path)} is not a usable file name`);
    const info = await lstat(join(root, path));
    if (info.isDirectory()) {
      if (path.split('/').length > MAX_DEPTH)
        throw new ArtifactInvalid(`"${path}" lies more than ${MAX_DEPTH} folders deep`);
      await walk(root, path, found);
      continue;
    }
    assertPlain(info, path);
    found.push(path);
    if (found.length > MAX_FILES) throw new ArtifactInvalid(`there are more than ${MAX_FILES} files`);
  }
}

/**
 * Opens a file that a trainer wrote: a plain file with one name, never through a link. Null when it does not exist.
 * Throws ArtifactInvalid for anything else.
 */
export async function openPlainFile(root: string, path: string): Promise<FileHandle | null> {
  // Not blocking: opening a pipe would wait for its writer for ever.
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  const file = await open(join(root, path), flags).catch((error: unknown) => {
    if (isMissing(error)) return null;
    if (hasCode(error, 'ELOOP')) throw new ArtifactInvalid(`"${path}" is a symbolic link`);
    throw error;
  });
  if (!file) return null;
  try {
    assertPlain(await file.stat(), path);
    return file;
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** The content of a small file that a trainer wrote; null when it does not exist. Throws ArtifactInvalid when larger. */
export async function readPlainFile(root: string, path: string, limitBytes: number): Promise<Buffer | null> {
  const file = await openPlainFile(root, path);
  if (!file) return null;
  try {
    const { size } = await file.stat();
    if (size > limitBytes) throw new ArtifactInvalid(`"${path}" is larger than ${limitBytes} bytes`);
    return await file.readFile();
  } finally {
    await file.close();
  }
}

function assertPlain(
  info: { isFile(): boolean; isSymbolicLink(): boolean; nlink: number },
  path: string,
): void {
  if (info.isSymbolicLink()) throw new ArtifactInvalid(`"${path}" is a symbolic link`);
  if (!info.isFile()) throw new ArtifactInvalid(`"${path}" is not a regular file`);
  if (info.nlink !== 1) throw new ArtifactInvalid(`"${path}" is a hard link`);
}

function isMissing(error: unknown): boolean {
  return hasCode(error, 'ENOENT') || hasCode(error, 'ENOTDIR');
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
