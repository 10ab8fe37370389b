import { randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { constants, mkdir, open, readdir, rm } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { Inject, Injectable } from '@nestjs/common';
import { CONFIG } from '@aimass/platform-service';
import type { Config } from '../config.js';
import type { UploadPart } from './upload.entity.js';

/** Bytes read at a time. */
const READ_BYTES = 1024 * 1024;

/**
 * The bytes of open uploads: a folder for each below the blob store, which all services share. A file in it is written
 * by one process only, so that one which has been given up on for dead never writes where another one does.
 */
@Injectable()
export class PartialFiles {
  private readonly root: string;
  private readonly processId = randomUUID();

  constructor(@Inject(CONFIG) config: Readonly<Config>) {
    this.root = join(config.BLOB_DIR, 'partial');
  }

  /** Opens the file that the next bytes go to: the last one when it is of this process, else a new one. */
  async openPart(uploadId: string, parts: readonly UploadPart[]): Promise<PartWriter> {
    const folder = join(this.root, uploadId);
    await mkdir(folder, { recursive: true });
    const last = parts.at(-1);
    const isOurs = last?.file.endsWith(this.processId) === true;
    const part = isOurs ? last : { file: `${parts.length}-${this.processId}`, sizeBytes: 0 };
    const handle = await open(join(folder, part.file), constants.O_RDWR | constants.O_CREAT, 0o644);
    // Bytes that were not kept may lie behind those that were.
    await handle.truncate(part.sizeBytes);
    if (!isOurs) for (const path of [folder, this.root]) await syncFolder(path);
    return new PartWriter(handle, isOurs ? parts.slice(0, -1) : parts, part);
  }

  /** All bytes, in their order. */
  async *read(uploadId: string, parts: readonly UploadPart[]): AsyncGenerator<Buffer> {
    for (const { file, sizeBytes } of parts.filter((part) => part.sizeBytes > 0)) {
      const path = join(this.root, uploadId, file);
      const content = createReadStream(path, { end: sizeBytes - 1, highWaterMark: READ_BYTES });
      for await (const chunk of content) yield chunk as Buffer;
    }
  }

  /** The uploads that have a folder. */
  async list(): Promise<string[]> {
    return readdir(this.root).catch((error: unknown) => {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw error;
    });
  }

  async remove(uploadId: string): Promise<void> {
    await rm(join(this.root, uploadId), { recursive: true, force: true });
  }
}

/** Adds bytes to a part. */
export class PartWriter {
  private sizeBytes: number;

  constructor(
    private readonly handle: FileHandle,
    private readonly earlier: readonly UploadPart[],
    private readonly part: UploadPart,
  ) {
    this.sizeBytes = part.sizeBytes;
  }

  /** The parts of the upload with everything that has been written. */
  get parts(): readonly UploadPart[] {
    return [...this.earlier, { file: this.part.file, sizeBytes: this.sizeBytes }];
  }

  async write(chunk: Buffer): Promise<void> {
    for (let at = 0; at < chunk.length;) {
      const { bytesWritten } = await this.handle.write(chunk, at, chunk.length - at, this.sizeBytes);
      at += bytesWritten;
      this.sizeBytes += bytesWritten;
    }
  }

  /** What has been written survives a power cut from now on. */
  sync(): Promise<void> {
    return this.handle.datasync();
  }

  close(): Promise<void> {
    return this.handle.close();
  }
}

async function syncFolder(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
