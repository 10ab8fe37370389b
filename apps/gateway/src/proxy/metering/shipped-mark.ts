import { readFileSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

const schema = z.object({ segment: z.string(), offset: z.number().int().nonnegative() });

/** Up to where the spool was shipped: everything in older segments, and this one up to the offset. */
export type Mark = z.infer<typeof schema>;

/** The mark on disk. It is written after the acknowledgement, so it may lag behind and never runs ahead. */
export class ShippedMark {
  private readonly file: string;

  constructor(folder: string) {
    this.file = join(folder, 'shipped.json');
  }

  /** The mark, or null when there is none that can be read: everything is then shipped again, which is harmless. */
  read(): Mark | null {
    try {
      return schema.parse(JSON.parse(readFileSync(this.file, 'utf8')));
    } catch {
      return null;
    }
  }

  async write(mark: Mark): Promise<void> {
    await writeFile(`${this.file}.new`, JSON.stringify(mark));
    await rename(`${this.file}.new`, this.file);
  }
}
