import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import type { FetchedFile } from '../../connectors/connector.js';
import { parquetBroken } from './parquet.errors.js';

/** What a Parquet file starts and ends with. */
export const PARQUET_MAGIC = 'PAR1';
const ENCRYPTED_MAGIC = 'PARE';
/** Magic, length of the footer, magic. */
const SMALLEST_BYTES = 12;
/** The footer is held in memory, many times over. */
const MAX_FOOTER_BYTES = 32 * 1024 * 1024;

/** Throws for a file whose ends are not those of a Parquet file that is whole and plain. */
export async function checkEnds({ path, name, sizeBytes }: FetchedFile): Promise<void> {
  const file = await open(path, 'r');
  try {
    const first = await textAt(file, 0);
    const last = await textAt(file, sizeBytes - 4);
    if (first === ENCRYPTED_MAGIC || last === ENCRYPTED_MAGIC) throw parquetBroken(name, 'it is encrypted');
    if (sizeBytes < SMALLEST_BYTES || first !== PARQUET_MAGIC || last !== PARQUET_MAGIC) {
      throw parquetBroken(name, 'it does not start and end as one, so it may be cut');
    }
    const footerBytes = Buffer.from(await textAt(file, sizeBytes - 8), 'latin1').readUInt32LE(0);
    if (footerBytes === 0 || footerBytes > sizeBytes - SMALLEST_BYTES) {
      throw parquetBroken(name, 'its footer does not fit into it');
    }
    if (footerBytes > MAX_FOOTER_BYTES) {
      throw parquetBroken(name, `its footer has ${footerBytes} bytes, of ${MAX_FOOTER_BYTES} allowed`);
    }
  } finally {
    await file.close();
  }
}

/** Four bytes as text; fewer at the end of the file. */
async function textAt(file: FileHandle, offset: number): Promise<string> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(4), 0, 4, Math.max(0, offset));
  return buffer.toString('latin1', 0, bytesRead);
}
