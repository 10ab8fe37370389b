import { randomUUID } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import { rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Logger } from '@nestjs/common';
import type { z } from 'zod';

/** A small record in the cache folder: read at start, written whole after each change. */
export class JsonFile<T> {
  private readonly logger = new Logger('cache');
  private pending: Promise<void> = Promise.resolve();

  constructor(
    private readonly path: string,
    private readonly schema: z.ZodType<T>,
  ) {}

  /** The record; `fallback` when there is none, or none that can be read: the folder may be deleted at any time. */
  read(fallback: T): T {
    try {
      return this.schema.parse(JSON.parse(readFileSync(this.path, 'utf8')));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') {
        this.logger.warn(`${this.path} cannot be read and is started anew: ${String(error)}`);
      }
      return fallback;
    }
  }

  /** Writes in order, each whole or not at all. Settles when this state is on disk; a failure is only logged. */
  write(value: T): Promise<void> {
    const text = JSON.stringify(value);
    this.pending = this.pending.then(() => this.replace(text));
    return this.pending;
  }

  /** Settles when everything written so far is on disk, or has failed. */
  settled(): Promise<void> {
    return this.pending;
  }

  private async replace(text: string): Promise<void> {
    const temporary = `${this.path}.${randomUUID()}.tmp`;
    try {
      mkdirSync(dirname(this.path), { recursive: true });
      await writeFile(temporary, text, { mode: 0o600 });
      await rename(temporary, this.path);
    } catch (error) {
      this.logger.warn(`${this.path} cannot be written: ${String(error)}`);
      await rm(temporary, { force: true });
    }
  }
}
