import { manifestDigest } from '@aimass/platform-blobs';
import type { BlobStore } from '@aimass/platform-blobs';
import type { ModelFiles } from '../engines/engine.js';
import { manifestBroken, modelTooLarge } from './models.errors.js';
import type { Manifest } from './version-spec.js';

/**
 * Reads a version's files. The manifest's own digest, each file's digest (by the blob store) and size are verified, so
 * that what is served is what was registered. Throws DomainErrors for a broken or too large manifest, and the blob
 * store's errors.
 */
export async function readModelFiles(
  blobs: BlobStore,
  manifest: Manifest,
  limitBytes: number,
): Promise<ModelFiles> {
  if (manifestDigest(manifest.files) !== manifest.sha256) {
    throw manifestBroken('its digest does not fit its files');
  }
  const sizeBytes = manifest.files.reduce((sum, file) => sum + file.sizeBytes, 0);
  if (sizeBytes > limitBytes) throw modelTooLarge(sizeBytes, limitBytes);
  const files = new Map<string, Buffer>();
  for (const file of manifest.files) {
    const content = await blobs.read(file.sha256);
    if (content.length !== file.sizeBytes) {
      throw manifestBroken(`${file.path} has ${content.length} bytes instead of ${file.sizeBytes}`);
    }
    files.set(file.path, content);
  }
  return files;
}
