import { open } from 'node:fs/promises';
import type { FetchedFile } from '../connectors/connector.js';
import { tooManyFiles } from './formats.errors.js';

/** The one file that a format reads. Throws when there are several. */
export function onlyFile(format: string, [file, ...others]: readonly FetchedFile[]): FetchedFile {
  if (!file || others.length > 0) throw tooManyFiles(format);
  return file;
}

/** The first bytes of a file; fewer when it is shorter. */
export async function headOf(path: string, byteCount: number): Promise<Buffer> {
  const file = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(byteCount), 0, byteCount, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}
