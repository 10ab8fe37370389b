import { Inject, Injectable } from '@nestjs/common';
import { BlobCorrupt, BlobNotFound, manifestDigest } from '@aimass/platform-blobs';
import type { BlobStore, OpenBlob } from '@aimass/platform-blobs';
import { assertFilePaths, inspectModelFiles } from '@aimass/platform-model-files';
import type { ModelFacts } from '@aimass/platform-model-files';
import { BLOBS } from '@aimass/platform-service';
import type { Manifest } from './model-version.entity.js';
import { digestInvalid, fileDamaged, fileNotFound, fileSizeDiffers } from './registrations.errors.js';

/** One file as the caller names it; the size is a 64-bit integer as text. */
export interface NamedFile {
  readonly path: string;
  readonly sha256: string;
  readonly sizeBytes: string;
}

/** Looks into files of the blob store before they become a version. */
@Injectable()
export class VersionFiles {
  constructor(@Inject(BLOBS) private readonly blobs: BlobStore) {}

  /**
   * Reads every file to its end and compares digest and size, then finds out what they are. Throws `unprocessable` and
   * `unsupported_media` for files that must not become a version.
   */
  async inspect(named: readonly NamedFile[]): Promise<{ manifest: Manifest; facts: ModelFacts }> {
    assertFilePaths(named.map(({ path }) => path));
    const bad = named.find(({ sha256 }) => !/^[0-9a-f]{64}$/.test(sha256));
    if (bad !== undefined) throw digestInvalid(bad.path);
    const open: OpenBlob[] = [];
    try {
      for (const file of named) open.push(await this.open(file));
      const facts = await inspectModelFiles(
        open.map((blob, index) => ({
          path: named[index]?.path ?? '',
          sizeBytes: blob.sizeBytes,
          read: (start, end) => blob.read(start, end),
        })),
      );
      return { manifest: manifestOf(named), facts };
    } finally {
      await Promise.all(open.map((blob) => blob.close()));
    }
  }

  private async open({ path, sha256, sizeBytes }: NamedFile): Promise<OpenBlob> {
    const blob = await this.blobs.open(sha256).catch((error: unknown) => {
      throw error instanceof BlobNotFound ? fileNotFound(path) : error;
    });
    try {
      if (String(blob.sizeBytes) !== sizeBytes) throw fileSizeDiffers(path, sizeBytes, blob.sizeBytes);
      await blob.verify();
      return blob;
    } catch (error) {
      await blob.close();
      throw error instanceof BlobCorrupt ? fileDamaged(path, error) : error;
    }
  }
}

/** Sorted by path in code units, as manifests are. */
function manifestOf(named: readonly NamedFile[]): Manifest {
  const files = named
    .map(({ path, sha256, sizeBytes }) => ({ path, sha256, sizeBytes }))
    .sort((a, b) => (a.path < b.path ? -1 : 1));
  return { files, sha256: manifestDigest(files) };
}
