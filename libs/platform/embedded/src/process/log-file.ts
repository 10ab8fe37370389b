/** Log files of child processes: append, keep one older generation, show the end of it in errors. */
import { closeSync, existsSync, openSync, readSync, renameSync, statSync } from 'node:fs';

const ROTATE_AT_BYTES = 10 * 1024 * 1024;

/** Opens `file` for appending (mode 0600) and returns its descriptor; a file over 10 MB becomes `<file>.1` first. */
export function openLog(file: string): number {
  if (existsSync(file) && statSync(file).size > ROTATE_AT_BYTES) renameSync(file, `${file}.1`);
  return openSync(file, 'a', 0o600);
}

/** Size of `file` in bytes now (0 when absent): pass it to {@link logTail} to see only what came later. */
export function logSize(file: string): number {
  return existsSync(file) ? statSync(file).size : 0;
}

/** The last lines (at most `lines`, at most 8 KB) written to `file` after byte `from`. */
export function logTail(file: string, from = 0, lines = 20): string {
  if (!existsSync(file)) return '';
  const size = statSync(file).size;
  const start = Math.max(Math.min(from, size), size - 8192);
  const buffer = Buffer.alloc(size - start);
  const descriptor = openSync(file, 'r');
  try {
    readSync(descriptor, buffer, 0, buffer.length, start);
  } finally {
    closeSync(descriptor);
  }
  return buffer.toString('utf8').trimEnd().split('\n').slice(-lines).join('\n');
}
